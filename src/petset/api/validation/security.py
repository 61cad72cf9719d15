"""As whom containers run, and what the kernel keeps from them."""

import re
from typing import Any

import msgspec

from petset.api.models import core_v1
from petset.api.validation.fields import AsWritten, Faults
from petset.api.validation.paths import check_inside

_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_SYSCTL = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL_NAME = f"^({_SYSCTL}[\\./])*{_SYSCTL}$"
_sysctl = re.compile(_SYSCTL_NAME)
_LONGEST_SYSCTL = 253
_LONGEST_PROFILE = 4095
_OF_NETWORK = ("net.", "net/")
_OF_IPC = (
    "kernel.shm",
    "kernel.msg",
    "kernel.sem",
    "fs.mqueue.",
    "kernel/shm",
    "kernel/msg",
    "kernel/sem",
    "fs/mqueue/",
)
_GO_NAMES = (
    "Capabilities", "Privileged", "SELinuxOptions", "WindowsOptions", "RunAsUser", "RunAsGroup", "RunAsNonRoot",
    "ReadOnlyRootFilesystem", "AllowPrivilegeEscalation", "ProcMount", "SeccompProfile", "AppArmorProfile",
)  # fmt: skip
_PLACES = {"role": 1, "type": 2, "level": 3, "localhostProfile": 4, "gmsaCredentialSpec": 1, "runAsUserName": 2,
           "hostProcess": 3}  # fmt: skip
"""Go's order, where it is not the alphabet's."""


def check_ids(path: str, context: Any, fields: tuple[str, ...], faults: Faults) -> None:
    """Numbers of users and groups."""
    for name in fields:
        number = getattr(context, name)
        if number is not None:
            _check_id(f"{path}.{name}", number, faults)


def _check_id(path: str, number: int, faults: Faults) -> None:
    if not 0 <= number < 2**31:
        faults.invalid(path, number, "must be between 0 and 2147483647, inclusive")


def check_context(path: str, context: core_v1.SecurityContext, faults: Faults, *, host_users: bool) -> None:
    """A container's own; `host_users` says that its users are those of the machine."""
    check_ids(path, context, ("runAsUser", "runAsGroup"), faults)
    if context.procMount is not None:
        if context.procMount not in ("Default", "Unmasked"):
            faults.not_supported(f"{path}.procMount", context.procMount, ("Default", "Unmasked"))
        if host_users and context.procMount == "Unmasked":
            what = "`hostUsers` must be false to use `Unmasked`"
            faults.invalid(f"{path}.procMount", context.procMount, what)
    _check_seccomp(f"{path}.seccompProfile", context.seccompProfile, faults)
    if context.allowPrivilegeEscalation is False:
        _check_no_escalation(path, context, faults)
    _check_app_armor(f"{path}.appArmorProfile", context.appArmorProfile, faults)


def _check_no_escalation(path: str, context: core_v1.SecurityContext, faults: Faults) -> None:
    if context.privileged:
        what = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        faults.invalid(path, _as_go(context), what)
    added = (context.capabilities.add if context.capabilities else None) or ()
    if "CAP_SYS_ADMIN" in added:
        what = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
        faults.invalid(path, _as_go(context), what)


def _as_go(context: core_v1.SecurityContext) -> AsWritten:
    """How messages show it: with the names that Go's internal type has."""
    shown = {}
    for name in _GO_NAMES:
        field = "seLinuxOptions" if name == "SELinuxOptions" else f"{name[0].lower()}{name[1:]}"
        value = getattr(context, field)
        shown[name] = _part_as_go(value) if isinstance(value, msgspec.Struct) else value
    return AsWritten(shown)


def _part_as_go(part: msgspec.Struct) -> dict[str, Any]:
    absent = "" if isinstance(part, core_v1.SELinuxOptions) else None
    found = {field: getattr(part, field) for field in part.__struct_fields__}
    return {
        field.replace("gmsa", "GMSA", 1) if field.startswith("gmsa") else f"{field[0].upper()}{field[1:]}": (
            absent if value is None else value
        )
        for field, value in sorted(found.items(), key=lambda each: _PLACES.get(each[0], 0))
    }


def check_pod_context(path: str, spec: core_v1.PodSpec, faults: Faults) -> None:
    """What holds for all containers of a pod."""
    context = spec.securityContext
    assert context is not None
    here = f"{path}.securityContext"
    check_ids(here, context, ("fsGroup", "runAsUser", "runAsGroup"), faults)
    for index, group in enumerate(context.supplementalGroups or ()):
        _check_id(f"{here}.supplementalGroups[{index}]", group, faults)
    if spec.shareProcessNamespace and spec.hostPID:
        what = "ShareProcessNamespace and HostPID cannot both be enabled"
        faults.invalid(f"{here}.shareProcessNamespace", True, what)
    if context.sysctls:
        _check_sysctls(f"{here}.sysctls", context.sysctls, spec, faults)
    _check_choice(f"{here}.fsGroupChangePolicy", context.fsGroupChangePolicy, ("Always", "OnRootMismatch"), faults)
    _check_seccomp(f"{here}.seccompProfile", context.seccompProfile, faults)
    _check_app_armor(f"{here}.appArmorProfile", context.appArmorProfile, faults)
    _check_choice(f"{here}.supplementalGroupsPolicy", context.supplementalGroupsPolicy, ("Merge", "Strict"), faults)
    _check_choice(f"{here}.seLinuxChangePolicy", context.seLinuxChangePolicy, ("MountOption", "Recursive"), faults)


def _check_choice(path: str, value: str | None, known: tuple[str, ...], faults: Faults) -> None:
    if value is not None and value not in known:
        faults.not_supported(path, value, known)


def _check_sysctls(path: str, sysctls: list[core_v1.Sysctl], spec: core_v1.PodSpec, faults: Faults) -> None:
    """Settings of the kernel, each once; what the machine shares with the pod is the machine's to set."""
    seen: set[str] = set()
    for index, sysctl in enumerate(sysctls):
        here, name = f"{path}[{index}].name", sysctl.name
        if not name:
            faults.required(here)
        elif len(name) > _LONGEST_SYSCTL or not _sysctl.match(name):
            what = f"must have at most {_LONGEST_SYSCTL} characters and match regex {_SYSCTL_NAME}"
            faults.invalid(here, name, what)
        elif name in seen:
            faults.duplicate(here, name)
        if spec.hostNetwork and name.startswith(_OF_NETWORK):
            faults.invalid(here, name, "may not be specified when 'hostNetwork' is true")
        elif spec.hostIPC and name.startswith(_OF_IPC):
            faults.invalid(here, name, "may not be specified when 'hostIPC' is true")
        seen.add(name)


def _check_seccomp(path: str, profile: core_v1.SeccompProfile | None, faults: Faults) -> None:
    if profile is None:
        return
    if not profile.type:
        faults.required(f"{path}.type", "type is required when seccompProfile is set")
    else:
        _check_choice(f"{path}.type", profile.type, _PROFILES, faults)
    here = f"{path}.localhostProfile"
    if profile.type != "Localhost":
        if profile.localhostProfile is not None:
            shown = AsWritten({"Type": profile.type, "LocalhostProfile": profile.localhostProfile})
            faults.invalid(here, shown, "can only be set when seccomp type is Localhost")
    elif profile.localhostProfile is None:
        faults.required(here, "must be set when seccomp type is Localhost")
    else:
        check_inside(here, profile.localhostProfile, faults)


def _check_app_armor(path: str, profile: core_v1.AppArmorProfile | None, faults: Faults) -> None:
    if profile is None:
        return
    here, name, must = (
        f"{path}.localhostProfile",
        profile.localhostProfile,
        "must be set when AppArmor type is Localhost",
    )
    if profile.type == "Localhost":
        if name is None or name == "":
            faults.required(here, must)
        elif name.strip() != name:
            faults.invalid(here, name, "must not be padded with whitespace")
        if len((name or "").encode()) > _LONGEST_PROFILE:
            faults.too_long(here, _LONGEST_PROFILE)
    elif not profile.type:
        faults.required(f"{path}.type", "type is required when appArmorProfile is set")
    elif profile.type not in _PROFILES:
        faults.not_supported(f"{path}.type", profile.type, _PROFILES)
    elif name is not None:
        faults.invalid(here, name, "can only be set when AppArmor type is Localhost")
