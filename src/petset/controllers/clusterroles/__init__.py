"""Fills cluster roles that gather the rules of others: `admin`, `edit`, `view`, and whoever says so."""
