"""The operating system that a pod names. Windows pods cannot run here; what they say is checked all the same."""

import re
from collections.abc import Iterator

from petset.api import names
from petset.api.containers import placed_containers
from petset.api.models import core_v1
from petset.api.validation.fields import Faults

_SYSTEMS = ("linux", "windows")
_NOT_ON_WINDOWS = "cannot be set for a windows pod"
_NOT_ON_LINUX = "windows options cannot be set for a linux pod"
_POD_CONTEXT = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls", "runAsUser",
    "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy",
)  # fmt: skip
_CONTEXT = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
    "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
)  # fmt: skip
_CREDENTIAL_LIMIT_BYTES, _DOMAIN_LIMIT, _USER_LIMIT = 64 * 1024, 256, 104
_NET_BIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
_DOMAIN = re.compile(
    r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)
_BAD_USER = re.compile(r'["/\\:;|=,+*?<>@\[\]]')
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Context = core_v1.PodSecurityContext | core_v1.SecurityContext


def check_os(path: str, spec: core_v1.PodSpec, faults: Faults) -> None:
    """What a pod says of its system fits that system."""
    for here, context in _contexts(path, spec):
        if context.windowsOptions is not None:
            _check_options(f"{here}.windowsOptions", context.windowsOptions, faults)
    _check_host_process(path, spec, faults)
    if spec.os is None:
        return
    if not spec.os.name:
        faults.required(f"{path}.os.name", "cannot be empty")
    elif spec.os.name not in _SYSTEMS:
        faults.not_supported(f"{path}.os", spec.os.name, _SYSTEMS)
    elif spec.os.name == "linux":
        for here, context in _contexts(path, spec):
            if context.windowsOptions is not None:
                faults.forbidden(f"{here}.windowsOptions", _NOT_ON_LINUX)
    else:
        _check_windows(path, spec, faults)


def _contexts(path: str, spec: core_v1.PodSpec) -> Iterator[tuple[str, Context]]:
    """The pod's own and those of its containers."""
    if spec.securityContext is not None:
        yield f"{path}.securityContext", spec.securityContext
    for here, container in placed_containers(path, spec):
        if container.securityContext is not None:
            yield f"{here}.securityContext", container.securityContext


def _check_windows(path: str, spec: core_v1.PodSpec, faults: Faults) -> None:
    for name in ("hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"):
        value = getattr(spec, name)
        if value or (value is False and name in ("hostUsers", "shareProcessNamespace")):
            faults.forbidden(f"{path}.{name}", _NOT_ON_WINDOWS)
    for here, context in _contexts(path, spec):
        for name in _POD_CONTEXT if isinstance(context, core_v1.PodSecurityContext) else _CONTEXT:
            if getattr(context, name) is not None:
                faults.forbidden(f"{here}.{name}", _NOT_ON_WINDOWS)


def _check_host_process(path: str, spec: core_v1.PodSpec, faults: Faults) -> None:
    """Containers that are processes of the machine itself: all of a pod or none."""
    whole = _host_process(spec.securityContext)
    count, of_host = 0, 0
    for here, container in placed_containers(path, spec):
        own = _host_process(container.securityContext)
        if whole is not None and own is not None and own != whole:
            what = f"pod hostProcess value must be identical if both are specified, was {str(whole).lower()}"
            faults.invalid(f"{here}.securityContext.windowsOptions.hostProcess", own, what)
        count += 1
        of_host += bool(whole if own is None else own)
    if not of_host:
        return
    if of_host != count:
        what = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
        faults.invalid(path, "", what)
    if not spec.hostNetwork:
        what = "hostNetwork must be true if pod contains any hostProcess containers"
        faults.invalid(f"{path}.hostNetwork", False, what)


def _host_process(context: Context | None) -> bool | None:
    options = context.windowsOptions if context is not None else None
    return options.hostProcess if options is not None else None


def _check_options(path: str, options: core_v1.WindowsSecurityContextOptions, faults: Faults) -> None:
    name, credential, user = options.gmsaCredentialSpecName, options.gmsaCredentialSpec, options.runAsUserName
    if name is not None:
        faults.each(f"{path}.gmsaCredentialSpecName", name, names.dns_subdomain(name))
    if credential == "":
        faults.invalid(f"{path}.gmsaCredentialSpec", "", "gmsaCredentialSpec cannot be an empty string")
    elif credential is not None and len(credential.encode()) > _CREDENTIAL_LIMIT_BYTES:
        what = "gmsaCredentialSpec size must be under 64 KiB"
        faults.invalid(f"{path}.gmsaCredentialSpec", credential, what)
    if user is not None:
        faults.each(f"{path}.runAsUserName", user, _complaints_of_user(user))


def _complaints_of_user(name: str) -> list[str]:
    """About the name of a Windows user, `user` or `domain\\user`."""
    if not name:
        return ["runAsUserName cannot be an empty string"]
    if _CONTROL.search(name):
        return ["runAsUserName cannot contain control characters"]
    if name.count("\\") > 1:
        return ["runAsUserName cannot contain more than one backslash"]
    domain, slash, user = name.rpartition("\\")
    rules = (
        (len(domain) < _DOMAIN_LIMIT, f"runAsUserName's Domain length must be under {_DOMAIN_LIMIT} characters"),
        (
            not slash or _NET_BIOS.fullmatch(domain) or _DOMAIN.fullmatch(domain),
            "runAsUserName's Domain doesn't match the NetBios nor the DNS format",
        ),
        (user, "runAsUserName's User cannot be empty"),
        (len(user) <= _USER_LIMIT, f"runAsUserName's User length must not be longer than {_USER_LIMIT} characters"),
        (not user or user.strip(". "), "runAsUserName's User cannot contain only periods or spaces"),
        (
            not _BAD_USER.search(user),
            "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]",
        ),
    )
    return [message for holds, message in rules if not holds]
