"""What all controllers that own other objects share: who belongs to whom, how pods are, how to write safely."""
