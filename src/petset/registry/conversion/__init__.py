"""Versions that only a definition's own webhook can tell one from another: it is asked, and held to account."""
