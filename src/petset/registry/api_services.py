"""Whether requests for a group and version get anywhere: what the server says in an APIService's status.

What is served here is always available. Requests are led to no other API server, and an APIService that names a
Service says so as soon as it is made, so that nobody waits for what will not come.
"""

from datetime import datetime

from petset.api.models import apiregistration_v1

APIService = apiregistration_v1.APIService
AVAILABLE = "Available"


def status_of(api_service: APIService, now: datetime) -> apiregistration_v1.APIServiceStatus:
    """The status of an APIService with this spec."""
    service = api_service.spec.service if api_service.spec else None
    if service is None:
        status, reason, message = "True", "Local", "Local APIServices are always available"
    else:
        status, reason = "False", "NotAggregated"
        message = (
            f'requests are led to no other API server: service/{service.name} in "{service.namespace}" is not asked'
        )
    condition = apiregistration_v1.APIServiceCondition(
        type=AVAILABLE, status=status, reason=reason, message=message, lastTransitionTime=now
    )
    return apiregistration_v1.APIServiceStatus(conditions=[condition])


def moved(new: APIService, old: APIService) -> bool:
    """Whether requests go elsewhere now."""
    return (new.spec and new.spec.service) != (old.spec and old.spec.service)
