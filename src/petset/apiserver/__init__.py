"""The Kubernetes HTTP API over the registry: routing, negotiation, authentication, streams."""
