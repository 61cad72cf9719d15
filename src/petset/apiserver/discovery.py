"""What is served: the documents from which every client learns groups, versions, resources and verbs.

All of them follow from the kinds that are served, and are written anew when those change. Newer clients ask for
everything at once (aggregated discovery, two requests), older ones walk: `/api`, `/apis`, then each group version.
"""

from collections.abc import Iterable
from itertools import groupby
from platform import machine, python_implementation, python_version
from typing import Any

import msgspec

from petset.api.definitions import version_order
from petset.api.kinds import Kind, Kinds
from petset.apiserver.messages import Reply, written
from petset.apiserver.negotiate import NO_SHAPES, accepts, answer
from petset.apiserver.routes import SUBRESOURCES

KUBERNETES_MAJOR, KUBERNETES_MINOR = "1", "37"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

_ELSEWHERE = (
    "/.well-known/openid-configuration", "/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3",
    "/openid/v1/jwks", "/readyz",
)  # fmt: skip
"""What other pages answer and the root names too."""
_SUBRESOURCE_KINDS = {
    "scale": ("autoscaling", "v1", "Scale"),
    "binding": ("", "v1", "Binding"),
    "eviction": ("policy", "v1", "Eviction"),
    "token": ("authentication.k8s.io", "v1", "TokenRequest"),
    "exec": ("", "v1", "PodExecOptions"),
    "attach": ("", "v1", "PodAttachOptions"),
    "portforward": ("", "v1", "PodPortForwardOptions"),
}


class Discovery:
    """Answers `/`, `/api…`, `/apis…` and `/version`. `version` is Petset's own."""

    def __init__(self, version: str, kinds: Kinds) -> None:
        self._version = version
        self._kinds = kinds
        self._written = -1
        self._documents: dict[str, bytes] = {}
        self._aggregated: dict[str, bytes] = {}

    def _write(self) -> None:
        """Bring the documents up to what is served now."""
        if self._written == self._kinds.version:
            return
        self._written, every = self._kinds.version, self._kinds.every()
        documents = dict(_documents(self._version, every))
        documents["/"] = {"paths": sorted((*documents, *_ELSEWHERE))}
        self._documents = {path: msgspec.json.encode(doc) for path, doc in documents.items()}
        self._aggregated = {
            "/api": msgspec.json.encode(aggregated(kind for kind in every if not kind.group)),
            "/apis": msgspec.json.encode(aggregated(kind for kind in every if kind.group)),
        }

    async def get(self, path: str, query_string: bytes, accept: str) -> Reply | None:
        """The document at a path, or None where there is none."""
        if path != "/" and not path.startswith(("/api", "/version")):
            return None
        self._write()
        path = path.rstrip("/") or "/"
        if path in self._aggregated and accepts(accept, "apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList"):
            return Reply(self._aggregated[path], content_type=AGGREGATED, headers=((b"vary", b"Accept"),))
        document = self._documents.get(path)
        if document is None:
            return None
        form = answer(accept, NO_SHAPES)
        return Reply(written(document, form.media_type), content_type=form.media_type)


def version_document(version: str) -> dict[str, str]:
    """`kubectl version` shows the `gitVersion`."""
    return {
        "major": KUBERNETES_MAJOR,
        "minor": KUBERNETES_MINOR,
        "emulationMajor": KUBERNETES_MAJOR,
        "emulationMinor": KUBERNETES_MINOR,
        "gitVersion": f"v{KUBERNETES_MAJOR}.{KUBERNETES_MINOR}.0+petset-{version}",
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": f"{python_implementation()}-{python_version()}",
        "compiler": python_implementation(),
        "platform": f"linux/{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine(), machine()) }",
    }


def resource_list(group: str, version: str, kinds: Iterable[Kind]) -> dict[str, Any]:
    """The `APIResourceList` of a group version."""
    resources = []
    for kind in kinds:
        resources.append(_resource(kind))
        resources += [_subresource(kind, sub) for sub in kind.subresources]
    group_version = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}


def aggregated(kinds: Iterable[Kind]) -> dict[str, Any]:
    """The `APIGroupDiscoveryList` of some kinds."""
    items = []
    for group, members in groupby(_in_order(kinds), key=lambda kind: kind.group):
        versions = [
            {
                "version": version,
                "freshness": "Current",
                "resources": [_aggregated_resource(kind) for kind in served],
            }
            for version, served in groupby(members, key=lambda kind: kind.version)
        ]
        items.append({"metadata": {"name": group, "creationTimestamp": None}, "versions": versions})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    }


def group_versions(kinds: Iterable[Kind]) -> list[tuple[str, str, list[Kind]]]:
    """Each group version with its kinds, the core group first, of a group the preferred version first."""
    grouped = groupby(_in_order(kinds), key=lambda kind: (kind.group, kind.version))
    return [(group, version, list(served)) for (group, version), served in grouped]


def _in_order(kinds: Iterable[Kind]) -> list[Kind]:
    return sorted(kinds, key=lambda kind: (kind.group != "", kind.group, version_order(kind.version)))


def _documents(version: str, kinds: Iterable[Kind]) -> Iterable[tuple[str, dict[str, Any]]]:
    versions: dict[str, list[str]] = {}
    for group, group_version, served in group_versions(kinds):
        where = f"/apis/{group}/{group_version}" if group else f"/api/{group_version}"
        yield where, resource_list(group, group_version, served)
        if group:
            versions.setdefault(group, []).append(group_version)
    groups = [_group(group, listed) for group, listed in versions.items()]
    for document in groups:
        yield f"/apis/{document['name']}", {"kind": "APIGroup", "apiVersion": "v1", **document}
    yield "/api", {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    yield "/apis", {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    yield "/version", version_document(version)


def _group(group: str, versions: list[str]) -> dict[str, Any]:
    entries = [{"groupVersion": f"{group}/{version}", "version": version} for version in versions]
    return {"name": group, "versions": entries, "preferredVersion": entries[0]}


def _resource(kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": kind.resource,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": sorted(kind.verbs),
    }
    return found | _other_names(kind)


def _other_names(kind: Kind) -> dict[str, Any]:
    """By what else one may ask for the kind; nothing is said of names that it does not have."""
    found = {"shortNames": list(kind.short_names), "categories": list(kind.categories)}
    return {key: names for key, names in found.items() if names}


def _subresource(kind: Kind, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": f"{kind.resource}/{name}",
        "singularName": "",
        "namespaced": kind.namespaced,
        "kind": _subresource_kind(kind, name)[2],
        "verbs": _subresource_verbs(name),
    }
    if name in _SUBRESOURCE_KINDS:
        found["group"], found["version"], _ = _SUBRESOURCE_KINDS[name]
    return found


def _subresource_verbs(name: str) -> list[str]:
    return sorted(set(SUBRESOURCES[name].values()) - {"options"})


def _subresource_kind(kind: Kind, name: str) -> tuple[str, str, str]:
    if name == "proxy":
        return kind.group, kind.version, f"{kind.name}ProxyOptions"
    return _SUBRESOURCE_KINDS.get(name, (kind.group, kind.version, kind.name))


def _aggregated_resource(kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resource": kind.resource,
        "responseKind": _type(kind.group, kind.version, kind.name),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": sorted(kind.verbs),
    }
    found |= _other_names(kind)
    if kind.subresources:
        found["subresources"] = [
            {
                "subresource": sub,
                "responseKind": _type(*_subresource_kind(kind, sub)),
                "verbs": _subresource_verbs(sub),
            }
            for sub in kind.subresources
        ]
    return found


def _type(group: str, version: str, kind: str) -> dict[str, str]:
    return {"group": group, "version": version, "kind": kind}
