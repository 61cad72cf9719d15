"""What a change will cause, before it is made: the real control plane, run ahead in simulated time on a copy."""
