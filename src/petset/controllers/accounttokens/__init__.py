"""Fills Secrets that ask for a service account's token, and removes them with their account."""
