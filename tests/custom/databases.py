"""A database operator's definition, as such a team would write it: everything a definition can say is in it."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import Any

from apiserver.asgi import Answer, Site
from controllers.cluster import Cluster, cluster

from petset.registry.roles import ensure_roles
from petset.testing.loop import run

Document = dict[str, Any]
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
DATABASES = "/apis/data.example.com/v1/namespaces/default/databases"
BETA = "/apis/data.example.com/v1beta1/namespaces/default/databases"

_PORT = {
    "type": "object",
    "required": ["name", "port"],
    "properties": {
        "name": {"type": "string", "maxLength": 15},
        "port": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 65535},
        "protocol": {"type": "string", "enum": ["TCP", "UDP"], "default": "TCP"},
    },
}
_USER = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
        "databases": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "superuser": {"type": "boolean", "default": False},
    },
}
_CONDITION = {
    "type": "object",
    "required": ["type", "status"],
    "properties": {
        "type": {"type": "string"},
        "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
        "reason": {"type": "string"},
        "lastTransitionTime": {"type": "string", "format": "date-time"},
    },
}
SPEC: Document = {
    "type": "object",
    "required": ["engine"],
    "properties": {
        "engine": {"type": "string", "enum": ["postgres", "mysql"], "description": "Which database to run."},
        "version": {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$", "default": "17"},
        "replicas": {"type": "integer", "minimum": 0, "maximum": 9, "default": 1},
        "maxUnavailable": {
            "x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}], "default": 1,
        },
        "storage": {
            "type": "object",
            "default": {},
            "properties": {
                "size": {"type": "string", "default": "1Gi"},
                "className": {"type": "string", "nullable": True},
            },
        },
        "settings": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 100}},
        "extra": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "users": {
            "type": "array", "maxItems": 5, "items": _USER,
            "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
        },
        "ports": {
            "type": "array", "items": _PORT,
            "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "protocol"],
        },
        "placement": {
            "type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": {"type": "string"},
        },
        "template": {
            "type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True,
        },
    },
}  # fmt: skip
STATUS: Document = {
    "type": "object",
    "properties": {
        "replicas": {"type": "integer"},
        "selector": {"type": "string"},
        "phase": {"type": "string"},
        "lastBackup": {"type": "string", "format": "date-time"},
        "conditions": {
            "type": "array", "items": _CONDITION,
            "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
        },
    },
}  # fmt: skip
COLUMNS: list[Document] = [
    {"name": "Engine", "type": "string", "jsonPath": ".spec.engine", "description": "Which database runs."},
    {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"},
    {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
    {"name": "Backup", "type": "date", "jsonPath": ".status.lastBackup", "priority": 1},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]
SCALE: Document = {
    "specReplicasPath": ".spec.replicas",
    "statusReplicasPath": ".status.replicas",
    "labelSelectorPath": ".status.selector",
}


def version(name: str = "v1", **more: Any) -> Document:
    """A version with everything; `more` replaces parts of it."""
    schema = {"type": "object", "required": ["spec"], "properties": {"spec": SPEC, "status": STATUS}}
    return deepcopy({
        "name": name,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}, "scale": SCALE},
        "additionalPrinterColumns": COLUMNS,
        "selectableFields": [{"jsonPath": ".spec.engine"}],
        **more,
    })  # fmt: skip


def definition(*versions: Document, plural: str = "databases", kind: str = "Database", **spec: Any) -> Document:
    """The definition of `databases.data.example.com`."""
    names: Document = {"plural": plural, "kind": kind}
    if plural == "databases":
        names |= {"singular": "database", "shortNames": ["db"], "categories": ["all", "data"]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.data.example.com"},
        "spec": {
            "group": "data.example.com",
            "scope": "Namespaced",
            "names": names,
            "versions": list(versions) or [version()],
            **spec,
        },
    }


def simple(name: str = "widgets", schema: Document | None = None, **spec: Any) -> Document:
    """A definition of a kind that may hold what `schema` says; by default, anything."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    only = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema or anything}}
    return definition(only, plural=name, kind=name.title().removesuffix("s"), **spec)


def database(name: str = "orders", **spec: Any) -> Document:
    return {
        "apiVersion": "data.example.com/v1",
        "kind": "Database",
        "metadata": {"name": name},
        "spec": {"engine": "postgres", **spec},
    }


class Data(Site):
    """The API over a control plane with all its controllers."""

    def __init__(self, everything: Cluster) -> None:
        super().__init__(everything.plane)
        self.cluster = everything

    async def define(self, document: Document | None = None) -> Document:
        """Create a definition and wait until it is established; what it says then."""
        document = document or definition()
        await self.made(DEFINITIONS, document)
        await self.cluster.settle()
        found: Document = await self.get(f"{DEFINITIONS}/{document['metadata']['name']}")
        return found

    async def patch(self, url: str, body: Any, *, by: str = "merge-patch+json") -> Answer:
        return await self.ask("PATCH", url, body, content_type=f"application/{by}")


@asynccontextmanager
async def data() -> AsyncIterator[Data]:
    async with cluster() as c:
        await ensure_roles(c.plane.registry)
        yield Data(c)


def with_data(test: Callable[[Data], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run a test on a control plane of its own, in simulated time."""

    def sync() -> None:
        async def body() -> None:
            async with data() as site:
                await test(site)

        run(body())

    sync.__name__ = test.__name__
    return sync


def conditions(document: Document) -> dict[str, tuple[str, str]]:
    """Each condition's status and reason."""
    found = document["status"].get("conditions", ())
    return {c["type"]: (c["status"], c["reason"]) for c in found}
