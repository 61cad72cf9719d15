"""Gives CustomResourceDefinitions their names, and takes their objects with them when they go."""
