"""Ingresses, their classes and NetworkPolicies: each rule that one may break, in Kubernetes' words."""

from typing import Any

import pytest
from api import faults
from api.documents import METADATA, changed, kind, stored

INGRESS, CLASS = kind("Ingress", "networking.k8s.io/v1"), kind("IngressClass", "networking.k8s.io/v1")
POLICY = kind("NetworkPolicy", "networking.k8s.io/v1")
WILD = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', "
    r"regex used for validation is '\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
RULES, PATH, BACKEND = "spec.rules[0]", "spec.rules[0].http.paths[0]", "spec__rules__0__http__paths__0__backend"
NOT_DNS = "a lowercase RFC 1123 subdomain must consist of"


def ingress(**changes: Any) -> Any:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    document = {"metadata": METADATA, "spec": {"rules": [{"host": "a.example", "http": {"paths": paths}}]}}
    return stored(INGRESS, changed(document, **changes))


def first_path(**more: Any) -> dict[str, Any]:
    return {f"spec__rules__0__http__paths__0__{name}": value for name, value in more.items()}


INGRESSES: list[tuple[dict[str, Any], str]] = [
    ({"spec__rules": []}, "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"),
    (
        {"spec__defaultBackend": {}},
        'spec.defaultBackend: Invalid value: "": resource or service backend is required',
    ),
    (
        {"spec__rules__0__host": "10.0.0.1"},
        f'{RULES}.host: Invalid value: "10.0.0.1": must be a DNS name, not an IP',
    ),
    ({"spec__rules__0__host": "A"}, f'{RULES}.host: Invalid value: "A": {NOT_DNS}'),
    ({"spec__rules__0__host": "*"}, f'{RULES}.host: Invalid value: "*": {WILD}'),
    ({"spec__rules__0__host": "a.*.example"}, f'{RULES}.host: Invalid value: "a.*.example": {WILD}'),
    ({"spec__rules__0__http__paths": []}, f"{RULES}.http.paths: Required value"),
    (first_path(pathType=""), f"{PATH}.pathType: Required value: pathType must be specified"),
    (
        first_path(pathType="Best"),
        f'{PATH}.pathType: Unsupported value: "Best": supported values: "Exact", "ImplementationSpecific", ',
    ),
    (first_path(path="a"), f'{PATH}.path: Invalid value: "a": must be an absolute path'),
    (first_path(path=""), f'{PATH}.path: Invalid value: "": must be an absolute path'),
    (
        first_path(path="a", pathType="ImplementationSpecific"),
        f'{PATH}.path: Invalid value: "a": must be an absolute path',
    ),
    (first_path(path="/a//b"), f"{PATH}.path: Invalid value: \"/a//b\": must not contain '//'"),
    (first_path(path="/a%2Fb"), f"{PATH}.path: Invalid value: \"/a%2Fb\": must not contain '%2F'"),
    (first_path(path="/a/.."), f"{PATH}.path: Invalid value: \"/a/..\": cannot end with '/..'"),
    (first_path(backend={}), f'{PATH}.backend: Invalid value: "": resource or service backend is required'),
    (
        {f"{BACKEND}__resource": {"kind": "a", "name": "b"}},
        f'{PATH}.backend: Invalid value: "": cannot set both resource and service backends',
    ),
    (first_path(backend={"resource": {"kind": "", "name": "b"}}), f"{PATH}.backend.resource.kind: Required value"),
    (
        first_path(backend={"resource": {"apiGroup": "A", "kind": "a", "name": "b"}}),
        f'{PATH}.backend.resource.apiGroup: Invalid value: "A": {NOT_DNS}',
    ),
    ({f"{BACKEND}__service__name": ""}, f"{PATH}.backend.service.name: Required value"),
    (
        {f"{BACKEND}__service__name": "a.b"},
        f'{PATH}.backend.service.name: Invalid value: "a.b": a lowercase RFC 1123',
    ),
    ({f"{BACKEND}__service__port": {}}, f"{PATH}.backend: Required value: port name or number is required"),
    (
        {f"{BACKEND}__service__port__name": "http"},
        f'{PATH}.backend: Invalid value: "": cannot set both port name & port number',
    ),
    (
        {f"{BACKEND}__service__port": {"number": 70000}},
        f"{PATH}.backend.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive",
    ),
    (
        {f"{BACKEND}__service__port": {"name": "-"}},
        f'{PATH}.backend.service.port.name: Invalid value: "-": must contain at least one letter (a-z)',
    ),
    ({"spec__tls": [{"hosts": ["A"]}]}, f'spec.tls[0].hosts[0]: Invalid value: "A": {NOT_DNS}'),
    ({"spec__tls": [{"hosts": ["*a"]}]}, f'spec.tls[0].hosts[0]: Invalid value: "*a": {WILD}'),
    ({"spec__tls": [{"secretName": "A"}]}, f'spec.tls[0].secretName: Invalid value: "A": {NOT_DNS}'),
    ({"spec__ingressClassName": "A"}, f'spec.ingressClassName: Invalid value: "A": {NOT_DNS}'),
    (
        {
            "spec__ingressClassName": "a",
            "metadata": {**METADATA, "annotations": {"kubernetes.io/ingress.class": "b"}},
        },
        'annotations.kubernetes.io/ingress.class: Invalid value: "b": must match `ingressClassName` when both are',
    ),
]


@pytest.mark.parametrize(("changes", "said"), INGRESSES, ids=[said for _, said in INGRESSES])
def test_an_ingress_that_breaks_a_rule_is_told_so(changes: dict[str, Any], said: str) -> None:
    assert any(each.startswith(said) for each in faults.of_new(INGRESS, ingress(**changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"spec__rules__0__host": "*.a.example"},
        first_path(path="", pathType="ImplementationSpecific"),
        first_path(backend={"resource": {"apiGroup": "a.example", "kind": "Bucket", "name": "b"}}),
        {"spec__rules": [], "spec__defaultBackend": {"service": {"name": "0web", "port": {"name": "http"}}}},
        {
            "spec__tls": [{"hosts": ["*.a.example", "b.example"], "secretName": "s"}],
            "spec__ingressClassName": "a.b",
        },
        {"spec__rules": [{}]},
    ],
)
def test_an_ingress_that_looks_odd_and_is_right_passes(changes: dict[str, Any]) -> None:
    assert faults.of_new(INGRESS, ingress(**changes)) == []


def test_what_once_passed_in_an_ingress_may_stay_but_for_a_new_one() -> None:
    named = ingress(spec__tls=[{"secretName": "A"}])
    assert faults.of_update(INGRESS, named, named) == []
    assert faults.of_update(INGRESS, named, ingress()) != []
    wild = ingress(spec__rules__0__host="*.a.example", **first_path(path="a"))
    assert faults.of_update(INGRESS, wild, wild) == []
    assert faults.of_update(INGRESS, wild, ingress()) != []


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"ip": "here"}, '.ip: Invalid value: "here": must be a valid IP address'),
        ({"hostname": "A"}, f'.hostname: Invalid value: "A": {NOT_DNS}'),
        ({"hostname": "10.0.0.1"}, '.hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address'),
    ],
)
def test_where_an_ingress_takes_traffic_in(where: dict[str, str], said: str) -> None:
    new = ingress(status__loadBalancer={"ingress": [where]})
    (found,) = faults.of_update(INGRESS, new, ingress(), "status")
    assert found.startswith(f"status.loadBalancer.ingress[0]{said}")


def ingress_class(**changes: Any) -> Any:
    parameters = {"kind": "Settings", "name": "a", "scope": "Cluster"}
    document = {"metadata": {"name": "a"}, "spec": {"controller": "a.example/b", "parameters": parameters}}
    return stored(CLASS, changed(document, **changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"spec__controller": ""}, ["spec.controller: Required value"]),
        (
            {"spec__controller": "a"},
            ['spec.controller: Invalid value: "a": must be a domain-prefixed path (such as "acme.io/foo")'],
        ),
        (
            {"spec__controller": "a.example/ b"},
            [
                'spec.controller: Invalid value: " b": Invalid path '
                r"(regex used for validation is '[A-Za-z0-9/\-._~%!$&'()*+,;=:]+')"
            ],
        ),
        ({"spec__controller": f"a/{'b' * 249}"}, ["spec.controller: Too long: may not be more than 250 bytes"]),
        ({"spec__parameters__name": ""}, ["spec.parameters.name: Required value"]),
        (
            {"spec__parameters__scope": "All"},
            ['spec.parameters.scope: Unsupported value: "All": supported values: "Cluster", "Namespace"'],
        ),
        (
            {"spec__parameters__namespace": "a"},
            ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"],
        ),
        (
            {"spec__parameters__scope": "Namespace"},
            ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
        ),
        ({"spec__parameters": {"kind": "a", "name": "b"}}, []),
        ({}, []),
    ],
)
def test_an_ingress_class(changes: dict[str, Any], said: list[str]) -> None:
    assert faults.of_new(CLASS, ingress_class(**changes)) == said


def test_the_controller_of_a_class_stays() -> None:
    new = ingress_class(spec__controller="a.example/c")
    said = ['spec.controller: Invalid value: "a.example/c": field is immutable']
    assert faults.of_update(CLASS, new, ingress_class()) == said


def policy(**changes: Any) -> Any:
    block = {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}
    ingress = {"from": [{"ipBlock": block}], "ports": [{"port": 80, "endPort": 90}]}
    document = {"metadata": METADATA, "spec": {"podSelector": {}, "ingress": [ingress]}}
    return stored(POLICY, changed(document, **changes))


FROM, PORTS = "spec.ingress[0].from[0]", "spec.ingress[0].ports[0]"
BLOCK, PORT = "spec__ingress__0__from__0__ipBlock", "spec__ingress__0__ports__0"
SUBSET = "must be a strict subset of `cidr`"
POLICIES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"spec__ingress__0__from": [{}]}, [f"{FROM}: Required value: must specify a peer"]),
    (
        {"spec__ingress__0__from__0__podSelector": {}},
        [f"{FROM}: Forbidden: may not specify both ipBlock and another peer"],
    ),
    ({"spec__egress": [{"to": [{"podSelector": {}, "namespaceSelector": {}}]}]}, []),
    ({"spec__egress": [{"to": [{}]}]}, ["spec.egress[0].to[0]: Required value: must specify a peer"]),
    ({f"{BLOCK}__cidr": ""}, [f"{FROM}.ipBlock.cidr: Required value"]),
    (
        {f"{BLOCK}__cidr": "10.0.0.0"},
        [f'{FROM}.ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value, '
         "(e.g. 10.9.8.0/24 or 2001:db8::/64)"],
    ),
    (
        {f"{BLOCK}__except": ["11.0.0.0/16"]},
        [f'{FROM}.ipBlock.except[0]: Invalid value: "11.0.0.0/16": {SUBSET}'],
    ),
    (
        {f"{BLOCK}__except": ["10.0.0.0/8", "fd00::/16"]},
        [f'{FROM}.ipBlock.except[0]: Invalid value: "10.0.0.0/8": {SUBSET}',
         f'{FROM}.ipBlock.except[1]: Invalid value: "fd00::/16": {SUBSET}'],
    ),
    ({f"{PORT}__port": 0}, [f"{PORTS}.port: Invalid value: 0: must be between 1 and 65535, inclusive"]),
    (
        {f"{PORT}__endPort": 79},
        [f"{PORTS}.endPort: Invalid value: 79: must be greater than or equal to `port`"],
    ),
    (
        {f"{PORT}__port": "http"},
        [f"{PORTS}.endPort: Invalid value: 90: may not be specified when `port` is non-numeric"],
    ),
    (
        {PORT: {"endPort": 90}},
        [f"{PORTS}.endPort: Invalid value: 90: may not be specified when `port` is not specified"],
    ),
    (
        {f"{PORT}__protocol": "ICMP"},
        [f'{PORTS}.protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"'],
    ),
    (
        {"spec__policyTypes": ["Ingress", "Egress", "Ingress"]},
        ['spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: '
         "may not specify more than two policyTypes"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), POLICIES)
def test_a_network_policy(changes: dict[str, Any], said: list[str]) -> None:
    assert faults.of_new(POLICY, policy(**changes)) == said


def test_networks_that_a_policy_had_are_not_looked_at_again() -> None:
    odd = policy(**{f"{BLOCK}__cidr": "10.0.0.0"})
    assert faults.of_update(POLICY, odd, odd) == []
    assert faults.of_update(POLICY, odd, policy()) != []
