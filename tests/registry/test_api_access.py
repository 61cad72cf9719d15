"""What every pod gets for its talk to the API, and who goes without."""

from petset.api.models import core_v1, meta_v1
from petset.registry.api_access import MOUNT_PATH, mount_token, wants_token


def a_pod(*containers: core_v1.Container, **spec: object) -> core_v1.Pod:
    return core_v1.Pod(
        metadata=meta_v1.ObjectMeta(name="web-0", namespace="default", uid="some-uid"),
        spec=core_v1.PodSpec(containers=list(containers) or [core_v1.Container(name="main")], **spec),
    )


def test_every_container_sees_the_volume_and_there_is_one() -> None:
    pod = a_pod(core_v1.Container(name="a"), core_v1.Container(name="b"))
    assert pod.spec is not None
    pod.spec.initContainers = [core_v1.Container(name="first")]
    mount_token(pod)
    (volume,) = pod.spec.volumes or []
    mounts = [c.volumeMounts or [] for c in (*pod.spec.initContainers, *pod.spec.containers)]
    assert mounts == [[core_v1.VolumeMount(name=volume.name, mountPath=MOUNT_PATH, readOnly=True)]] * 3
    assert volume.projected is not None
    token, authority, namespace = volume.projected.sources or []
    assert token.serviceAccountToken == core_v1.ServiceAccountTokenProjection(path="token", expirationSeconds=3607)
    assert authority.configMap is not None and authority.configMap.name == "kube-root-ca.crt"
    assert namespace.downwardAPI is not None


def test_a_container_with_something_at_that_place_is_left_alone() -> None:
    own = core_v1.VolumeMount(name="mine", mountPath=MOUNT_PATH)
    pod = a_pod(core_v1.Container(name="main", volumeMounts=[own]))
    mount_token(pod)
    assert pod.spec is not None
    assert pod.spec.containers[0].volumeMounts == [own] and not pod.spec.volumes


def test_a_pod_that_brings_the_volume_along_gets_no_second_one() -> None:
    pod = a_pod()
    mount_token(pod)
    assert pod.spec is not None
    pod.spec.containers[0].volumeMounts = None
    mount_token(pod)
    assert len(pod.spec.volumes or ()) == len(pod.spec.containers[0].volumeMounts or ()) == 1


def test_the_pod_then_its_account_says_whether_it_wants_a_token() -> None:
    without = core_v1.ServiceAccount(automountServiceAccountToken=False)
    assert wants_token(a_pod(), None) and wants_token(a_pod(), core_v1.ServiceAccount())
    assert not wants_token(a_pod(), without)
    assert wants_token(a_pod(automountServiceAccountToken=True), without)
    assert not wants_token(a_pod(automountServiceAccountToken=False), core_v1.ServiceAccount())
