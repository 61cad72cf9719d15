"""The node agent: pods bound to a node become running containers with volumes, network and probes."""
