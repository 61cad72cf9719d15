"""Defaults of pods and pod templates.

A template gets what belongs to the specification; only a real Pod gets service links, requests copied from limits
and host ports, for those depend on when and where it runs.
"""

import re

from petset.api import amounts
from petset.api.defaults.volumes import default_volume_source
from petset.api.models import core_v1

_COMPUTE = ("cpu", "memory")
_HUGE_PAGES = "hugepages-"
_REFERENCE = re.compile(
    r"(?:(?:[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*(?::[0-9]+)?)/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?P<digest>@[A-Za-z][\w+.-]*:[0-9a-fA-F]{32,})?"
)


def default_pod(pod: core_v1.Pod) -> None:
    """A Pod of its own."""
    spec = pod.spec
    assert spec is not None, "stored form has a spec"
    default_pod_spec(spec)
    if spec.enableServiceLinks is None:
        spec.enableServiceLinks = True
    for container in (*spec.containers, *(spec.initContainers or ())):
        if container.resources is not None:
            _requests_from_limits(container.resources)
        if spec.hostNetwork:
            for port in container.ports or ():
                port.hostPort = port.hostPort or port.containerPort
    if spec.resources is not None:
        _pod_amounts(pod, spec.resources)


def default_pod_spec(spec: core_v1.PodSpec) -> None:
    """What a Pod and a template share (rule 7)."""
    spec.dnsPolicy = spec.dnsPolicy or "ClusterFirst"
    spec.restartPolicy = spec.restartPolicy or "Always"
    spec.schedulerName = spec.schedulerName or "default-scheduler"
    if spec.securityContext is None:
        spec.securityContext = core_v1.PodSecurityContext()
    if spec.terminationGracePeriodSeconds is None:
        spec.terminationGracePeriodSeconds = 30
    # Two names of one field: the old one always shows what the new one says.
    spec.serviceAccountName = spec.serviceAccountName or spec.serviceAccount
    spec.serviceAccount = spec.serviceAccountName
    for volume in spec.volumes or ():
        default_volume_source(volume)
    for container in (*spec.containers, *(spec.initContainers or ()), *(spec.ephemeralContainers or ())):
        _default_container(container)


def _default_container(container: core_v1.Container | core_v1.EphemeralContainer) -> None:
    container.imagePullPolicy = container.imagePullPolicy or pull_policy(container.image or "")
    container.terminationMessagePath = container.terminationMessagePath or "/dev/termination-log"
    container.terminationMessagePolicy = container.terminationMessagePolicy or "File"
    for port in container.ports or ():
        port.protocol = port.protocol or "TCP"
    for variable in container.env or ():
        if variable.valueFrom is not None:
            _default_source(variable.valueFrom)
    for probe in (container.livenessProbe, container.readinessProbe, container.startupProbe):
        if probe is not None:
            _default_probe(probe)
    if container.lifecycle is not None:
        for handler in (container.lifecycle.postStart, container.lifecycle.preStop):
            if handler is not None and handler.httpGet is not None:
                _default_http_get(handler.httpGet)


def pull_policy(image: str) -> str:
    """Always for `latest`, said or meant; IfNotPresent for a tag, a digest, or a name that cannot be read."""
    reference = _REFERENCE.fullmatch(image)
    if reference is None:
        return "IfNotPresent"
    tag = reference["tag"] or ("" if reference["digest"] else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"


def _default_source(source: core_v1.EnvVarSource) -> None:
    if source.fieldRef is not None:
        source.fieldRef.apiVersion = source.fieldRef.apiVersion or "v1"
    if source.fileKeyRef is not None and source.fileKeyRef.optional is None:
        source.fileKeyRef.optional = False


def _default_probe(probe: core_v1.Probe) -> None:
    probe.timeoutSeconds = probe.timeoutSeconds or 1
    probe.periodSeconds = probe.periodSeconds or 10
    probe.successThreshold = probe.successThreshold or 1
    probe.failureThreshold = probe.failureThreshold or 3
    if probe.httpGet is not None:
        _default_http_get(probe.httpGet)
    if probe.grpc is not None and probe.grpc.service is None:
        probe.grpc.service = ""


def _default_http_get(action: core_v1.HTTPGetAction) -> None:
    action.path = action.path or "/"
    action.scheme = action.scheme or "HTTP"


def _requests_from_limits(resources: core_v1.ResourceRequirements) -> None:
    """Whoever limits a resource and asks for none of it asks for the limit."""
    if resources.limits:
        resources.requests = {**resources.limits, **(resources.requests or {})}


def _pod_amounts(pod: core_v1.Pod, own: core_v1.ResourceRequirements) -> None:
    """Requests and limits of the pod as a whole that follow from its containers'.

    Huge pages are limited to what its containers are. Who limits the pod requests what its containers do together,
    else the limit; who only requests something limits what every one of its containers limits.
    """
    assert pod.spec is not None
    together = amounts.of_pod(pod, lambda c: amounts.parsed(c.resources.limits if c.resources else None))
    if own.requests or own.limits:
        pages = {name: str(amount) for name, amount in together.items() if name.startswith(_HUGE_PAGES)}
        asked = own.requests or {}
        own.limits = {**{n: a for n, a in pages.items() if n not in asked}, **(own.limits or {})} or None
    if own.limits:
        _pod_requests(pod, own, own.limits)
    elif own.requests:
        containers = (*pod.spec.containers, *(pod.spec.initContainers or ()))
        limited = [c.resources.limits or {} if c.resources else {} for c in containers]
        of_all = {
            name: str(amount)
            for name, amount in together.items()
            if name in _COMPUTE and all(name in each for each in limited)
        }
        own.limits = of_all or None


def _pod_requests(pod: core_v1.Pod, own: core_v1.ResourceRequirements, limits: dict[str, str]) -> None:
    together = amounts.of_pod(pod, lambda c: amounts.parsed(c.resources.requests if c.resources else None))
    own.requests = {
        **{name: limit for name, limit in limits.items() if name in _COMPUTE or name.startswith(_HUGE_PAGES)},
        **{name: str(amount) for name, amount in together.items() if name in _COMPUTE},
        **(own.requests or {}),
    }
