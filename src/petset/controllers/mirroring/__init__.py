"""Shows in EndpointSlices what users write into the Endpoints of Services without a selector."""
