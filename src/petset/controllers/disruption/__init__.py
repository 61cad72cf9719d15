"""Keeps the status of PodDisruptionBudgets, and takes back announcements of disruptions that never came."""
