"""The cluster addresses of a Service and their families: at most one of each, and kept once they are given."""

from petset.api.models import core_v1
from petset.api.validation.addresses import check_address, is_v6
from petset.api.validation.fields import AsWritten, Faults

_FAMILIES = ("IPv4", "IPv6")
_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
_ADDRESSES, _FAMILY_LIST = "spec.clusterIPs", "spec.ipFamilies"
_FIXED = "may not change once set"


def is_headless(spec: core_v1.ServiceSpec) -> bool:
    """Whether the Service has no address of its own, and its name means its pods."""
    return spec.clusterIPs == ["None"]


def check_addresses(spec: core_v1.ServiceSpec, faults: Faults) -> None:
    """Addresses that are there, fit each other and their families."""
    if spec.type == "ExternalName":
        return
    addresses = spec.clusterIPs or []
    if spec.clusterIP and not addresses:
        faults.required(_ADDRESSES)
    elif spec.clusterIP and addresses[0] != spec.clusterIP:
        faults.invalid(_ADDRESSES, addresses, "first value must match `clusterIP`")
    elif not spec.clusterIP and addresses:
        faults.invalid(_ADDRESSES, addresses, "must be empty when `clusterIP` is not specified")
    _check_families(spec, faults)
    if not _are_addresses(addresses, faults):
        return
    if len(addresses) > 1 and is_v6(addresses[0]) == is_v6(addresses[1]):
        faults.invalid(_ADDRESSES, addresses, "may specify no more than one IP for each IP family")
    for index, (address, family) in enumerate(zip(addresses, spec.ipFamilies or (), strict=False)):
        if not is_headless(spec) and is_v6(address) != (family == "IPv6"):
            what = f"expected an {family} value as indicated by `ipFamilies[{index}]`"
            faults.invalid(f"{_ADDRESSES}[{index}]", address, what)


def _check_families(spec: core_v1.ServiceSpec, faults: Faults) -> None:
    families = spec.ipFamilies or []
    for index, family in enumerate(families):
        if family not in _FAMILIES:
            faults.not_supported(f"{_FAMILY_LIST}[{index}]", family, _FAMILIES)
        if family in families[:index]:
            faults.duplicate(f"{_FAMILY_LIST}[{index}]", family)
    if spec.ipFamilyPolicy is not None and spec.ipFamilyPolicy not in _POLICIES:
        faults.not_supported("spec.ipFamilyPolicy", spec.ipFamilyPolicy, _POLICIES)


def _are_addresses(addresses: list[str], faults: Faults) -> bool:
    """Whether each can be read, so that it is worth comparing them."""
    fine = True
    for index, address in enumerate(addresses):
        if index == 0 and address == "None":
            if len(addresses) > 1:
                faults.invalid(_ADDRESSES, addresses, "'None' must be the first and only value")
                fine = False
        elif not check_address(f"{_ADDRESSES}[{index}]", address, faults):
            fine = False
    if len(addresses) > 2:
        faults.invalid(_ADDRESSES, addresses, "may only hold up to 2 values")
    return fine


def check_addresses_update(after: core_v1.ServiceSpec, before: core_v1.ServiceSpec, faults: Faults) -> None:
    """A second address may come and go; the first stays, unless the Service becomes another kind of thing."""
    if "ExternalName" in (after.type, before.type):
        return
    if not (is_headless(after) and is_headless(before)):
        _check_kept(after, before, faults)
    if not is_headless(after) and not is_headless(before):
        _check_families_kept(after, before, faults)


def _check_kept(after: core_v1.ServiceSpec, before: core_v1.ServiceSpec, faults: Faults) -> None:
    new, old = after.clusterIPs or [], before.clusterIPs or []
    if len(old) == len(new):
        for index, address in enumerate(old):
            if address != new[index]:
                faults.invalid(f"{_ADDRESSES}[{index}]", new, _FIXED)
        return
    if len(old) > len(new) == 0:
        faults.invalid(f"{_ADDRESSES}[0]", AsWritten(None), "primary clusterIP can not be unset")
    if old and new and new[0] != old[0]:
        faults.invalid(f"{_ADDRESSES}[0]", new, _FIXED)
    if len(old) > len(new) == 1 and after.ipFamilyPolicy != "SingleStack":
        what = "must be set to 'SingleStack' when releasing the secondary clusterIP"
        faults.invalid("spec.ipFamilyPolicy", after.ipFamilyPolicy, what)


def _check_families_kept(after: core_v1.ServiceSpec, before: core_v1.ServiceSpec, faults: Faults) -> None:
    new, old = after.ipFamilies or [], before.ipFamilies or []
    if len(old) == len(new):
        for index, family in enumerate(old):
            if family != new[index]:
                faults.invalid(f"{_FAMILY_LIST}[0]", new, _FIXED)
        return
    if len(old) > len(new) and not after.clusterIPs:
        faults.invalid(f"{_FAMILY_LIST}[0]", new, "primary ipFamily can not be unset")
    if old and new and new[0] != old[0]:
        faults.invalid(f"{_FAMILY_LIST}[0]", after.clusterIPs or [], _FIXED)
    if len(old) > len(new) == 1 and after.ipFamilyPolicy != "SingleStack":
        what = "must be set to 'SingleStack' when releasing the secondary ipFamily"
        faults.invalid("spec.ipFamilyPolicy", after.ipFamilyPolicy, what)
