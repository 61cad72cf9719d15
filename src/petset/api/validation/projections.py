"""Volumes of files that the cluster writes: ConfigMaps, Secrets, facts about the pod, tokens, or all in one."""

from typing import Any

from petset.api import names
from petset.api.known import Known, bytes_of
from petset.api.models import core_v1
from petset.api.validation.field_refs import VOLUME_FIELDS, check_field_ref, check_resource_ref
from petset.api.validation.fields import AsWritten, Faults
from petset.api.validation.paths import check_file, check_mode
from petset.api.validation.selectors import check_label_selector

_TWICE = "conflicting duplicate paths"
_TEN_MINUTES = 600
FOUND_GOOD: Known[bool] = Known()


def check_keys(path: str, source: Any, name: str | None, field: str, faults: Faults) -> None:
    """The keys of one ConfigMap or Secret as files; `field` says where its name stands."""
    if not name:
        faults.required(f"{path}.{field}")
    check_mode(f"{path}.defaultMode", source.defaultMode, faults)
    _check_items(f"{path}.items", source.items or [], faults)


def _check_items(path: str, items: list[core_v1.KeyToPath], faults: Faults) -> None:
    for index, item in enumerate(items):
        here = f"{path}[{index}]"
        if not item.key:
            faults.required(f"{here}.key")
        if not item.path:
            faults.required(f"{here}.path")
        check_file(f"{here}.path", item.path, faults)
        check_mode(f"{here}.mode", item.mode, faults)


def check_downward(path: str, source: core_v1.DownwardAPIVolumeSource, faults: Faults) -> None:
    """Facts about the pod as files. As in Kubernetes, the path does not say which file is at fault."""
    check_mode(f"{path}.defaultMode", source.defaultMode, faults)
    for file in source.items or ():
        _check_fact(path, file, faults)


def _check_fact(path: str, file: core_v1.DownwardAPIVolumeFile, faults: Faults) -> None:
    if not file.path:
        faults.required(f"{path}.path")
    check_file(f"{path}.path", file.path, faults)
    if file.fieldRef is not None:
        check_field_ref(f"{path}.fieldRef", file.fieldRef, VOLUME_FIELDS, faults)
        if file.resourceFieldRef is not None:
            faults.invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously")
    elif file.resourceFieldRef is not None:
        check_resource_ref(f"{path}.resourceFieldRef", file.resourceFieldRef, faults, of_volume=True)
    else:
        faults.required(path, "one of fieldRef and resourceFieldRef is required")
    check_mode(f"{path}.mode", file.mode, faults)


def check_projected(path: str, source: core_v1.ProjectedVolumeSource, faults: Faults) -> None:
    """Several sources in one directory, where each file has a path of its own. The server gives one to each pod."""
    part, found = bytes_of(source), len(faults.causes)
    if FOUND_GOOD.get(part):
        return
    check_mode(f"{path}.defaultMode", source.defaultMode, faults)
    taken: set[str] = set()
    for index, each in enumerate(source.sources or ()):
        _Part(path, f"{path}.sources[{index}]", taken, faults).check(each)
    if len(faults.causes) == found:
        FOUND_GOOD.put(part, True)


class _Part:
    """One source of a projected volume; `taken` are the paths of those before it."""

    def __init__(self, volume: str, path: str, taken: set[str], faults: Faults) -> None:
        self.volume, self.path, self.taken, self.faults = volume, path, taken, faults

    def check(self, part: core_v1.VolumeProjection) -> None:
        for name in ("secret", "configMap"):
            source = getattr(part, name)
            if source is not None:
                self._keys(f"{self.path}.{name}", source)
        if part.downwardAPI is not None:
            for file in part.downwardAPI.items or ():
                _check_fact(f"{self.path}.downwardAPI", file, self.faults)
                self._take(file.path, file.path)
        if part.serviceAccountToken is not None:
            self._token(f"{self.path}.serviceAccountToken", part.serviceAccountToken)
        if part.clusterTrustBundle is not None:
            self._bundle(f"{self.path}.clusterTrustBundle", part.clusterTrustBundle)
        if sum(getattr(part, name) is not None for name in part.__struct_fields__) > 1:
            self.faults.forbidden(self.path, "may not specify more than 1 volume type per source")

    def _take(self, path: str, shown: str) -> None:
        if path and path in self.taken:
            self.faults.invalid(self.volume, shown, _TWICE)
        self.taken.add(path)

    def _keys(self, path: str, source: Any) -> None:
        if not source.name:
            self.faults.required(f"{path}.name")
        _check_items(f"{path}.items", source.items or [], self.faults)
        for item in source.items or ():
            self._take(item.path, source.name or "")

    def _token(self, path: str, token: core_v1.ServiceAccountTokenProjection) -> None:
        seconds = token.expirationSeconds or 0
        if seconds < _TEN_MINUTES:
            what = "may not specify a duration less than 10 minutes"
            self.faults.invalid(f"{path}.expirationSeconds", seconds, what)
        if seconds > 2**32:
            what = "may not specify a duration larger than 2^32 seconds"
            self.faults.invalid(f"{path}.expirationSeconds", seconds, what)
        if not token.path:
            self.faults.required(f"{self.volume}.path")
        else:
            check_file(f"{self.volume}.path", token.path, self.faults)

    def _bundle(self, path: str, bundle: core_v1.ClusterTrustBundleProjection) -> None:
        """Certificates, of one bundle by its name or of all bundles of a signer."""
        if bundle.name is not None and bundle.signerName is not None:
            self.faults.invalid(path, AsWritten(_as_go(bundle)), "only one of name and signerName may be used")
        elif bundle.name is not None:
            self._bundle_name(path, bundle.name)
            if bundle.labelSelector is not None:
                what = "labelSelector must be unset if name is specified"
                self.faults.invalid(f"{path}.labelSelector", bundle.labelSelector, what)
        elif bundle.signerName is not None:
            if not bundle.signerName:
                self.faults.required(f"{path}.signerName", "must be a valid signer name")
            check_label_selector(f"{path}.labelSelector", bundle.labelSelector, self.faults)
        else:
            self.faults.required(path, "either name or signerName must be specified")
        if not bundle.path:
            self.faults.required(f"{path}.path")
        check_file(f"{path}.path", bundle.path, self.faults)
        self._take(bundle.path, bundle.path)

    def _bundle_name(self, path: str, name: str) -> None:
        if not name:
            self.faults.required(f"{path}.name", "must be a valid object name")
        for complaint in names.dns_subdomain(name.rpartition(":")[2]):
            self.faults.invalid(f"{path}.name", name, f"not a valid clustertrustbundlename: {complaint}")


def _as_go(bundle: core_v1.ClusterTrustBundleProjection) -> dict[str, Any]:
    return {
        "Name": bundle.name,
        "SignerName": bundle.signerName,
        "LabelSelector": bundle.labelSelector,
        "Optional": bundle.optional,
        "Path": bundle.path,
    }
