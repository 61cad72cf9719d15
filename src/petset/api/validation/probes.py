"""What is done to a container while it runs: probes, and what happens after its start and before its stop."""

import re
from typing import Any

from petset.api import names
from petset.api.models import core_v1
from petset.api.validation.fields import Faults

_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HEADER = re.compile("[-A-Za-z0-9]+")
_BAD_HEADER = (
    "a valid HTTP header must consist of alphanumeric characters or '-' "
    "(e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"
)
_SIGNAL = "stopSignal"


def check_lifecycle_and_probes(
    path: str, container: core_v1.Container, grace_seconds: int | None, faults: Faults
) -> None:
    """All that a container which stays may have; `grace_seconds` is the time that its pod has to stop."""
    if container.lifecycle is not None:
        for name in ("postStart", "preStop"):
            handler = getattr(container.lifecycle, name)
            if handler is not None:
                _check_handler(f"{path}.lifecycle.{name}", handler, grace_seconds, faults)
    for name in PROBES:
        probe = getattr(container, name)
        if probe is not None:
            _check_probe(path, name, probe, grace_seconds, faults)


def _check_probe(path: str, name: str, probe: core_v1.Probe, grace_seconds: int | None, faults: Faults) -> None:
    here = f"{path}.{name}"
    _check_handler(here, probe, grace_seconds, faults)
    for number in _NUMBERS:
        faults.at_least_zero(f"{here}.{number}", getattr(probe, number))
    seconds = probe.terminationGracePeriodSeconds
    if seconds is not None and seconds <= 0:
        faults.invalid(f"{here}.terminationGracePeriodSeconds", seconds, "must be greater than 0")
    if name == "readinessProbe":
        if seconds is not None:
            what = "must not be set for readinessProbes"
            faults.invalid(f"{here}.terminationGracePeriodSeconds", seconds, what)
    elif probe.successThreshold != 1:
        faults.invalid(f"{here}.successThreshold", probe.successThreshold or 0, "must be 1")


def _check_handler(path: str, handler: Any, grace_seconds: int | None, faults: Faults) -> None:
    """Exactly one way to act, and that one complete."""
    given = [name for name in _HANDLERS if getattr(handler, name, None) is not None]
    if given:
        _check_action(f"{path}.{given[0]}", given[0], getattr(handler, given[0]), grace_seconds, faults)
    else:
        faults.required(path, "must specify a handler type")
    for name in given[1:]:
        faults.forbidden(f"{path}.{name}", "may not specify more than 1 handler type")


def _check_action(path: str, name: str, action: Any, grace_seconds: int | None, faults: Faults) -> None:
    if name == "exec":
        if not action.command:
            faults.required(f"{path}.command")
    elif name == "httpGet":
        _check_http(path, action, faults)
    elif name == "sleep":
        if grace_seconds is not None and not 0 <= action.seconds <= grace_seconds:
            what = f"must be non-negative and less than terminationGracePeriodSeconds ({grace_seconds})"
            faults.invalid(path, action.seconds, what)
    else:
        check_port(f"{path}.port", action.port, faults)


def _check_http(path: str, action: core_v1.HTTPGetAction, faults: Faults) -> None:
    if not action.path:
        faults.required(f"{path}.path")
    check_port(f"{path}.port", action.port, faults)
    if action.scheme not in ("HTTP", "HTTPS"):
        faults.not_supported(f"{path}.scheme", action.scheme or "", ("HTTP", "HTTPS"))
    for header in action.httpHeaders or ():
        if not _HEADER.fullmatch(header.name):
            faults.invalid(f"{path}.httpHeaders", header.name, _BAD_HEADER)


def check_port(path: str, port: int | str, faults: Faults) -> None:
    """A port by number or by name."""
    faults.each(path, port, names.port_number(port) if isinstance(port, int) else names.port_name(port))
