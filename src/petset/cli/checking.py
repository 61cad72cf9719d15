"""The server's own checks, run on the manifests before anything is sent: strict fields, defaults, every rule.

A mistake in the last document is found before the first is applied, even where the server could not try it (its
namespace comes with the same manifests).
"""

from collections.abc import Sequence

from petset.api.decode import decode
from petset.api.defaults import apply_defaults
from petset.api.errors import ApiError
from petset.api.gates import Gates
from petset.api.validation import check_create
from petset.cli.applying import kind_of, namespace_of
from petset.cli.manifests.reading import Manifest
from petset.cli.surroundings import CommandFailure
from petset.registry.gated import drop_disabled


def check(manifests: Sequence[Manifest], gates: Gates) -> None:
    """Raise CommandFailure, naming file, field and remedy, for the first manifest that no server would take."""
    seen: dict[tuple[str, str, str], str] = {}
    for manifest in manifests:
        kind = kind_of(manifest)
        namespace = namespace_of(manifest, kind)
        key = (kind.qualified, namespace, manifest.name)
        if key in seen:
            raise CommandFailure(f"{manifest.place}: {kind.singular} {manifest.name} stands already at {seen[key]}")
        seen[key] = manifest.place
        metadata = {**manifest.document["metadata"], **({"namespace": namespace} if namespace else {})}
        try:
            decoded = decode(kind, {**manifest.document, "metadata": metadata}, field_validation="Strict")
            apply_defaults(kind, decoded.obj, gates)
            drop_disabled(kind, decoded.obj, None, gates)
            check_create(kind, decoded.obj, gates)
        except ApiError as error:
            raise CommandFailure(f"{manifest.place}: {error}") from error
