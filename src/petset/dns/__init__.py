"""Service and pod names: objects to a zone (pure), and the server that answers from it."""
