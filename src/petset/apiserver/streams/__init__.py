"""What goes on while a connection is open: a pod's log, and a command inside a container."""
