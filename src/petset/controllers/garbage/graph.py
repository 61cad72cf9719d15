"""Who refers to whom, by uid, across all kinds: kept up from the informers, one entry per change."""

from collections.abc import Iterator
from typing import Any

from petset.api.kinds import Kind
from petset.api.objects import Object, is_terminating, meta, name_of, namespace_of, uid_of
from petset.controllers.garbage.model import Identity, Node, Reference


def node_of(kind: Kind, obj: Object, version: str = "") -> Node:
    """An object's place in the graph. `version` is given where a decision about just this one follows."""
    return Node(
        identity=Identity(kind.api_version, kind.name, namespace_of(obj), name_of(obj), uid_of(obj)),
        owners=tuple(
            Reference(o.apiVersion, o.kind, o.name, o.uid, bool(o.blockOwnerDeletion), bool(o.controller))
            for o in meta(obj).ownerReferences or ()
        ),
        finalizers=tuple(meta(obj).finalizers or ()),
        terminating=is_terminating(obj),
        version=version,
    )


def is_same_node(old: Object, new: Object) -> bool:
    """Both versions of an object have the same place in the graph: all that changed is none of its business."""
    before, after = meta(old), meta(new)
    return (
        before.ownerReferences == after.ownerReferences
        and before.finalizers == after.finalizers
        and is_terminating(old) == is_terminating(new)
    )


class Graph:
    """The nodes that exist, and the dependents of each uid, of those too that are not there (any more)."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._dependents: dict[
            str, dict[str, None]
        ] = {}  # by the owner's uid: the dependents', in order of arrival
        self._buried: dict[str, None] = {}

    def put(self, node: Node) -> None:
        """The object is there, as described."""
        uid = node.identity.uid
        self._unlink(self._nodes.get(uid))
        self._nodes[uid] = node
        for owner in node.owners:
            self._dependents.setdefault(owner.uid, {})[uid] = None

    def remove(self, uid: str) -> None:
        """The object is gone for good: a uid is never given twice."""
        self._unlink(self._nodes.pop(uid, None))
        self._buried[uid] = None
        if len(self._buried) > MOST_BURIED:
            del self._buried[next(iter(self._buried))]

    def get(self, uid: str) -> Node | None:
        """The node with this uid, if it is there."""
        return self._nodes.get(uid)

    def is_buried(self, uid: str) -> bool:
        """Whether the object was there and has been seen to go: no need to ask the API."""
        return uid in self._buried

    def dependents(self, uid: str) -> Iterator[Node]:
        """Everything that refers to this uid."""
        for dependent in self._dependents.get(uid, ()):
            yield self._nodes[dependent]

    def _unlink(self, node: Node | None) -> None:
        for owner in node.owners if node else ():
            group: dict[str, Any] = self._dependents.get(owner.uid, {})
            group.pop(node.identity.uid if node else "", None)
            if not group:
                self._dependents.pop(owner.uid, None)


MOST_BURIED = 10_000
"""How many uids of the dead are remembered; for older ones the API is asked again."""
