"""Reads the objects a pod names, freshly, when they are needed.

A container must see what was written before its pod was: watches are only told afterwards, so they wake a worker
but never answer it. A read in the same process costs microseconds.
"""

import logging
from collections.abc import Iterable

from petset.api.errors import Forbidden, NotFound
from petset.api.models import core_v1, node_v1
from petset.client.port import Client
from petset.node.references import Reference, Referenced

_log = logging.getLogger(__name__)
_TYPES: dict[str, type[Referenced]] = {
    "ConfigMap": core_v1.ConfigMap,
    "Secret": core_v1.Secret,
    "PersistentVolumeClaim": core_v1.PersistentVolumeClaim,
    "PersistentVolume": core_v1.PersistentVolume,
}


class Reader:
    """What it does not find it leaves out: whether that matters is for those to say who asked."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def fetch(self, namespace: str, references: Iterable[Reference]) -> dict[Reference, Referenced]:
        """The objects behind the references, and for bound claims their volumes too."""
        found: dict[Reference, Referenced] = {}
        for reference in references:
            obj = await self._get(reference, namespace)
            if obj is None:
                continue
            found[reference] = obj
            if isinstance(obj, core_v1.PersistentVolumeClaim) and obj.spec and obj.spec.volumeName:
                bound = Reference("PersistentVolume", obj.spec.volumeName)
                volume = await self._get(bound, "")
                if volume is not None:
                    found[bound] = volume
        return found

    async def handler(self, runtime_class: str) -> str:
        """By what pods of a class are run. Raises NotFound."""
        return (await self._client.get(node_v1.RuntimeClass, runtime_class)).handler

    async def _get(self, reference: Reference, namespace: str) -> Referenced | None:
        try:
            return await self._client.get(_TYPES[reference.kind], reference.name, namespace)
        except NotFound:
            return None
        except Forbidden as error:  # the pod is gone, and with it the node's right to read what it named
            _log.info("left out: %s", error)
            return None
