"""Tells in the status of ValidatingAdmissionPolicies which fields they misspell."""
