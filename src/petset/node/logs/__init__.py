"""Container logs in the format of the container runtime interface: how lines are read, and how files are."""
