"""Gives claims their volumes and takes them back: the claim binder and the directory provisioner."""
