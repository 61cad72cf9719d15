"""Clears events away an hour after they were last written, as Kubernetes' API server does."""
