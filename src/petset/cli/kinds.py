"""Of which kind a manifest is: built in, defined by a manifest beside it, or served by the running server.

The first two are known before the server answers. Only what is left is asked of its discovery, and what is in none
of the three is told of before anything is applied.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from msgspec import structs

from petset.api.definitions import ESTABLISHED, Definition
from petset.api.kinds import Kind, by_model, by_type
from petset.api.models import apiextensions_v1
from petset.api.untyped import Untyped, model_of
from petset.cli.connection import Connection, Refused
from petset.cli.manifests.reading import Manifest
from petset.cli.surroundings import CommandFailure

_DEFINITIONS = by_model(Definition)


def known_kind(manifest: Manifest) -> Kind | None:
    """The kind a manifest is of; None where the running server has yet to be asked.

    Raises CommandFailure for a kind that no definition can add: their groups are domains, with a dot.
    """
    kind = by_type(manifest.api_version, manifest.kind) or manifest.custom
    if kind is None and "." not in manifest.group:
        raise _unknown(manifest)
    return kind


def kind_of(manifest: Manifest) -> Kind:
    """The kind a manifest is of. Raises CommandFailure for one that nobody defines."""
    kind = known_kind(manifest)
    if kind is None:
        raise _unknown(manifest)
    return kind


def namespace_of(manifest: Manifest, kind: Kind) -> str:
    """The namespace a manifest lands in: `default` where it names none, empty for kinds that have none."""
    return (manifest.namespace or "default") if kind.namespaced else ""


def is_definition(manifest: Manifest) -> bool:
    """Whether it is a CustomResourceDefinition."""
    return (manifest.api_version, manifest.kind) == (_DEFINITIONS.api_version, _DEFINITIONS.name)


def is_stateful_set(manifest: Manifest) -> bool:
    """Whether it is a set of ours: other groups have kinds of that name, too."""
    return (manifest.api_version, manifest.kind) == ("apps/v1", "StatefulSet")


def type_of(manifest: Manifest) -> tuple[str, str]:
    """The group and kind of an object, whatever its version."""
    return manifest.group, manifest.kind


def type_defined_by(manifest: Manifest) -> tuple[str, str]:
    """The group and kind that a definition adds."""
    spec = manifest.document["spec"]
    return spec["group"], spec["names"]["kind"]


def with_defined(manifests: Sequence[Manifest], definitions: Mapping[str, Definition]) -> list[Manifest]:
    """The manifests, objects of kinds that are defined beside them knowing their kind.

    `definitions` are those among them, by place. Raises CommandFailure for a version that its definition does not
    serve.
    """
    found = {place: list(_added_by(definition)) for place, definition in definitions.items()}
    places = {(kind.group, kind.name): place for place, kinds in found.items() for kind in kinds}

    def known(manifest: Manifest) -> Manifest:
        place = places.get(type_of(manifest))
        if place is None or by_type(manifest.api_version, manifest.kind) is not None:
            return manifest
        for kind in found[place]:
            if kind.api_version == manifest.api_version:
                return replace(manifest, custom=kind)
        served = ", ".join(kind.api_version for kind in found[place])
        raise CommandFailure(
            f"{manifest.place}: the definition at {place} does not serve {manifest.kind} in "
            f"{manifest.api_version}; it serves {served}"
        )

    return [known(manifest) for manifest in manifests]


def _added_by(definition: Definition) -> Iterator[Kind]:
    """The kinds that will be served once it is established."""
    from petset.api.custom.definition import kinds_of  # only where there are definitions

    names = definition.spec.names
    established = apiextensions_v1.CustomResourceDefinitionCondition(type=ESTABLISHED, status="True")
    status = apiextensions_v1.CustomResourceDefinitionStatus(acceptedNames=names, conditions=[established])
    kinds = kinds_of(structs.replace(definition, status=status), model_of(names.kind))
    return (kind for kind in kinds if kind.verbs)


def with_served(manifests: Sequence[Manifest], connection: Connection) -> list[Manifest]:
    """The manifests, each knowing its kind. Raises CommandFailure for one of a kind that the server does not have;
    Refused and Unreachable."""
    asked: dict[str, dict[str, Kind]] = {}

    def known(manifest: Manifest) -> Manifest:
        if known_kind(manifest) is not None:
            return manifest
        version = manifest.api_version
        if version not in asked:
            asked[version] = {kind.name: kind for kind in _discovered(connection, version)}
        kind = asked[version].get(manifest.kind)
        if kind is None:
            raise _unknown(manifest)
        return replace(manifest, custom=kind)

    return [known(manifest) for manifest in manifests]


def _discovered(connection: Connection, api_version: str) -> Iterator[Kind]:
    group, _, version = api_version.partition("/")
    try:
        resources = connection.get(f"/apis/{api_version}")["resources"]
    except Refused as refused:
        if refused.code != 404:
            raise
        return
    for row in resources:
        if "/" not in row["name"]:  # a sub-resource has the kind of its body
            yield Kind(group, version, row["kind"], row["name"], Untyped, namespaced=row["namespaced"])


def _unknown(manifest: Manifest) -> CommandFailure:
    what = f"{manifest.place}: there is no kind {manifest.kind} in {manifest.api_version}"
    if "." not in manifest.group:
        return CommandFailure(f"{what}; 'kubectl api-resources' lists what there is")
    return CommandFailure(
        f"{what}; give its CustomResourceDefinition with -f, too, or see 'kubectl api-resources' for what there is"
    )
