"""Nouns of the Kubernetes API and their pure rules: no I/O, no clock, no randomness."""
