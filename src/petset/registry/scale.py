"""The `scale` sub-resource: how many replicas there are and should be, without the rest of the object (rule 3)."""

from typing import Any, TypeVar

import msgspec

from petset.api import objects
from petset.api.embedded import convert
from petset.api.errors import BadRequest, Cause
from petset.api.kinds import Kind
from petset.api.models import apps_v1, autoscaling_v1, core_v1, meta_v1
from petset.api.selectors import Selector
from petset.api.untyped import Untyped
from petset.registry import custom_scale, refusals
from petset.registry.custom_scale import Numbers

SCALE_VERSION = "autoscaling/v1"

Scaled = apps_v1.StatefulSet | apps_v1.Deployment | apps_v1.ReplicaSet | core_v1.ReplicationController
S = TypeVar("S", bound=Scaled | Untyped)


def scale_of(kind: Kind, obj: Any) -> autoscaling_v1.Scale:
    """The object of a kind that can be scaled as `autoscaling/v1` sees it. Raises ApiError."""
    metadata = objects.meta(obj)
    found = _numbers(obj) if kind.custom is None else custom_scale.numbers(kind, obj)
    return autoscaling_v1.Scale(
        metadata=meta_v1.ObjectMeta(
            name=metadata.name,
            namespace=metadata.namespace,
            uid=metadata.uid,
            resourceVersion=metadata.resourceVersion,
            creationTimestamp=metadata.creationTimestamp,
        ),
        spec=autoscaling_v1.ScaleSpec(replicas=found.wanted),
        status=autoscaling_v1.ScaleStatus(replicas=found.present, selector=found.selector),
    )


def _numbers(scaled: Scaled) -> Numbers:
    """The selector is text, such as `app=web`."""
    spec, status = scaled.spec, scaled.status
    selector = str(Selector.from_struct(spec.selector)) if spec else None
    return Numbers(spec.replicas if spec else None, (status.replicas if status else None) or 0, selector)


def with_scale(kind: Kind, old: S, scale: autoscaling_v1.Scale) -> S:
    """A copy of the object with the replicas that the scale asks for. Raises Invalid."""
    replicas = (scale.spec.replicas if scale.spec else None) or 0
    if replicas < 0:
        message = f"Invalid value: {replicas}: must be greater than or equal to 0"
        cause = Cause("FieldValueInvalid", message, "spec.replicas")
        raise refusals.invalid_scale(objects.name_of(old), cause)
    scaled: S = objects.with_own_metadata(_with_replicas(kind, old, replicas))
    if scale.metadata is not None:
        objects.meta(scaled).resourceVersion = scale.metadata.resourceVersion
        objects.meta(scaled).uid = scale.metadata.uid or objects.uid_of(old)
    return scaled


def _with_replicas(kind: Kind, obj: Any, replicas: int) -> Any:
    if kind.custom is not None:
        return custom_scale.with_replicas(kind, obj, replicas)
    return objects.replace(obj, spec=objects.replace(obj.spec, replicas=replicas))


def as_parent(kind: Kind, document: dict[str, Any]) -> dict[str, Any]:
    """An applied Scale as what it says of the object itself. Raises BadRequest."""
    given = document.get("apiVersion")
    if given != SCALE_VERSION:
        raise refusals.wrong_apply_version(str(given or ""), SCALE_VERSION)
    scale = read(document)
    replicas = scale.spec.replicas if scale.spec else None
    spec: dict[str, Any] = {}
    if replicas is not None:
        spec = {"spec": {"replicas": replicas}} if kind.custom is None else custom_scale.as_document(kind, replicas)
    return {"apiVersion": kind.api_version, "kind": kind.name, "metadata": document.get("metadata") or {}, **spec}


def read(document: dict[str, Any]) -> autoscaling_v1.Scale:
    """A scale from its JSON document. Raises BadRequest."""
    try:
        return convert(document, autoscaling_v1.Scale)
    except msgspec.ValidationError as error:
        raise BadRequest(f'Scale in version "v1" cannot be handled as a Scale: {error}') from error
