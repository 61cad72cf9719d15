"""Probes: how results are counted (pure), how a check is made, and a task for each probe that runs."""
