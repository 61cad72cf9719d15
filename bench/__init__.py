"""Measurements: `python -m bench` prints the table that the README quotes. Never a test: machines are noisy."""
