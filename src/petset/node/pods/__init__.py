"""The pod worker: what a node does for one pod, decided purely and acted on one step at a time."""
