"""What an APIService may say: which group and version, and where requests for them go."""

import base64

from petset.api import names
from petset.api.models import apiregistration_v1
from petset.api.validation.fields import Faults, quoted

APIService = apiregistration_v1.APIService
_HIGHEST_GROUP, _HIGHEST_VERSION = 20_000, 1_000
_STATUSES = ("True", "False", "Unknown")


def check_api_service(api_service: APIService, faults: Faults) -> None:
    """An APIService, new or changed."""
    spec = api_service.spec
    assert spec is not None, "stored form has a spec"
    group, version = spec.group or "", spec.version or ""
    _check_name((api_service.metadata.name if api_service.metadata else None) or "", f"{version}.{group}", faults)
    if not group and version != "v1":
        faults.required("spec.group", "only v1 may have an empty group and it better be legacy kube")
    if group:
        faults.each("spec.group", group, names.dns_subdomain(group))
    faults.each("spec.version", version, names.dns_1035_label(version))
    for name, most in (("groupPriorityMinimum", _HIGHEST_GROUP), ("versionPriority", _HIGHEST_VERSION)):
        if not 0 < getattr(spec, name) <= most:
            faults.invalid(f"spec.{name}", getattr(spec, name), f"must be positive and less than {most}")
    _check_way(spec, faults)


def _check_name(name: str, required: str, faults: Faults) -> None:
    if name and name != required and not names.path_segment(name):
        faults.invalid("metadata.name", name, f'must be `spec.version+"."+spec.group`: {quoted(required)}')


def _check_way(spec: apiregistration_v1.APIServiceSpec, faults: Faults) -> None:
    """Where requests go, and how whoever is there is known."""
    service = spec.service
    if service is None:
        if spec.caBundle:
            size = len(base64.b64decode(spec.caBundle))
            faults.invalid("spec.caBundle", f"{size} bytes", "local APIServices may not have a caBundle")
        if spec.insecureSkipTLSVerify:
            why = "local APIServices may not have insecureSkipTLSVerify"
            faults.invalid("spec.insecureSkipTLSVerify", True, why)
        return
    for name in ("namespace", "name"):
        if not getattr(service, name):
            faults.required(f"spec.service.{name}")
    if spec.insecureSkipTLSVerify and spec.caBundle:
        faults.invalid("spec.insecureSkipTLSVerify", True, "may not be true if caBundle is present")


def check_api_service_status(new: APIService, old: APIService, faults: Faults) -> None:
    """What is said of it."""
    for index, condition in enumerate((new.status.conditions if new.status else None) or ()):
        if condition.status not in _STATUSES:
            faults.not_supported(f"status.conditions[{index}].status", condition.status, _STATUSES)
