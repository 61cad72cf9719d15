"""Removes what nothing owns any more, and carries out how a deletion is to treat the dependents."""
