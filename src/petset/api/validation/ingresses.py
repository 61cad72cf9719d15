"""What leads traffic into the cluster: Ingresses and their classes."""

import re
from collections.abc import Iterator

from petset.api import names
from petset.api.models import core_v1, networking_v1
from petset.api.objects import meta
from petset.api.validation.addresses import check_address, is_address
from petset.api.validation.fields import AsWritten, Faults
from petset.api.validation.references import check_kind_and_name

_PATH_TYPES, _SCOPES = ("Exact", "ImplementationSpecific", "Prefix"), ("Cluster", "Namespace")
_NOT_IN_PATHS, _NOT_ENDING_PATHS = ("//", "/./", "/../", "%2f", "%2F"), ("/..", "/.")
_CLASS = "kubernetes.io/ingress.class"
_LONGEST_CONTROLLER_BYTES = 250
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
_http_path = re.compile(_HTTP_PATH)
_NO_ADDRESS = "must be a DNS name, not an IP address"


def check_ingress(ingress: networking_v1.Ingress, faults: Faults) -> None:
    """A new Ingress."""
    _check_ingress(ingress, None, faults)
    wanted, said = (meta(ingress).annotations or {}).get(_CLASS), ingress.spec and ingress.spec.ingressClassName
    if wanted is not None and said is not None and wanted != said:
        why = "must match `ingressClassName` when both are specified"
        faults.invalid(f"annotations.{_CLASS}", wanted, why)


def check_ingress_update(new: networking_v1.Ingress, old: networking_v1.Ingress, faults: Faults) -> None:
    """A changed one; what was wrong with the old one in ways that once passed may stay so."""
    _check_ingress(new, old, faults)


def check_ingress_status(new: networking_v1.Ingress, old: networking_v1.Ingress, faults: Faults) -> None:
    """Where the traffic comes in."""
    balancer = new.status.loadBalancer if new.status else None
    for index, ingress in enumerate((balancer.ingress if balancer else None) or ()):
        here = f"status.loadBalancer.ingress[{index}]"
        if ingress.ip:
            check_address(f"{here}.ip", ingress.ip, faults)
        if ingress.hostname:
            faults.each(f"{here}.hostname", ingress.hostname, names.dns_subdomain(ingress.hostname))
            if is_address(ingress.hostname):
                faults.invalid(f"{here}.hostname", ingress.hostname, _NO_ADDRESS)


def _check_ingress(ingress: networking_v1.Ingress, old: networking_v1.Ingress | None, faults: Faults) -> None:
    """Somewhere to lead to, hosts and paths that can be, and certificates to show for them."""
    spec = ingress.spec or networking_v1.IngressSpec()
    if not spec.rules and spec.defaultBackend is None:
        faults.invalid("spec", AsWritten(None), "either `defaultBackend` or `rules` must be specified")
    if spec.defaultBackend is not None:
        _check_backend("spec.defaultBackend", spec.defaultBackend, faults)
    lenient = old is not None and _has_odd_wildcard(old)
    for index, rule in enumerate(spec.rules or ()):
        _check_rule(f"spec.rules[{index}]", rule, faults, lenient=lenient)
    keeps_names = old is not None and any(names.dns_subdomain(each) for each in _secrets(old))
    for index, certificate in enumerate(spec.tls or ()):
        here = f"spec.tls[{index}]"
        for number, host in enumerate(certificate.hosts or ()):
            faults.each(f"{here}.hosts[{number}]", host, _host_faults(host))
        if certificate.secretName and not keeps_names:
            faults.each(f"{here}.secretName", certificate.secretName, names.dns_subdomain(certificate.secretName))
    if spec.ingressClassName is not None:
        faults.each("spec.ingressClassName", spec.ingressClassName, names.dns_subdomain(spec.ingressClassName))


def _secrets(ingress: networking_v1.Ingress) -> Iterator[str]:
    for certificate in (ingress.spec.tls if ingress.spec else None) or ():
        if certificate.secretName:
            yield certificate.secretName


def _has_odd_wildcard(ingress: networking_v1.Ingress) -> bool:
    """Whether something is wrong with what stands behind a host with a `*`, which nobody once looked at."""
    for rule in (ingress.spec.rules if ingress.spec else None) or ():
        found = Faults()
        if "*" in (rule.host or ""):
            _check_paths("", rule, found)
        if found.causes:
            return True
    return False


def _host_faults(host: str) -> list[str]:
    return names.dns_wildcard(host) if "*" in host else names.dns_subdomain(host)


def _check_rule(path: str, rule: networking_v1.IngressRule, faults: Faults, *, lenient: bool) -> None:
    host = rule.host or ""
    if host and is_address(host):
        faults.invalid(f"{path}.host", host, _NO_ADDRESS)
    if host:
        faults.each(f"{path}.host", host, _host_faults(host))
    if "*" not in host or not lenient:
        _check_paths(path, rule, faults)


def _check_paths(path: str, rule: networking_v1.IngressRule, faults: Faults) -> None:
    if rule.http is None:
        return
    if not rule.http.paths:
        faults.required(f"{path}.http.paths")
    for index, each in enumerate(rule.http.paths):
        _check_path(f"{path}.http.paths[{index}]", each, faults)


def _check_path(path: str, given: networking_v1.HTTPIngressPath, faults: Faults) -> None:
    text = given.path or ""
    if not given.pathType:
        faults.required(f"{path}.pathType", "pathType must be specified")
        return
    if given.pathType not in _PATH_TYPES:
        faults.not_supported(f"{path}.pathType", given.pathType, _PATH_TYPES)
    elif not text.startswith("/") and (text or given.pathType != "ImplementationSpecific"):
        faults.invalid(f"{path}.path", text, "must be an absolute path")
    if given.pathType in ("Exact", "Prefix"):
        for odd in _NOT_IN_PATHS:
            if odd in text:
                faults.invalid(f"{path}.path", text, f"must not contain '{odd}'")
        for odd in _NOT_ENDING_PATHS:
            if text.endswith(odd):
                faults.invalid(f"{path}.path", text, f"cannot end with '{odd}'")
    _check_backend(f"{path}.backend", given.backend, faults)


def _check_backend(path: str, backend: networking_v1.IngressBackend, faults: Faults) -> None:
    """A Service with its port, or any other object."""
    service, resource = backend.service, backend.resource
    if resource is not None and service is not None:
        faults.invalid(path, "", "cannot set both resource and service backends")
    elif resource is not None:
        _check_reference(f"{path}.resource", resource, faults)
    elif service is None:
        faults.invalid(path, "", "resource or service backend is required")
    else:
        if service.name:
            faults.each(f"{path}.service.name", service.name, names.dns_label(service.name))
        else:
            faults.required(f"{path}.service.name")
        _check_service_port(path, service.port or networking_v1.ServiceBackendPort(), faults)


def _check_service_port(path: str, port: networking_v1.ServiceBackendPort, faults: Faults) -> None:
    if port.name and port.number:
        faults.invalid(path, "", "cannot set both port name & port number")
    elif port.name:
        faults.each(f"{path}.service.port.name", port.name, names.port_name(port.name))
    elif port.number:
        faults.each(f"{path}.service.port.number", port.number, names.port_number(port.number))
    else:
        faults.required(path, "port name or number is required")


Reference = core_v1.TypedLocalObjectReference | networking_v1.IngressClassParametersReference


def _check_reference(path: str, reference: Reference, faults: Faults) -> None:
    if reference.apiGroup is not None:
        faults.each(f"{path}.apiGroup", reference.apiGroup, names.dns_subdomain(reference.apiGroup))
    check_kind_and_name(path, reference, faults)


def check_ingress_class(ingress_class: networking_v1.IngressClass, faults: Faults) -> None:
    """Who leads the traffic, and with which parameters."""
    spec = ingress_class.spec or networking_v1.IngressClassSpec()
    _check_controller("spec.controller", spec.controller or "", faults)
    parameters = spec.parameters
    if parameters is None:
        return
    here = "spec.parameters"
    _check_reference(here, parameters, faults)
    scope, namespace = parameters.scope or "", parameters.namespace
    if scope not in _SCOPES:
        faults.not_supported(f"{here}.scope", scope, _SCOPES)
    elif scope == "Cluster" and namespace is not None:
        faults.forbidden(f"{here}.namespace", "`parameters.scope` is set to 'Cluster'")
    elif scope == "Namespace" and namespace is None:
        faults.required(f"{here}.namespace", "`parameters.scope` is set to 'Namespace'")
    elif namespace is not None:
        faults.each(f"{here}.namespace", namespace, names.dns_label(namespace))


def check_ingress_class_update(
    new: networking_v1.IngressClass, old: networking_v1.IngressClass, faults: Faults
) -> None:
    """Ingresses rely on who leads their traffic."""
    before, after = (each.spec.controller if each.spec else None for each in (old, new))
    faults.unchanged("spec.controller", after, before)
    check_ingress_class(new, faults)


def _check_controller(path: str, controller: str, faults: Faults) -> None:
    """A path below a domain: who it is, in a name that nobody else has."""
    if not controller:
        faults.required(path)
        return
    if len(controller.encode()) > _LONGEST_CONTROLLER_BYTES:
        faults.too_long(path, _LONGEST_CONTROLLER_BYTES)
    domain, _, rest = controller.partition("/")
    if not domain or not rest:
        faults.invalid(path, controller, 'must be a domain-prefixed path (such as "acme.io/foo")')
        return
    faults.each(path, domain, names.dns_subdomain(domain))
    if not _http_path.fullmatch(rest):
        faults.invalid(path, rest, f"Invalid path (regex used for validation is '{_HTTP_PATH}')")
