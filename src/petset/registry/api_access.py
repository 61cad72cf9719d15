"""What every pod gets for its talk to the API: a volume with its account's token, the authority and the namespace.

Only pods get it, never the templates they come from: a set's revisions are what the user wrote.
"""

import hashlib
from functools import cache

from petset.api.models import core_v1
from petset.api.objects import replace, uid_of

MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
VOLUME_PREFIX = "kube-api-access-"
TOKEN_SECONDS = 3607
ROOT_CA = "kube-root-ca.crt"
_ALPHABET = b"bcdfghjklmnpqrstvwxz2456789"
_LETTERS = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))
"""For each byte a letter."""


def wants_token(pod: core_v1.Pod, account: core_v1.ServiceAccount | None) -> bool:
    """The pod says so itself, else its account, else yes."""
    own = pod.spec.automountServiceAccountToken if pod.spec else None
    if own is not None:
        return own
    return account is None or account.automountServiceAccountToken is not False


def mount_token(pod: core_v1.Pod) -> None:
    """Mount the volume into every container that has nothing at its place, and add it where one has not."""
    spec = pod.spec
    assert spec is not None
    volumes = spec.volumes or []
    present = next((v.name for v in volumes if v.name.startswith(VOLUME_PREFIX)), "")
    mount = core_v1.VolumeMount(name=present or _volume_name(pod), mountPath=MOUNT_PATH, readOnly=True)
    before = (spec.initContainers, spec.containers)
    if spec.initContainers:
        spec.initContainers = [_with(mount, container) for container in spec.initContainers]
    spec.containers = [_with(mount, container) for container in spec.containers]
    if (spec.initContainers, spec.containers) != before and not present:
        spec.volumes = [*volumes, _volume(mount.name)]


def _with(mount: core_v1.VolumeMount, container: core_v1.Container) -> core_v1.Container:
    """The container with the mount, or itself where the place is taken. It may be shared with other pods."""
    mounts = container.volumeMounts or []
    if any(each.mountPath == mount.mountPath for each in mounts):
        return container
    return replace(container, volumeMounts=[*mounts, mount])


def _volume_name(pod: core_v1.Pod) -> str:
    """Five letters from the pod's uid: as good as drawn, and the same in every replay."""
    digest = hashlib.sha256(uid_of(pod).encode()).digest()
    return VOLUME_PREFIX + digest[:5].translate(_LETTERS).decode()


def _volume(name: str) -> core_v1.Volume:
    return core_v1.Volume(name=name, projected=_projected())


@cache
def _projected() -> core_v1.ProjectedVolumeSource:
    """What is in it: the same for all pods, and shared by them."""
    token = core_v1.ServiceAccountTokenProjection(path="token", expirationSeconds=TOKEN_SECONDS)
    authority = core_v1.ConfigMapProjection(name=ROOT_CA, items=[core_v1.KeyToPath(key="ca.crt", path="ca.crt")])
    namespace = core_v1.DownwardAPIVolumeFile(
        path="namespace", fieldRef=core_v1.ObjectFieldSelector(apiVersion="v1", fieldPath="metadata.namespace")
    )
    sources = [
        core_v1.VolumeProjection(serviceAccountToken=token),
        core_v1.VolumeProjection(configMap=authority),
        core_v1.VolumeProjection(downwardAPI=core_v1.DownwardAPIProjection(items=[namespace])),
    ]
    return core_v1.ProjectedVolumeSource(sources=sources, defaultMode=0o644)
