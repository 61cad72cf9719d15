"""What a CustomResourceDefinition leaves out: the names that follow from its kind, and how versions convert.

And the one thing that an APIService may leave out.
"""

from petset.api.models import apiextensions_v1, apiregistration_v1

HTTPS = 443


def default_definition(definition: apiextensions_v1.CustomResourceDefinition) -> None:
    """Fill in the defaults of a definition, in place."""
    spec = definition.spec
    names = spec.names
    names.singular = names.singular or names.kind.lower()
    if not names.listKind and names.kind:
        names.listKind = f"{names.kind}List"
    conversion = spec.conversion
    if conversion is None:
        spec.conversion = apiextensions_v1.CustomResourceConversion(strategy="None")
    elif conversion.webhook is not None and conversion.webhook.clientConfig is not None:
        service = conversion.webhook.clientConfig.service
        if service is not None and service.port is None:
            service.port = HTTPS


def default_api_service(api_service: apiregistration_v1.APIService) -> None:
    """Another API server listens where TLS does."""
    service = api_service.spec.service if api_service.spec else None
    if service is not None and service.port is None:
        service.port = HTTPS
