"""Says which pods stand behind each Service: EndpointSlices, and Endpoints for older clients."""
