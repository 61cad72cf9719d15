"""The `petset` command: verbs, progress and tables. Decides nothing."""
