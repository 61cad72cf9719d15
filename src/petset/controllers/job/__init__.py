"""Jobs: pods that run to their end, as many times as asked for."""
