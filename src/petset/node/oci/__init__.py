"""Real containers: runc or crun under conmon, a bridge, overlay root file systems. `OciRuntime` keeps the port."""
