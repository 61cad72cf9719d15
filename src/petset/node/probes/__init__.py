"""Probes: how results are counted (pure), how one check is made, and a task for each probe of a running container."""
