"""A whole control plane in one process, with a clock and faults that the test controls."""
