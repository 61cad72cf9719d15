"""Writes `src/petset/api/schema_data.json`: the shape of every type that a served kind reaches.

The facts come from the JSON schema that the package `kubernetes-validate` ships (types, required fields, merge
keys, list types) and from `go_types.py` (pointers). Run it when either changes:

    python tools/generate_schema.py
"""

import json
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import go_types

RELEASE = "v1.37.0-local"
TARGET = Path(__file__).parent.parent / "src" / "petset" / "api" / "schema_data.json"
PREFIXES = (
    "io.k8s.apiextensions-apiserver.pkg.apis.",
    "io.k8s.kube-aggregator.pkg.apis.",
    "io.k8s.api.",
    "io.k8s.apimachinery.pkg.apis.",
    "io.k8s.apimachinery.pkg.",
)
ROOTS = (
    "admissionregistration.v1.MutatingAdmissionPolicy",
    "admissionregistration.v1.MutatingAdmissionPolicyBinding",
    "admissionregistration.v1.MutatingWebhookConfiguration",
    "admissionregistration.v1.ValidatingAdmissionPolicy",
    "admissionregistration.v1.ValidatingAdmissionPolicyBinding",
    "admissionregistration.v1.ValidatingWebhookConfiguration",
    "apiextensions.v1.CustomResourceDefinition",
    "apiregistration.v1.APIService",
    "apps.v1.ControllerRevision",
    "apps.v1.DaemonSet",
    "apps.v1.Deployment",
    "apps.v1.ReplicaSet",
    "apps.v1.StatefulSet",
    "authentication.v1.SelfSubjectReview",
    "authentication.v1.TokenRequest",
    "authentication.v1.TokenReview",
    "authorization.v1.LocalSubjectAccessReview",
    "authorization.v1.SelfSubjectAccessReview",
    "authorization.v1.SelfSubjectRulesReview",
    "authorization.v1.SubjectAccessReview",
    "autoscaling.v1.HorizontalPodAutoscaler",
    "autoscaling.v1.Scale",
    "autoscaling.v2.HorizontalPodAutoscaler",
    "batch.v1.CronJob",
    "batch.v1.Job",
    "certificates.v1.CertificateSigningRequest",
    "coordination.v1.Lease",
    "core.v1.Binding",
    "core.v1.ComponentStatus",
    "core.v1.ConfigMap",
    "core.v1.Endpoints",
    "core.v1.Event",
    "core.v1.LimitRange",
    "core.v1.Namespace",
    "core.v1.Node",
    "core.v1.PersistentVolume",
    "core.v1.PersistentVolumeClaim",
    "core.v1.Pod",
    "core.v1.PodTemplate",
    "core.v1.ReplicationController",
    "core.v1.ResourceQuota",
    "core.v1.Secret",
    "core.v1.Service",
    "core.v1.ServiceAccount",
    "discovery.v1.EndpointSlice",
    "events.v1.Event",
    "meta.v1.DeleteOptions",
    "networking.v1.Ingress",
    "networking.v1.IngressClass",
    "networking.v1.NetworkPolicy",
    "node.v1.RuntimeClass",
    "policy.v1.Eviction",
    "policy.v1.PodDisruptionBudget",
    "scheduling.v1.PriorityClass",
    "rbac.v1.ClusterRole",
    "rbac.v1.ClusterRoleBinding",
    "rbac.v1.Role",
    "rbac.v1.RoleBinding",
    "storage.v1.CSIDriver",
    "storage.v1.CSINode",
    "storage.v1.CSIStorageCapacity",
    "storage.v1.StorageClass",
    "storage.v1.VolumeAttachment",
    "storage.v1.VolumeAttributesClass",
)
SPECIAL = {
    "api.resource.Quantity": "Quantity",
    "meta.v1.FieldsV1": "FieldsV1",
    "meta.v1.MicroTime": "MicroTime",
    "meta.v1.Time": "Time",
    "runtime.RawExtension": "object",
    "util.intstr.IntOrString": "IntOrString",
}
BY_VALUE = ("Quantity", "IntOrString")
NESTED = ("apiextensions_v1.JSONSchemaProps", "apiextensions.v1.JSONSchemaProps")
"""A schema inside a schema is a document to the structs, at any depth."""


def short(reference: str) -> str:
    """`io.k8s.api.core.v1.Pod` → `core.v1.Pod`."""
    name = reference.rsplit("/", 1)[-1]
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def struct_name(name: str) -> str:
    """`core.v1.Pod` → `core_v1.Pod`, as `petset.api.models` names it."""
    group, version, kind = name.split(".")
    return f"{group}_{version}.{kind}"


def type_of(schema: dict[str, Any]) -> str:
    """A field's type in the notation of `petset.api.schema`, without its flags."""
    if "$ref" in schema:
        name = short(schema["$ref"])
        return SPECIAL.get(name) or struct_name(name)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    match kind:
        case "array":
            return "[]" + type_of(schema["items"])
        case "object":
            return "{}" + type_of(schema["additionalProperties"]) if "additionalProperties" in schema else "raw"
        case "integer":
            return str(schema.get("format", "int32"))
        case "string":
            return "bytes" if schema.get("format") == "byte" else "string"
        case "boolean":
            return "bool"
        case _:
            return "float64"


def flagged(owner: str, name: str, kind: str, required: bool) -> str:
    """The type with `*` before a pointer and `!` after a field that is always written."""
    listed = {key: table.get(owner, "").split() for key, table in vars(go_types).items() if key.isupper()}
    by_value = name in listed["VALUES"] or name in go_types.VALUES["*"].split()
    is_struct = "." in kind and kind[0] not in "[{"
    pointer = name in listed["POINTERS"] or (is_struct and not required and not by_value)
    always = required or name in listed["ALWAYS"] or (by_value and (is_struct or kind in BY_VALUE))
    return ("*" if pointer else "") + kind + ("!" if always else "")


def describe(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """One entry of the data file."""
    fields, merges, lists = {}, {}, {}
    required = schema.get("required", ())
    for field, inner in sorted(schema.get("properties", {}).items()):
        kind = type_of(inner)
        if name == NESTED[1] and kind.endswith(NESTED[0]):
            kind = kind.removesuffix(NESTED[0]) + "raw"
        fields[field] = flagged(name, field, kind, field in required)
        strategy = inner.get("x-kubernetes-patch-strategy")
        if strategy:
            merges[field] = [strategy, inner.get("x-kubernetes-patch-merge-key", "")]
        list_type = inner.get("x-kubernetes-list-type") or inner.get("x-kubernetes-map-type")
        if list_type:
            lists[field] = [list_type, *inner.get("x-kubernetes-list-map-keys", ())]
    entry = {"fields": fields, "merge": merges, "lists": lists}
    if schema.get("x-kubernetes-map-type") == "atomic":
        entry["atomic"] = True
    return {key: value for key, value in entry.items() if value}


def references(schema: Any) -> Iterator[str]:
    """The types that a schema names."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                yield short(value)
            else:
                yield from references(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from references(item)


def main() -> None:
    """Walk from the served kinds and write what they reach."""
    source = files("kubernetes_validate") / "kubernetes-json-schema" / RELEASE / "_definitions.json"
    definitions = {short(name): body for name, body in json.loads(source.read_text())["$defs"].items()}
    # A type without fields says something by being there; the structs have a plain dict for it.
    SPECIAL.update(
        {
            name: "raw" if name.startswith("apiextensions.") else "object"
            for name, body in definitions.items()
            if name not in SPECIAL and not body.get("properties")
        }
    )
    todo, types = list(ROOTS), {}
    while todo:
        name = todo.pop()
        if name in SPECIAL or struct_name(name) in types:
            continue
        types[struct_name(name)] = describe(name, definitions[name])
        todo.extend(references(definitions[name].get("properties", {})))
    unknown = {n for t in (go_types.POINTERS, go_types.VALUES, go_types.ALWAYS) for n in t if n != "*"} - set(
        definitions
    )
    if unknown:
        sys.exit(f"go_types.py names types that the schema does not have: {sorted(unknown)}")
    lines = ",\n".join(f"{json.dumps(n)}: {json.dumps(t, separators=(',', ':'))}" for n, t in sorted(types.items()))
    TARGET.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
