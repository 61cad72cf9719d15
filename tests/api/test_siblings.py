"""What pods of one template have in common is worked out once, and comes out as if it were worked out for each."""

from typing import Any

from api import faults
from api.documents import POD
from hypothesis import given
from hypothesis import strategies as st

from petset.api.canonical import settle
from petset.api.defaults.pods import default_pod
from petset.api.defaults.siblings import own_pod
from petset.api.encode import encode
from petset.api.known import Known, common_part
from petset.api.models import core_v1, meta_v1
from petset.api.objects import copy, replace
from petset.api.validation import pods, projections

NAMES = st.sampled_from(["a", "b", "c", "a", "b", "c", "a", "b", "c", "Not A Name", ""])  # most pods are fine
VOLUMES = st.builds(
    lambda name, claim, projected: core_v1.Volume(
        name=name,
        persistentVolumeClaim=core_v1.PersistentVolumeClaimVolumeSource(claimName=claim) if claim else None,
        projected=projected,
    ),
    NAMES,
    st.sampled_from([None, "data-0", "data-1"]),
    st.one_of(
        st.none(),
        st.builds(
            lambda path, seconds: core_v1.ProjectedVolumeSource(
                sources=[
                    core_v1.VolumeProjection(
                        serviceAccountToken=core_v1.ServiceAccountTokenProjection(
                            path=path, expirationSeconds=seconds
                        )
                    )
                ]
            ),
            st.sampled_from(["token", "token", "../token"]),
            st.sampled_from([3600, 3600, 5]),
        ),
    ),
)
CONTAINERS = st.builds(
    core_v1.Container,
    name=NAMES,
    image=st.sampled_from(["redis:7", "redis", "redis:8", "nginx", " redis", ""]),
    ports=st.one_of(
        st.none(),
        st.builds(lambda number: [core_v1.ContainerPort(containerPort=number)], st.sampled_from([80, 80, 443, 0])),
    ),
    resources=st.one_of(
        st.none(),
        st.builds(
            lambda asked, most: core_v1.ResourceRequirements(requests={"cpu": asked}, limits={"cpu": most}),
            st.sampled_from(["0.5", "500m", "500m", "2"]),
            st.sampled_from(["1", "1000m"]),
        ),
    ),
    volumeMounts=st.one_of(
        st.none(),
        st.none(),
        st.lists(st.builds(core_v1.VolumeMount, name=NAMES, mountPath=st.sampled_from(["/a", "/b"])), max_size=2),
    ),
    volumeDevices=st.one_of(
        st.none(),
        st.none(),
        st.none(),
        st.builds(lambda name: [core_v1.VolumeDevice(name=name, devicePath="/dev/x")], NAMES),
    ),
)
SPECS: Any = st.builds(
    core_v1.PodSpec,
    containers=st.lists(CONTAINERS, min_size=1, max_size=2),
    initContainers=st.one_of(st.none(), st.none(), st.lists(CONTAINERS, max_size=1)),
    volumes=st.one_of(st.none(), st.lists(VOLUMES, max_size=2)),
    hostname=st.one_of(st.none(), NAMES),
    resources=st.sampled_from(
        [
            None,
            None,
            core_v1.ResourceRequirements(requests={"cpu": "1"}),
            core_v1.ResourceRequirements(limits={"cpu": "2"}),
        ]
    ),
    hostNetwork=st.sampled_from([None, False, True]),
    restartPolicy=st.sampled_from([None, None, "Never", "Sometimes"]),
    terminationGracePeriodSeconds=st.sampled_from([None, 10]),
)
OWN = st.tuples(st.one_of(st.none(), NAMES), st.one_of(st.none(), st.lists(VOLUMES, max_size=2)))
"""What a sibling has of its own: host name and volumes."""


def pod_of(spec: core_v1.PodSpec, own: Any = None) -> core_v1.Pod:
    hostname, volumes = own or (spec.hostname, spec.volumes)
    metadata = meta_v1.ObjectMeta(name="web-0", namespace="default", labels={"app": "web"})
    return core_v1.Pod(metadata=metadata, spec=replace(copy(spec), hostname=hostname, volumes=copy(volumes)))


def finished(pod: core_v1.Pod) -> core_v1.Pod:
    settle(pod)
    default_pod(pod)
    return pod


def forget() -> None:
    pods.FOUND_GOOD.clear()
    projections.FOUND_GOOD.clear()


@given(SPECS, OWN)
def test_a_pod_has_the_faults_that_it_would_have_without_its_siblings(spec: core_v1.PodSpec, own: Any) -> None:
    elder, younger = finished(pod_of(spec)), finished(pod_of(spec, own))
    forget()
    alone = faults.of_new(POD, younger)
    forget()
    faults.of_new(POD, elder)
    assert faults.of_new(POD, younger) == alone
    assert faults.of_new(POD, younger) == alone, "nor does it matter that it was looked at before"


@given(SPECS, OWN)
def test_a_pod_that_shares_with_its_siblings_is_as_it_would_be_alone(spec: core_v1.PodSpec, own: Any) -> None:
    elder, younger = pod_of(spec), pod_of(spec, own)
    given_bytes = encode(younger)
    first = own_pod(elder)
    before = encode(first)
    shared = own_pod(younger)
    default_pod(shared)
    assert encode(shared) == encode(finished(copy(younger)))
    assert encode(first) == before, "what is shared stays as it is"
    assert encode(younger) == given_bytes, "what was given stays the giver's"


@given(SPECS, SPECS)
def test_what_is_common_is_the_same_only_where_all_but_a_pods_own_is(one: Any, other: Any) -> None:
    def bare(spec: core_v1.PodSpec) -> core_v1.PodSpec:
        stripped = replace(copy(spec), hostname=None, volumes=None)
        for container in (*stripped.containers, *(stripped.initContainers or ())):
            container.volumeMounts = container.volumeDevices = None
        return stripped

    assert (common_part(one) == common_part(other)) == (bare(one) == bare(other))
    assert common_part(one, True) != common_part(one, False)


@given(st.lists(st.binary(max_size=12)))
def test_no_more_is_remembered_than_may_be_and_nothing_that_is_wrong(parts: list[bytes]) -> None:
    known: Known[int] = Known(most_bytes=20)
    for part in parts:
        known.put(part, len(part))
        assert known.held_bytes <= 20
        assert known.get(part) == len(part)
    assert all(known.get(part) in (None, len(part)) for part in parts)
