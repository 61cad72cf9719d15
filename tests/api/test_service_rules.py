"""Services: each rule that one may break when it is made, changed, or told where its load balancer is."""

from typing import Any

import pytest
from api import faults
from api.documents import METADATA, SERVICE, changed, stored

ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
BALANCED = {"spec__type": "LoadBalancer"}
ONLY_BALANCED = "may only be used when `type` is 'LoadBalancer'"
HINTS, MODE = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"


def service(**changes: Any) -> Any:
    """A Service as it is checked, with its addresses given out."""
    document = {"metadata": METADATA, "spec": {"ports": [{"port": 80}], "clusterIP": "10.96.0.9"}}
    return stored(SERVICE, changed(document, **changes))


def ports(*numbers: dict[str, Any]) -> dict[str, Any]:
    return {"spec__ports": [{"name": f"p{index}", **each} for index, each in enumerate(numbers)]}


NEW: list[tuple[dict[str, Any], str]] = [
    ({"spec__ports": []}, "spec.ports: Required value"),
    (
        {"spec__type": "NodePort", "spec__clusterIP": "None"},
        "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services",
    ),
    (
        {"spec__type": "ExternalName", "spec__externalName": "a.example", "spec__clusterIPs": ["10.96.0.9"]},
        "spec.clusterIPs: Forbidden: may not be set for ExternalName services",
    ),
    (
        {"spec__type": "ExternalName", "spec__externalName": "a.example", "spec__ipFamilies": ["IPv4"]},
        "spec.ipFamilies: Forbidden: may not be set for ExternalName services",
    ),
    (ports({"port": 80, "nodePort": 30080}), "spec.ports[0].nodePort: Forbidden: "
     "may not be used when `type` is 'ClusterIP'"),
    ({"spec__type": "NodePort", **ports({"port": 80, "nodePort": 30080}, {"port": 81, "nodePort": 30080})},
     "spec.ports[1].nodePort: Duplicate value: 30080"),
    (ports({"port": 80}, {"port": 80}), 'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP",'
     '"AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}'),
    (ports({"port": 80, "appProtocol": "a/b/c"}), "spec.ports[0].appProtocol: "),
    ({"spec__sessionAffinity": "ClientIP", "spec__sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 0}}},
     "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: "
     "must be greater than 0 and less than 86400"),
    ({"spec__externalIPs": ["127.0.0.1"]}, 'spec.externalIPs[0]: Invalid value: "127.0.0.1": '
     "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
    ({"spec__externalIPs": ["here"]}, f'spec.externalIPs[0]: Invalid value: "here": {ADDRESS}'),
    ({"spec__clusterIP": "here"}, f'spec.clusterIPs[0]: Invalid value: "here": {ADDRESS}'),
    ({"spec__clusterIPs": ["10.96.0.8"]},
     'spec.clusterIPs: Invalid value: ["10.96.0.8"]: first value must match `clusterIP`'),
    ({"spec__clusterIPs": ["10.96.0.9", "10.96.0.8"]},
     'spec.clusterIPs: Invalid value: ["10.96.0.9","10.96.0.8"]: '
     "may specify no more than one IP for each IP family"),
    ({"spec__ipFamilies": ["IPv6"]}, 'spec.clusterIPs[0]: Invalid value: "10.96.0.9": '
     "expected an IPv6 value as indicated by `ipFamilies[0]`"),
    ({"spec__ipFamilies": ["IPv5"]}, 'spec.ipFamilies[0]: Unsupported value: "IPv5": '
     'supported values: "IPv4", "IPv6"'),
    ({"spec__ipFamilyPolicy": "Any"}, 'spec.ipFamilyPolicy: Unsupported value: "Any": '
     'supported values: "PreferDualStack", "RequireDualStack", "SingleStack"'),
    ({"spec__loadBalancerSourceRanges": ["10.0.0.0/8"]},
     f"spec.LoadBalancerSourceRanges: Forbidden: {ONLY_BALANCED}"),
    ({**BALANCED, "spec__loadBalancerSourceRanges": ["ten"]},
     'spec.LoadBalancerSourceRanges[0]: Invalid value: "ten": '
     "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
    ({**BALANCED, "metadata__annotations": {RANGES: "10.0.0.0/8,ten"}},
     f'metadata.annotations[{RANGES}]: Invalid value: "ten": '
     "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
    ({"spec__allocateLoadBalancerNodePorts": False},
     f"spec.allocateLoadBalancerNodePorts: Forbidden: {ONLY_BALANCED}"),
    ({"spec__loadBalancerClass": "a/b"}, f"spec.loadBalancerClass: Forbidden: {ONLY_BALANCED}"),
    ({"spec__externalTrafficPolicy": "Local"}, 'spec.externalTrafficPolicy: Invalid value: "Local": '
     "may only be set for externally-accessible services"),
    ({"spec__type": "NodePort", "spec__externalTrafficPolicy": "Near"},
     'spec.externalTrafficPolicy: Unsupported value: "Near": supported values: "Cluster", "Local"'),
    ({"spec__healthCheckNodePort": 30000}, "spec.healthCheckNodePort: Invalid value: 30000: may only be set when "
     "`type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"),
    ({"spec__internalTrafficPolicy": "Near"}, 'spec.internalTrafficPolicy: Unsupported value: "Near": '
     'supported values: "Cluster", "Local"'),
    ({"spec__trafficDistribution": "Near"}, 'spec.trafficDistribution: Unsupported value: "Near": '
     'supported values: "PreferClose", "PreferSameNode", "PreferSameZone"'),
    ({"metadata__annotations": {HINTS: "Auto", MODE: "Off"}}, f"metadata.annotations[{MODE}]: Invalid value: "
     f'"Off": must match annotations[{HINTS}] when both are specified'),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), faults.table(NEW))
def test_a_service_that_breaks_a_rule_is_told_so(changes: dict[str, Any], said: str) -> None:
    changes = {"spec__clusterIP": ..., **changes} if changes.get("spec__type") == "ExternalName" else changes
    found = faults.of_new(SERVICE, service(**changes))
    assert found and found[0].startswith(said), found


@pytest.mark.parametrize(
    "changes",
    [
        {"spec__clusterIP": "None", "spec__ports": []},
        {"spec__externalIPs": ["192.0.2.1"], "spec__externalTrafficPolicy": "Local"},
        {**BALANCED, "spec__loadBalancerSourceRanges": [" 10.0.0.0/8 "]},
        {"spec__clusterIPs": ["10.96.0.9", "fd00::9"], "spec__ipFamilies": ["IPv4", "IPv6"]},
        ports({"port": 53}, {"port": 53, "protocol": "UDP"}),
    ],
    ids=str,
)
def test_a_service_that_looks_odd_and_is_right_passes(changes: dict[str, Any]) -> None:
    assert faults.of_new(SERVICE, service(**changes)) == []


CHANGES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({}, {"spec__clusterIP": "10.96.0.8"},
     ['spec.clusterIPs[0]: Invalid value: ["10.96.0.8"]: may not change once set']),
    ({}, {"spec__clusterIP": "None"},
     ['spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set']),
    ({}, {"spec__clusterIP": ...},
     ["spec.clusterIPs[0]: Invalid value: null: primary clusterIP can not be unset"]),
    ({}, {"spec__ipFamilies": ["IPv6"], "spec__clusterIP": "fd00::9"},
     ['spec.clusterIPs[0]: Invalid value: ["fd00::9"]: may not change once set',
      'spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set']),
    ({"spec__clusterIPs": ["10.96.0.9", "fd00::9"], "spec__ipFamilies": ["IPv4", "IPv6"],
      "spec__ipFamilyPolicy": "RequireDualStack"},
     {"spec__ipFamilyPolicy": "PreferDualStack"},
     ['spec.ipFamilyPolicy: Invalid value: "PreferDualStack": '
      "must be set to 'SingleStack' when releasing the secondary clusterIP",
      'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": '
      "must be set to 'SingleStack' when releasing the secondary ipFamily"]),
    ({}, {"spec__type": "ExternalName", "spec__externalName": "a.example", "spec__clusterIP": ...}, []),
    ({"spec__clusterIP": "None"}, {"spec__clusterIP": "None", "spec__ipFamilies": ["IPv6"]}, []),
    ({**BALANCED, "spec__loadBalancerClass": "a.example/b"}, {**BALANCED, "spec__loadBalancerClass": "a.example/c"},
     ['spec.loadBalancerClass: Invalid value: "a.example/c": may not change once set']),
    ({**BALANCED, "spec__externalTrafficPolicy": "Local", "spec__healthCheckNodePort": 30001},
     {**BALANCED, "spec__externalTrafficPolicy": "Local", "spec__healthCheckNodePort": 30002},
     ["spec.healthCheckNodePort: Forbidden: field is immutable"]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "said"), CHANGES)
def test_a_change_of_a_service(before: dict[str, Any], after: dict[str, Any], said: list[str]) -> None:
    assert faults.of_update(SERVICE, service(**after), service(**before)) == said


INGRESS = "status.loadBalancer.ingress"
STATUS: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({}, {"ip": "192.0.2.1"}, [f"{INGRESS}: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"]),
    (BALANCED, {"ip": "192.0.2.1"}, []),
    (BALANCED, {"ip": "here", "ipMode": "VIP"}, [f'{INGRESS}[0].ip: Invalid value: "here": {ADDRESS}']),
    (BALANCED, {"hostname": "a.example", "ipMode": "VIP"},
     [f"{INGRESS}[0].ipMode: Forbidden: may not be specified when `ip` is not set"]),
    (BALANCED, {"hostname": "192.0.2.1"},
     [f'{INGRESS}[0].hostname: Invalid value: "192.0.2.1": must be a DNS name, not an IP address']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "ingress", "said"), STATUS)
def test_where_a_load_balancer_is(changes: dict[str, Any], ingress: dict[str, Any], said: list[str]) -> None:
    new = service(**changes, status__loadBalancer={"ingress": [ingress]})
    assert faults.of_update(SERVICE, new, service(**changes), "status") == said
