"""The Kubernetes HTTP API over the registry: routing, negotiation, access, discovery, tables, streams."""
