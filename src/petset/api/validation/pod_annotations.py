"""Annotations of pods that Kubernetes itself reads, most of them older than the fields that say the same."""

from collections.abc import Callable, Mapping

from petset.api.containers import placed_containers
from petset.api.models import core_v1
from petset.api.validation.fields import Faults
from petset.api.validation.paths import check_inside

_MIRROR = "kubernetes.io/config.mirror"
_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP = "container.seccomp.security.alpha.kubernetes.io/"
_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_LOCALHOST = "localhost/"
_INT32 = range(-(2**31), 2**31)

Annotations = Mapping[str, str] | None


def check_pod_annotations(path: str, annotations: Annotations, spec: core_v1.PodSpec, faults: Faults) -> None:
    """The annotations of a pod or of a template, as far as Kubernetes reads them."""
    if not annotations:
        return
    if _MIRROR in annotations and not spec.nodeName:
        what = "must set spec.nodeName if mirror pod annotation is set"
        faults.invalid(f"{path}[{_MIRROR}]", annotations[_MIRROR], what)
    cost = annotations.get(_DELETION_COST)
    if cost is not None and not _is_cost(cost):
        faults.invalid(f"{path}[{_DELETION_COST}]", cost, "must be a 32bit integer")
    for key, value in annotations.items():
        if key == _SECCOMP_POD or key.startswith(_SECCOMP):
            _check_seccomp(f"{path}.{key}", value, faults)
        elif key.startswith(_APP_ARMOR):
            name = key.removeprefix(_APP_ARMOR)
            if all(container.name != name for _, container in placed_containers("", spec)):
                faults.invalid(f"{path}[{key}]", name, "container not found")
            if value not in ("", "runtime/default", "unconfined") and not value.startswith(_LOCALHOST):
                faults.invalid(f"{path}[{key}]", value, f'invalid AppArmor profile name: "{value}"')


def _is_cost(text: str) -> bool:
    """Written as Go writes a number, so that it reads back as it stands."""
    digits = text[1:] if text[:1] in ("-", "+") else text
    plain = digits.isascii() and digits.isdigit() and (digits[0] != "0" or text == "0")
    return plain and text[:1] != "+" and int(text) in _INT32


def _check_seccomp(path: str, profile: str, faults: Faults) -> None:
    if profile in ("runtime/default", "docker/default", "unconfined"):
        return
    if profile.startswith(_LOCALHOST):
        check_inside(path, profile.removeprefix(_LOCALHOST), faults)
    else:
        faults.invalid(path, profile, "must be a valid seccomp profile")


def check_profiles_match(path: str, annotations: Annotations, spec: core_v1.PodSpec, faults: Faults) -> None:
    """Whoever says the same thing twice, in a field and in the older annotation, must say the same."""
    if not annotations or not any(key.startswith((_SECCOMP, _SECCOMP_POD, _APP_ARMOR)) for key in annotations):
        return
    context = spec.securityContext
    if context is not None and _SECCOMP_POD in annotations:
        _check_match(f"{path}.securityContext", context, "seccomp", annotations[_SECCOMP_POD], faults)
    for here, container in placed_containers(path, spec):
        own = container.securityContext
        if own is not None and _SECCOMP + container.name in annotations:
            _check_match(f"{here}.securityContext", own, "seccomp", annotations[_SECCOMP + container.name], faults)
    if spec.os is not None and spec.os.name == "windows":
        return
    for here, container in placed_containers(path, spec):
        own = container.securityContext
        holder = own if own is not None and own.appArmorProfile is not None else context
        if holder is not None and _APP_ARMOR + container.name in annotations:
            value = annotations[_APP_ARMOR + container.name]
            _check_match(f"{here}.securityContext", holder, "apparmor", value, faults)


Profile = core_v1.SeccompProfile | core_v1.AppArmorProfile
Context = core_v1.SecurityContext | core_v1.PodSecurityContext
_FIELDS: dict[str, tuple[str, Callable[[Context], Profile | None]]] = {
    "seccomp": ("seccompProfile", lambda context: context.seccompProfile),
    "apparmor": ("appArmorProfile", lambda context: context.appArmorProfile),
}
_SHORT = {"seccomp": ("runtime/default", "docker/default"), "apparmor": ("runtime/default",)}


def _check_match(path: str, context: Context, what: str, annotation: str, faults: Faults) -> None:
    field, read = _FIELDS[what]
    profile = read(context)
    if profile is None:
        return
    expected = {"Unconfined": ("unconfined",), "RuntimeDefault": _SHORT[what]}.get(profile.type)
    if profile.type == "Localhost":
        if annotation.startswith(_LOCALHOST):
            if annotation.removeprefix(_LOCALHOST) != profile.localhostProfile:
                mismatch = f"{what} profile in annotation and field must match"
                faults.forbidden(f"{path}.{field}.localhostProfile", mismatch)
            return
        expected = ()
    if expected is not None and annotation not in expected:
        faults.forbidden(f"{path}.{field}.type", f"{what} type in annotation and field must match")


def check_annotation_changes(path: str, new: Annotations, old: Annotations, faults: Faults) -> None:
    """What the containers were started with, and whose copy a pod is, stays as it was."""
    after, before = new or {}, old or {}
    for key in sorted({*after, *before}):
        if after.get(key) == before.get(key):
            continue
        verb = "remove or update" if key in before else "add"
        if key.startswith(_APP_ARMOR):
            faults.forbidden(f"{path}[{key}]", f"may not {verb} AppArmor annotations")
        elif key == _MIRROR:
            faults.forbidden(f"{path}[{key}]", f"may not {verb} mirror pod annotation")


def is_mirror(annotations: Annotations) -> bool:
    """Whether the pod shows one that its node runs by itself."""
    return _MIRROR in (annotations or {})
