"""Keeps in each quota's status how much is used of it."""
