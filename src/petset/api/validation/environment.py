"""Environment variables, and where their values come from."""

from petset.api import names
from petset.api.models import core_v1
from petset.api.validation.field_refs import ENVIRONMENT_FIELDS, check_field_ref, check_resource_ref
from petset.api.validation.fields import Faults
from petset.api.validation.paths import check_inside

_ONE_OF = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
_ONLY_ONE = "may not have more than one field specified at a time"


def check_environment(path: str, variables: list[core_v1.EnvVar], faults: Faults) -> None:
    """The variables of a container."""
    for index, variable in enumerate(variables):
        here = f"{path}[{index}]"
        if not variable.name:
            faults.required(f"{here}.name")
        else:
            faults.each(f"{here}.name", variable.name, names.env_name(variable.name))
        if variable.valueFrom is not None:
            _check_source(f"{here}.valueFrom", variable.valueFrom, variable.value or "", faults)


def _check_source(path: str, source: core_v1.EnvVarSource, value: str, faults: Faults) -> None:
    if source.fieldRef is not None:
        check_field_ref(f"{path}.fieldRef", source.fieldRef, ENVIRONMENT_FIELDS, faults)
    if source.resourceFieldRef is not None:
        check_resource_ref(f"{path}.resourceFieldRef", source.resourceFieldRef, faults)
    if source.configMapKeyRef is not None:
        _check_key(f"{path}.configMapKeyRef", source.configMapKeyRef, faults)
    if source.secretKeyRef is not None:
        _check_key(f"{path}.secretKeyRef", source.secretKeyRef, faults)
    if source.fileKeyRef is not None:
        _check_file_key(f"{path}.fileKeyRef", source.fileKeyRef, faults)
    given = sum(getattr(source, name) is not None for name in source.__struct_fields__)
    if not given:
        faults.invalid(path, "", _ONE_OF)
    elif value:
        faults.invalid(path, "", "may not be specified when `value` is not empty")
    elif given > 1:
        faults.invalid(path, "", _ONLY_ONE)


def _check_key(path: str, key: core_v1.ConfigMapKeySelector | core_v1.SecretKeySelector, faults: Faults) -> None:
    name = key.name or ""
    faults.each(f"{path}.name", name, names.dns_subdomain(name))
    if not key.key:
        faults.required(f"{path}.key")
    else:
        faults.each(f"{path}.key", key.key, names.config_key(key.key))


def _check_file_key(path: str, key: core_v1.FileKeySelector, faults: Faults) -> None:
    if not key.key:
        faults.required(f"{path}.key")
    else:
        faults.each(f"{path}.key", key.key, names.env_name(key.key))
    if not key.volumeName:
        faults.required(f"{path}.volumeName")
    else:
        faults.each(f"{path}.volumeName", key.volumeName, names.dns_label(key.volumeName))
    if not key.path:
        faults.required(f"{path}.path")
    else:
        check_inside(f"{path}.path", key.path, faults)


def check_env_from(path: str, sources: list[core_v1.EnvFromSource], faults: Faults) -> None:
    """Whole ConfigMaps and Secrets as variables. Which element is at fault Kubernetes tells of names alone."""
    for index, source in enumerate(sources):
        here = f"{path}[{index}]"
        if source.prefix:
            faults.each(f"{here}.prefix", source.prefix, names.env_name(source.prefix))
        given = [name for name in ("configMapRef", "secretRef") if getattr(source, name) is not None]
        for field in given:
            name = getattr(source, field).name
            if not name:
                faults.required(f"{here}.{field}.name")
            else:
                faults.each(f"{here}.{field}.name", name, names.dns_subdomain_prefix(name))
        if not given:
            faults.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(given) > 1:
            faults.invalid(path, "", _ONLY_ONE)
