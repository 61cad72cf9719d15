"""Composition roots: the only place where clocks, random sources and ids are made."""
