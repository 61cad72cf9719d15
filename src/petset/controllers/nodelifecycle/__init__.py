"""Notices nodes that have gone silent, says so, and moves their pods on after the time that each tolerates."""
