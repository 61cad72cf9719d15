"""Admission webhooks: servers outside that are asked about writes, and may change or refuse them."""
