"""CustomResourceDefinitions: names, versions, columns and sub-resources. Their schemas are for `custom.structure`.

Kubernetes keeps what all versions share in one place, and names it so in what it says: `spec.validation`, not
`spec.versions[0].schema`. With one version everything is shared.
"""

import re
from typing import Any

from petset.api import names
from petset.api.definitions import APPROVED, ESTABLISHED, Definition, approval, is_protected, is_true
from petset.api.encode import to_document
from petset.api.models import apiextensions_v1
from petset.api.objects import meta
from petset.api.validation.fields import AsWritten, Faults
from petset.api.validation.webhooks import check_client, check_review_versions

Spec = apiextensions_v1.CustomResourceDefinitionSpec
Version = apiextensions_v1.CustomResourceDefinitionVersion

_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS = (
    "binary", "byte", "date", "date-time", "double", "float", "int32", "int64", "name", "password",
)  # fmt: skip
_STATUS_PATH = re.compile(r"\.status(\.[A-Za-z0-9_-]+|\['[^']+'\])+")
_SPEC_PATH = re.compile(r"\.spec(\.[A-Za-z0-9_-]+|\['[^']+'\])+")


def check_definition(definition: Definition, faults: Faults) -> None:
    """A definition as a whole."""
    _check_approval(definition, None, faults)
    _check_what_it_says(definition, None, faults)


def _check_what_it_says(definition: Definition, old: Definition | None, faults: Faults) -> None:
    spec = definition.spec
    _check_group(definition, faults)
    name, expected = meta(definition).name or "", f"{spec.names.plural}.{spec.group}"
    if name != expected:
        faults.invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')
    faults.one_of("spec.scope", spec.scope, ("Cluster", "Namespaced"))
    _check_names(spec.names, faults)
    if spec.preserveUnknownFields:
        instead = "set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        why = f"cannot set to true, {instead}"
        faults.invalid("spec.preserveUnknownFields", True, why)
    known = {version.name: version.schema for version in old.spec.versions} if old is not None else {}
    settled = {
        each.name for each in spec.versions if each.schema is not None and each.schema == known.get(each.name)
    }
    _check_versions(spec, settled, faults)
    _check_conversion(spec, faults)


def check_definition_update(new: Definition, old: Definition, faults: Faults) -> None:
    """What names the objects in the store may not change, nor may a version go in which objects are stored."""
    _check_approval(new, old, faults)
    _check_what_it_says(new, old, faults)
    faults.unchanged("spec.group", new.spec.group, old.spec.group)
    faults.unchanged("spec.names.plural", new.spec.names.plural, old.spec.names.plural)
    if is_true(old, ESTABLISHED):
        faults.unchanged("spec.scope", new.spec.scope, old.spec.scope)
        faults.unchanged("spec.names.kind", new.spec.names.kind, old.spec.names.kind)
    _check_stored_versions(new, faults)


def check_definition_status(new: Definition, old: Definition, faults: Faults) -> None:
    """A version may be forgotten once no object is stored in it."""
    _check_stored_versions(new, faults)


def _check_group(definition: Definition, faults: Faults) -> None:
    group = definition.spec.group
    if not group:
        faults.required("spec.group")
        return
    faults.each("spec.group", group, names.dns_subdomain(group))
    if "." not in group:
        faults.invalid("spec.group", group, "should be a domain with at least one dot")


def _check_approval(new: Definition, old: Definition | None, faults: Faults) -> None:
    """What was wrong before may stay wrong in the same way."""
    if not is_protected(new.spec.group):
        return
    annotation, path = _approved(new), f"metadata.annotations[{APPROVED}]"
    _, reason, why = approval(annotation)
    if old is not None and approval(_approved(old))[1] == reason:
        return
    if reason == "MissingAnnotation":
        faults.required(path, why)
    elif reason == "InvalidAnnotation":
        faults.invalid(path, annotation, why)


def _approved(definition: Definition) -> str:
    annotations: dict[str, str] = meta(definition).annotations or {}
    return annotations.get(APPROVED, "")


def _check_names(wanted: apiextensions_v1.CustomResourceDefinitionNames, faults: Faults) -> None:
    path = "spec.names"
    for name in ("plural", "singular"):
        text = getattr(wanted, name) or ""
        if text:
            faults.each(f"{path}.{name}", text, names.dns_1035_label(text))
        else:
            faults.required(f"{path}.{name}")
    for name in ("kind", "listKind"):
        text = getattr(wanted, name) or ""
        if text:
            complaints = names.dns_1035_label(text.lower())
            mixed = "may have mixed case, but should otherwise match: "
            faults.each(f"{path}.{name}", text, (mixed + each for each in complaints))
        else:
            faults.required(f"{path}.{name}")
    for name in ("shortNames", "categories"):
        for index, text in enumerate(getattr(wanted, name) or ()):
            faults.each(f"{path}.{name}[{index}]", text, names.dns_1035_label(text))
    if wanted.kind and wanted.kind == wanted.listKind:
        faults.invalid(f"{path}.listKind", wanted.listKind, "kind and listKind may not be the same")


def _check_versions(spec: Spec, settled: set[str], faults: Faults) -> None:
    """`settled` are the versions whose schemas were let in as they are: what has become stricter since is no
    hindrance to other changes."""
    versions = spec.versions
    listed = AsWritten([{"Name": v.name, "Served": v.served, "Storage": v.storage} for v in versions])
    for index, version in enumerate(versions):
        faults.each(f"spec.versions[{index}].name", version.name, names.dns_1035_label(version.name))
        if version.deprecationWarning is not None and not version.deprecated:
            why = "can only be set for deprecated versions"
            faults.invalid(f"spec.versions[{index}].deprecationWarning", version.deprecationWarning, why)
    if len({version.name for version in versions}) != len(versions):
        faults.invalid("spec.versions", listed, "must contain unique version names")
    if sum(version.storage for version in versions) != 1:
        faults.invalid("spec.versions", listed, "must have exactly one version marked as storage version")
    for field, shared, check in (
        ("schema", "validation", _check_schema),
        ("subresources", "subresources", _check_subresources),
        ("additionalPrinterColumns", "additionalPrinterColumns", _check_columns),
        ("selectableFields", "selectableFields", _check_selectable),
    ):
        if all(getattr(version, field) == getattr(versions[0], field) for version in versions):
            places = [(version, f"spec.{shared}") for version in versions[:1]]
        else:
            places = [(version, f"spec.versions[{index}].{field}") for index, version in enumerate(versions)]
        for version, path in places:
            if field != "schema" or version.name not in settled:
                check(version, path, faults)


def _check_schema(version: Version, path: str, faults: Faults) -> None:
    schema = version.schema.openAPIV3Schema if version.schema is not None else None
    if schema is None:
        faults.required(f"{path}.openAPIV3Schema", "schemas are required")
        return
    from petset.api.custom.structure import check_schema  # only where there are definitions

    check_schema(to_document(schema), f"{path}.openAPIV3Schema", faults)


def _check_subresources(version: Version, path: str, faults: Faults) -> None:
    scale = version.subresources.scale if version.subresources is not None else None
    if scale is None:
        return
    for name, pattern, under in (
        ("specReplicasPath", _SPEC_PATH, ".spec"),
        ("statusReplicasPath", _STATUS_PATH, ".status"),
    ):
        text = getattr(scale, name)
        if not text:
            faults.required(f"{path}.scale.{name}")
        elif not pattern.fullmatch(text):
            faults.invalid(f"{path}.scale.{name}", text, f"should be a json path under {under}")
    selector = scale.labelSelectorPath
    if selector and not (_SPEC_PATH.fullmatch(selector) or _STATUS_PATH.fullmatch(selector)):
        why = "should be a json path under either .spec or .status"
        faults.invalid(f"{path}.scale.labelSelectorPath", selector, why)


def _check_columns(version: Version, path: str, faults: Faults) -> None:
    from petset.api.custom.jsonpath import Malformed, compiled  # only where there are definitions

    for index, column in enumerate(version.additionalPrinterColumns or ()):
        at = f"{path}[{index}]"
        if not column.name:
            faults.required(f"{at}.name")
        if not column.type:
            faults.required(f"{at}.type", f"must be one of {','.join(_COLUMN_TYPES)}")
        elif column.type not in _COLUMN_TYPES:
            faults.invalid(f"{at}.type", column.type, f"must be one of {','.join(_COLUMN_TYPES)}")
        if column.format and column.format not in _COLUMN_FORMATS:
            faults.invalid(f"{at}.format", column.format, f"must be one of {','.join(_COLUMN_FORMATS)}")
        if not column.jsonPath:
            faults.required(f"{at}.jsonPath")
            continue
        try:
            compiled(column.jsonPath)
        except Malformed as error:
            faults.invalid(f"{at}.jsonPath", column.jsonPath, str(error))


def _check_selectable(version: Version, path: str, faults: Faults) -> None:
    schema = version.schema.openAPIV3Schema if version.schema is not None else None
    seen: set[str] = set()
    for index, field in enumerate(version.selectableFields or ()):
        at, text = f"{path}[{index}].jsonPath", field.jsonPath
        if not text:
            faults.required(at)
        elif text in seen:
            faults.duplicate(at, text)
        elif schema is not None:
            _check_selectable_path(to_document(schema), at, text, faults)
        seen.add(text)


def _check_selectable_path(schema: Any, at: str, text: str, faults: Faults) -> None:
    if not text.startswith("."):
        faults.invalid(at, text, "is an invalid path: expected [ or . but got: " + text.partition(".")[0])
        return
    if text.startswith(".metadata"):
        faults.invalid(at, text, "must not point to fields in metadata")
        return
    found: Any = schema
    for name in text[1:].split("."):
        found = (found.get("properties") or {}).get(name) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        faults.invalid(at, text, "is an invalid path: does not refer to a valid field")
    elif found.get("type") not in ("string", "boolean", "integer"):
        faults.invalid(
            at,
            text,
            "must point to a field of type string, boolean or integer. "
            "Enum string fields and strings with formats are allowed.",
        )


def _check_conversion(spec: Spec, faults: Faults) -> None:
    conversion, path = spec.conversion, "spec.conversion"
    if conversion is None:
        return
    faults.one_of(f"{path}.strategy", conversion.strategy, ("None", "Webhook"))
    webhook = conversion.webhook or apiextensions_v1.WebhookConversion(conversionReviewVersions=[])
    client, versions = webhook.clientConfig, webhook.conversionReviewVersions
    client_path, versions_path = f"{path}.webhookClientConfig", f"{path}.conversionReviewVersions"
    if conversion.strategy != "Webhook":
        why = "should not be set when strategy is not set to Webhook"
        if client is not None:
            faults.forbidden(client_path, why)
        if versions:
            faults.forbidden(versions_path, why)
        return
    if client is None:
        faults.required(client_path, "required when strategy is set to Webhook")
    else:
        check_client(client_path, client, faults)
    if not versions:
        faults.required(versions_path)
    else:
        check_review_versions(versions_path, versions, faults)


def _check_stored_versions(definition: Definition, faults: Faults) -> None:
    stored = (definition.status.storedVersions if definition.status else None) or []
    path, known = "status.storedVersions", [version.name for version in definition.spec.versions]
    if not stored:
        faults.invalid(path, stored, "must have at least one stored version")
    for version in definition.spec.versions:
        if version.storage and version.name not in stored:
            faults.invalid(path, stored, f"must have the storage version {version.name}")
    for index, name in enumerate(stored):
        if name not in known:
            faults.invalid(
                f"{path}[{index}]",
                name,
                "must appear in spec.versions",
            )
