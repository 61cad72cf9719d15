"""The `scale` of custom objects: their definition says where the numbers stand."""

from typing import Any, NamedTuple

from petset.api import objects
from petset.api.errors import ApiError
from petset.api.kinds import Kind
from petset.api.models import apiextensions_v1
from petset.api.untyped import Untyped


class Numbers(NamedTuple):
    """What a Scale says of its object: the replicas that are wanted and there, and which pods they are."""

    wanted: int | None
    present: int
    selector: str | None


def numbers(kind: Kind, obj: Untyped) -> Numbers:
    """Raises ApiError where the replicas are not there to be read."""
    paths = _paths(kind)
    wanted = _at(obj.content, paths.specReplicasPath)
    if wanted is None:
        raise ApiError(f'the spec replicas field "{paths.specReplicasPath}" does not exist')
    selector = _at(obj.content, paths.labelSelectorPath) if paths.labelSelectorPath else None
    return Numbers(wanted, _at(obj.content, paths.statusReplicasPath) or 0, selector)


def with_replicas(kind: Kind, obj: Untyped, replicas: int) -> Untyped:
    """The same object with other replicas."""
    return objects.replace(obj, content=_with(obj.content, _parts(_paths(kind).specReplicasPath), replicas))


def as_document(kind: Kind, replicas: int) -> dict[str, Any]:
    """An object of which nothing is said but its replicas."""
    return _with({}, _parts(_paths(kind).specReplicasPath), replicas)


def _paths(kind: Kind) -> apiextensions_v1.CustomResourceSubresourceScale:
    found = kind.custom.scale if kind.custom is not None else None
    assert found is not None, "only kinds with a scale are asked for it"
    return found


def _parts(path: str) -> list[str]:
    return path.removeprefix(".").split(".")


def _at(content: Any, path: str) -> Any:
    for name in _parts(path):
        content = content.get(name) if isinstance(content, dict) else None
    return content


def _with(content: Any, path: list[str], value: int) -> dict[str, Any]:
    members = content if isinstance(content, dict) else {}
    name, *rest = path
    return {**members, name: _with(members.get(name), rest, value) if rest else value}
