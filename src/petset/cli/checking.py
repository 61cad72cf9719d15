"""The server's own checks, run on the manifests before anything is sent: strict fields, defaults, every rule.

A mistake in the last document is found before the first is applied, even where the server could not try it (its
namespace, or the definition of its kind, comes with the same manifests).
"""

from collections.abc import Sequence
from typing import Any

from petset.api.decode import decode
from petset.api.defaults import apply_defaults
from petset.api.errors import ApiError
from petset.api.gates import Gates
from petset.api.kinds import Kind
from petset.api.validation import check_create
from petset.cli.kinds import is_definition, kind_of, known_kind, namespace_of, with_defined
from petset.cli.manifests.reading import Manifest
from petset.cli.surroundings import CommandFailure
from petset.registry.forms import stored_kind, to_stored
from petset.registry.gated import drop_disabled


def check(manifests: Sequence[Manifest], gates: Gates) -> list[Manifest]:
    """The manifests, those of kinds that are defined beside them knowing their kind.

    Raises CommandFailure, naming file, field and remedy, for the first one that no server would take. What is of a
    kind that only the running server can know is left to it.
    """
    definitions = {m.place: _checked(m, kind_of(m), gates) for m in manifests if is_definition(m)}
    known = with_defined(manifests, definitions)
    _refuse_repeated(known)
    for manifest in known:
        kind = known_kind(manifest)
        if kind is not None and not is_definition(manifest):
            _checked(manifest, kind, gates)
    return known


def _refuse_repeated(manifests: Sequence[Manifest]) -> None:
    seen: dict[tuple[str, str, str, str], str] = {}
    for manifest in manifests:
        kind = known_kind(manifest)
        namespace = namespace_of(manifest, kind) if kind else manifest.namespace or "default"
        key = (manifest.group, manifest.kind, namespace, manifest.name)
        if key in seen:
            what = manifest.kind.lower()
            raise CommandFailure(f"{manifest.place}: {what} {manifest.name} stands already at {seen[key]}")
        seen[key] = manifest.place


def _checked(manifest: Manifest, kind: Kind, gates: Gates) -> Any:
    """The object as the server would take it, defaults filled in."""
    namespace = namespace_of(manifest, kind)
    metadata = {**manifest.document["metadata"], **({"namespace": namespace} if namespace else {})}
    try:
        decoded = decode(kind, {**manifest.document, "metadata": metadata}, field_validation="Strict")
        kind, obj = stored_kind(kind), to_stored(kind, decoded.obj)
        apply_defaults(kind, obj, gates)
        drop_disabled(kind, obj, None, gates)
        check_create(kind, obj, gates)
    except ApiError as error:
        raise CommandFailure(f"{manifest.place}: {error}") from error
    return obj
