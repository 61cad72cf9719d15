"""Manifests as kubectl reads them: files, directories and standard input to a list of objects."""
