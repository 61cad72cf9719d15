"""What one version of a CustomResourceDefinition makes of its kind: the row of discovery, and all that hangs on it.

The schema is worked out when it is first needed: most kinds of a cluster with many operators are never written to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from petset.api import reading, strict
from petset.api.canonical import check_depth, settle
from petset.api.custom import defaulting, parts, structural
from petset.api.custom.columns import Columns, columns_of
from petset.api.custom.jsonpath import Path, compiled
from petset.api.custom.pruning import pruned
from petset.api.custom.structural import Schema
from petset.api.definitions import ESTABLISHED, TERMINATING, Definition, is_true, version_order
from petset.api.embedded import with_kept
from petset.api.encode import to_document
from petset.api.errors import ApiError
from petset.api.kinds import Kind
from petset.api.models import apiextensions_v1, meta_v1
from petset.api.ownership.parts import Part
from petset.api.untyped import METADATA, Untyped

if TYPE_CHECKING:
    from petset.api.custom.rules import Ruled
    from petset.api.custom.validating import Validator

Version = apiextensions_v1.CustomResourceDefinitionVersion


@dataclass(frozen=True, eq=False)
class Custom:
    """One version of a definition. `storage_version` is the one in which objects are stored."""

    version: Version
    singular: str
    list_name: str
    group: str
    storage_version: str
    terminating: bool = False
    conversion: apiextensions_v1.WebhookConversion | None = None
    """Whom to ask for another version; None where versions differ in their names alone."""

    @cached_property
    def schema(self) -> Schema:
        """Of the whole object, which has a type and metadata like one that is embedded in another."""
        found = structural.parse(self.schema_document)
        return msgspec.structs.replace(found, embedded=True)

    @cached_property
    def schema_document(self) -> dict[str, Any]:
        """The same as it was written."""
        schema = self.version.schema.openAPIV3Schema if self.version.schema else None
        return to_document(schema) if schema is not None else {"x-kubernetes-preserve-unknown-fields": True}

    @cached_property
    def validator(self) -> "Validator":
        """Checks whole objects."""
        from petset.api.custom.validating import Validator  # only where objects are written

        return Validator(self.schema_document)

    @cached_property
    def status_validator(self) -> "Validator":
        """Checks what stands under `status`."""
        from petset.api.custom.validating import Validator  # only where objects are written

        return Validator(self.schema_document.get("properties", {}).get("status", {}), "status")

    @cached_property
    def has_rules(self) -> bool:
        """Whether there is any rule to be checked."""
        return any(True for _ in structural.rules_of(self.schema))

    @cached_property
    def selectable(self) -> dict[str, Path]:
        """The fields that field selectors may name, besides name and namespace."""
        paths = (field.jsonPath for field in self.version.selectableFields or ())
        return {path.removeprefix("."): compiled(path) for path in paths}

    @cached_property
    def rules(self) -> "Ruled | None":
        """The rules, compiled. Raises RuleError."""
        from petset.api.custom.rules import compiled  # only where there are rules

        return compiled(self.schema)

    @cached_property
    def part(self) -> Part:
        """The object as field ownership sees it."""
        return parts.part_of(self.schema)

    @cached_property
    def columns(self) -> Columns:
        """What a table shows."""
        return columns_of(self.version.additionalPrinterColumns or ())

    def says_the_same_as(self, other: "Custom") -> bool:
        """Whether objects look the same by both: definitions also change in what concerns no object."""
        return self._of_objects == other._of_objects

    @property
    def _of_objects(self) -> tuple[object, ...]:
        return self.version, self.storage_version, self.conversion

    def deprecation(self, kind: Kind) -> str:
        """What its users are to be told of this version; empty for one that has a future."""
        if not self.version.deprecated:
            return ""
        return self.version.deprecationWarning or f"{kind.api_version} {kind.name} is deprecated"

    @property
    def has_status(self) -> bool:
        """Whether the status is written through a sub-resource of its own."""
        return self.version.subresources is not None and self.version.subresources.status is not None

    @property
    def scale(self) -> apiextensions_v1.CustomResourceSubresourceScale | None:
        """Where the number of replicas stands, in kinds that can be scaled."""
        return self.version.subresources.scale if self.version.subresources else None

    @property
    def stored_api_version(self) -> str:
        """The `apiVersion` of stored objects."""
        return f"{self.group}/{self.storage_version}"

    def read(self, kind: Kind, document: dict[str, Any]) -> tuple[Untyped, list[str]]:
        """The object that a document describes, and what of it is unknown or repeated.

        Raises reading.Mismatch or canonical.Misfit.
        """
        metadata = document.get("metadata")
        content = reading.read_any(check_depth(without_type(document)))
        found = strict.duplicates(document)
        if isinstance(metadata, dict):
            found += strict.complaints(meta_v1.ObjectMeta, metadata, "metadata.")
        dropped: list[str] = []
        content = pruned(self.schema, content, "", dropped)
        found += [f'unknown field "{path}"' for path in dropped]
        self.complete(content)
        return self._made(kind, _read_metadata(metadata), content), found

    def complete(self, content: dict[str, Any]) -> None:
        """Fill in defaults, in place."""
        defaulting.fill(self.schema, content)
        defaulting.drop_nulls(self.schema, content)

    def shown(self, kind: Kind, stored: Untyped) -> Untyped:
        """A stored object as this version has it: what the schema has learnt since it was stored is made up for."""
        if stored.apiVersion != kind.api_version:
            self._require_convertible(kind)
        content = pruned(self.schema, stored.content, "", [])
        self.complete(content)
        if content == stored.content and stored.apiVersion == kind.api_version:
            return stored
        return self._made(kind, stored.metadata, content)

    def as_stored(self, obj: Untyped) -> Untyped:
        """An object of this version as it is stored, where versions differ in their name alone.

        Where a webhook tells them apart it has been asked before, and nothing is left to do.
        """
        if obj.apiVersion == self.stored_api_version or self.conversion is not None:
            return obj
        return msgspec.structs.replace(obj, apiVersion=self.stored_api_version)

    def _require_convertible(self, kind: Kind) -> None:
        """Raises ApiError where a webhook would have to be asked first, and nobody has.

        Whoever works with objects in the version that is stored sees older ones of them as they are: their metadata
        is the same.
        """
        if self.conversion is not None and kind.version != self.storage_version:
            raise ApiError(
                f"objects cannot be selected by fields of {kind.api_version}, which only a webhook knows: "
                f"select by labels, or by fields of {self.stored_api_version}"
            )

    def _made(self, kind: Kind, metadata: meta_v1.ObjectMeta | None, content: dict[str, Any]) -> Untyped:
        made: Untyped = kind.model(apiVersion=kind.api_version, kind=kind.name, metadata=metadata, content=content)
        return made


def without_type(document: dict[str, Any]) -> dict[str, Any]:
    """The fields of a document that are its kind's own."""
    return {name: value for name, value in document.items() if name not in METADATA}


def _read_metadata(value: Any) -> meta_v1.ObjectMeta:
    if value is None:
        return meta_v1.ObjectMeta()
    try:
        return settle(msgspec.convert(with_kept(value), meta_v1.ObjectMeta))
    except (msgspec.ValidationError, ValueError):  # also texts that are no UTF-8
        read: meta_v1.ObjectMeta = reading.read_at(meta_v1.ObjectMeta, value, "metadata")
        return settle(read)


def kinds_of(definition: Definition, model: type[Untyped]) -> Iterator[Kind]:
    """The kinds that an established definition adds, the preferred version first; none before it is established.

    A version that is stored and not served is among them with no verbs.
    """
    status, spec = definition.status, definition.spec
    accepted = status.acceptedNames if status is not None else None
    if accepted is None or not is_true(definition, ESTABLISHED):
        return
    storage = next((v.name for v in spec.versions if v.storage), "")
    for version in sorted(spec.versions, key=lambda v: version_order(v.name)):
        if not version.served and not version.storage:
            continue
        custom = Custom(
            version=version,
            singular=accepted.singular or accepted.kind.lower(),
            list_name=accepted.listKind or f"{accepted.kind}List",
            group=spec.group,
            storage_version=storage,
            terminating=is_true(definition, TERMINATING),
            conversion=_conversion(spec),
        )
        yield Kind(
            spec.group,
            version.name,
            accepted.kind,
            accepted.plural,
            model,
            namespaced=spec.scope == "Namespaced",
            short_names=tuple(accepted.shortNames or ()),
            categories=tuple(accepted.categories or ()),
            subresources=_subresources(custom),
            verbs=Kind.verbs if version.served else (),
            custom=custom,
        )


def _conversion(spec: apiextensions_v1.CustomResourceDefinitionSpec) -> apiextensions_v1.WebhookConversion | None:
    conversion = spec.conversion
    return conversion.webhook if conversion is not None and conversion.strategy == "Webhook" else None


def _subresources(custom: Custom) -> tuple[str, ...]:
    return (*(("status",) if custom.has_status else ()), *(("scale",) if custom.scale is not None else ()))
