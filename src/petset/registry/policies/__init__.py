"""Validating admission policies: what the cluster's owners let in, said in expressions and tried by the server."""
