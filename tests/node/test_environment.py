"""A container's environment and command line, from everything a pod may take them from."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from node.world import a_container, a_pod

from petset.api.models import core_v1, meta_v1
from petset.node.environment import Surroundings, environment, expand, expand_all, service_variables
from petset.node.failures import ConfigError
from petset.node.references import Reference
from petset.node.spec import NodeNames, container_spec, sandbox_spec

E, From = core_v1.EnvVar, core_v1.EnvVarSource
AROUND = Surroundings(
    host_ip="192.168.0.1",
    pod_ips=("10.244.0.2",),
    allocatable={"cpu": "2", "memory": "4Gi"},
    objects={
        Reference("ConfigMap", "settings"): core_v1.ConfigMap(data={"level": "debug", "color": "red"}),
        Reference("Secret", "keys"): core_v1.Secret(data={"password": base64.b64encode(b"hunter2").decode()}),
    },
)


def variables_of(*env: core_v1.EnvVar, **fields: object) -> dict[str, str]:
    container = a_container(env=list(env), **fields)
    pod = a_pod(containers=[container], serviceAccountName="default", nodeName="node-1")
    return environment(pod, container, AROUND)


def field(path: str) -> core_v1.EnvVarSource:
    return From(fieldRef=core_v1.ObjectFieldSelector(fieldPath=path))


def resource(name: str, divisor: str | None = None) -> core_v1.EnvVarSource:
    return From(resourceFieldRef=core_v1.ResourceFieldSelector(resource=name, divisor=divisor))


FIELDS = {
    "metadata.name": "web-0",
    "metadata.namespace": "default",
    "metadata.labels['app']": "web",
    "metadata.annotations['none']": "",
    "spec.nodeName": "node-1",
    "spec.serviceAccountName": "default",
    "status.podIP": "10.244.0.2",
    "status.podIPs": "10.244.0.2",
    "status.hostIP": "192.168.0.1",
}


@pytest.mark.parametrize("path", FIELDS)
def test_a_field_of_the_pod(path: str) -> None:
    assert variables_of(E(name="X", valueFrom=field(path))) == {"X": FIELDS[path]}


RESOURCES = {
    ("limits.cpu", None): "2",
    ("limits.cpu", "1m"): "2000",
    ("requests.cpu", None): "1",
    ("requests.memory", "1Mi"): "64",
    ("limits.memory", "1Gi"): "4",
}


@pytest.mark.parametrize("case", RESOURCES)
def test_a_resource_is_rounded_up_in_units_of_its_divisor_and_a_missing_limit_is_the_nodes(
    case: tuple[str, str | None],
) -> None:
    wanted = core_v1.ResourceRequirements(requests={"cpu": "250m", "memory": "64Mi"})
    assert variables_of(E(name="X", valueFrom=resource(*case)), resources=wanted) == {"X": RESOURCES[case]}


def test_later_sources_win_over_earlier_ones() -> None:
    sources = [
        core_v1.EnvFromSource(configMapRef=core_v1.ConfigMapEnvSource(name="settings")),
        core_v1.EnvFromSource(prefix="SECRET_", secretRef=core_v1.SecretEnvSource(name="keys")),
    ]
    found = variables_of(E(name="level", value="info"), envFrom=sources)
    assert found == {"level": "info", "color": "red", "SECRET_password": "hunter2"}


def test_a_variable_may_use_those_before_it() -> None:
    found = variables_of(E(name="A", value="1"), E(name="B", value="$(A)$(C)"), E(name="C", value="$$(A)"))
    assert found == {"A": "1", "B": "1$(C)", "C": "$(A)"}


def key(kind: str, name: str, entry: str, *, optional: bool | None = None) -> core_v1.EnvVarSource:
    if kind == "ConfigMap":
        return From(configMapKeyRef=core_v1.ConfigMapKeySelector(name=name, key=entry, optional=optional))
    return From(secretKeyRef=core_v1.SecretKeySelector(name=name, key=entry, optional=optional))


MISSING = {
    'configmap "nope" not found': key("ConfigMap", "nope", "x"),
    'secret "nope" not found': key("Secret", "nope", "x"),
    "couldn't find key x in ConfigMap default/settings": key("ConfigMap", "settings", "x"),
    "couldn't find key x in Secret default/keys": key("Secret", "keys", "x"),
}


@pytest.mark.parametrize("message", MISSING)
def test_what_is_missing_is_a_config_error_in_the_kubelets_words(message: str) -> None:
    with pytest.raises(ConfigError) as error:
        variables_of(E(name="X", valueFrom=MISSING[message]))
    assert str(error.value) == message


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
@pytest.mark.parametrize("name", ["nope", "settings", "keys"])
def test_what_is_optional_may_be_missing(kind: str, name: str) -> None:
    assert variables_of(E(name="X", valueFrom=key(kind, name, "x", optional=True))) == {}


def test_services_with_an_address_announce_themselves() -> None:
    ports = [core_v1.ServicePort(port=6379, name="client"), core_v1.ServicePort(port=16379)]
    service = core_v1.Service(
        metadata=meta_v1.ObjectMeta(name="my-redis"),
        spec=core_v1.ServiceSpec(clusterIP="10.96.0.9", ports=ports),
    )
    headless = core_v1.Service(
        metadata=meta_v1.ObjectMeta(name="quiet"), spec=core_v1.ServiceSpec(clusterIP="None", ports=ports)
    )
    assert service_variables([service, headless]) == {
        "MY_REDIS_SERVICE_HOST": "10.96.0.9",
        "MY_REDIS_SERVICE_PORT": "6379",
        "MY_REDIS_SERVICE_PORT_CLIENT": "6379",
        "MY_REDIS_PORT": "tcp://10.96.0.9:6379",
        "MY_REDIS_PORT_6379_TCP": "tcp://10.96.0.9:6379",
        "MY_REDIS_PORT_6379_TCP_PROTO": "tcp",
        "MY_REDIS_PORT_6379_TCP_PORT": "6379",
        "MY_REDIS_PORT_6379_TCP_ADDR": "10.96.0.9",
        "MY_REDIS_PORT_16379_TCP": "tcp://10.96.0.9:16379",
        "MY_REDIS_PORT_16379_TCP_PROTO": "tcp",
        "MY_REDIS_PORT_16379_TCP_PORT": "16379",
        "MY_REDIS_PORT_16379_TCP_ADDR": "10.96.0.9",
    }


def test_a_command_line_is_expanded_too() -> None:
    assert expand_all(["run", "--to=$(HOST)", "$(NOBODY)"], {"HOST": "here"}) == ("run", "--to=here", "$(NOBODY)")


@given(st.text(alphabet="$()AB ", max_size=20))
def test_expansion_never_changes_text_without_references(text: str) -> None:
    if "$" not in text:
        assert expand(text, {"A": "1"}) == text


def test_a_stateful_pod_has_its_dns_name() -> None:
    spec = sandbox_spec(a_pod("redis-0", hostname="redis-0", subdomain="redis"), NodeNames("node-1"))
    assert spec.fqdn == "redis-0.redis.default.svc.cluster.local"
    assert spec.hostname == "redis-0"
    assert spec.dns_search == ("default.svc.cluster.local", "svc.cluster.local", "cluster.local")
    assert spec.dns_options == ("ndots:5",)


def test_a_pods_own_dns_settings_add_to_its_policy() -> None:
    own = core_v1.PodDNSConfig(
        nameservers=["1.1.1.1"],
        searches=["example.org"],
        options=[core_v1.PodDNSConfigOption(name="ndots", value="2")],
    )
    names = NodeNames("node-1", host_dns_servers=("9.9.9.9",), host_dns_search=("lan",))
    policies = {
        "None": (("1.1.1.1",), ("example.org",)),
        "Default": (("9.9.9.9", "1.1.1.1"), ("lan", "example.org")),
    }
    for policy, (servers, search) in policies.items():
        spec = sandbox_spec(a_pod(dnsPolicy=policy, dnsConfig=own), names)
        assert (spec.dns_servers, spec.dns_search, spec.dns_options) == (servers, search, ("ndots:2",))


@pytest.mark.parametrize(("asked", "seconds"), [(None, 30), (0, 1), (1, 1), (90, 90)])
def test_a_sandbox_remembers_what_its_pod_gives_to_end_in(asked: int | None, seconds: float) -> None:
    spec = sandbox_spec(a_pod(terminationGracePeriodSeconds=asked), NodeNames("node-1"))
    assert spec.grace_seconds == seconds


def test_limits_and_security_reach_the_runtime() -> None:
    container = a_container(
        command=["redis-server", "$(A)"],
        resources=core_v1.ResourceRequirements(limits={"cpu": "1500m", "memory": "64Mi"}, requests={"cpu": "1"}),
        securityContext=core_v1.SecurityContext(runAsUser=7, capabilities=core_v1.Capabilities(drop=["ALL"])),
    )
    context = core_v1.PodSecurityContext(runAsUser=5, runAsGroup=6, fsGroup=8, supplementalGroups=[9])
    spec = container_spec(a_pod(containers=[container], securityContext=context), container, 3, {"A": "x"}, ())
    assert spec.attempt == 3
    assert spec.command == ("redis-server", "x")
    assert (spec.resources.cpu_millis, spec.resources.cpu_request_millis) == (1500, 1000)
    assert spec.resources.memory_bytes == 64 << 20
    security = spec.security
    assert (security.run_as_user, security.run_as_group, security.fs_group) == (7, 6, 8)
    assert security.supplemental_groups == (9,)
    assert security.drop_capabilities == ("ALL",)


OOM = {
    (None, None): 1000,
    ("1Gi", None): 750,
    ("1Mi", None): 999,
    ("8Gi", None): 3,
    ("1Gi", "1Gi"): -997,
}


@pytest.mark.parametrize("case", OOM)
def test_what_a_pod_has_asked_for_decides_how_late_it_is_ended_for_want_of_memory(
    case: tuple[str | None, str | None],
) -> None:
    request, limit = case
    requests = {"memory": request, "cpu": "1"} if request else None
    limits = {"memory": limit, "cpu": "1"} if limit else None
    container = a_container(resources=core_v1.ResourceRequirements(requests=requests, limits=limits))
    spec = container_spec(a_pod(containers=[container]), container, 0, {}, (), node_memory_bytes=4 << 30)
    assert spec.resources.oom_score_adj == OOM[case]


def test_a_container_that_must_not_be_root_and_says_it_is_is_refused() -> None:
    container = a_container(securityContext=core_v1.SecurityContext(runAsUser=0, runAsNonRoot=True))
    with pytest.raises(ConfigError, match="breaks non-root policy"):
        container_spec(a_pod(containers=[container]), container, 0, {}, ())
