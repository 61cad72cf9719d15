"""Admission policies: what the cluster's owners let in or add, said in expressions and tried by the server."""
