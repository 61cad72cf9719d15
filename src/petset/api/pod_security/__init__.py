"""Kubernetes' pod security standards: what pods may ask for, at three levels, by the labels of their namespace."""
