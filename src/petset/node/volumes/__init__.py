"""The volumes of pods: what should be in them (pure), and the files that make it so."""
