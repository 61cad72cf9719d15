"""One HorizontalPodAutoscaler, two versions: `autoscaling/v2` is stored, `v1` is worked out from it and back.

The older version knows one metric, the processor's. All else that a newer one says it carries along in annotations,
so that a client of `v1` who writes back what it read takes nothing away. Their names and what is in them are
Kubernetes': metrics in a form of before `v2`, and the behaviour under the names of Go's fields.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from petset.api import objects
from petset.api.defaults.policies import ROUND_TRIPS, by_processor, without_notes
from petset.api.errors import BadRequest
from petset.api.models import autoscaling_v1, autoscaling_v2, meta_v1

V1: TypeAlias = autoscaling_v1.HorizontalPodAutoscaler
V2: TypeAlias = autoscaling_v2.HorizontalPodAutoscaler
Document = dict[str, Any]
_Paths = Mapping[str, tuple[tuple[str, str], ...]]

_METRICS, _CURRENT, _CONDITIONS, _BEHAVIOR = ROUND_TRIPS[:4]
_SPECS: _Paths = {
    "object": (
        ("target", "describedObject"), ("metricName", "metric.name"), ("targetValue!", "target.value"),
        ("selector", "metric.selector"), ("averageValue", "target.averageValue"),
    ),
    "pods": (
        ("metricName", "metric.name"), ("targetAverageValue!", "target.averageValue"),
        ("selector", "metric.selector"),
    ),
    "resource": (
        ("name", "name"), ("targetAverageUtilization", "target.averageUtilization"),
        ("targetAverageValue", "target.averageValue"),
    ),
    "containerResource": (
        ("name", "name"), ("targetAverageUtilization", "target.averageUtilization"),
        ("targetAverageValue", "target.averageValue"), ("container", "container"),
    ),
    "external": (
        ("metricName", "metric.name"), ("metricSelector", "metric.selector"), ("targetValue", "target.value"),
        ("targetAverageValue", "target.averageValue"),
    ),
}  # fmt: skip
"""By the metric's source: the older name of each of its fields, and where the newer version has it.

`!` is an amount that the older version always writes.
"""
_STATUSES: _Paths = {
    "object": (
        ("target", "describedObject"), ("metricName", "metric.name"), ("currentValue!", "current.value"),
        ("selector", "metric.selector"), ("averageValue", "current.averageValue"),
    ),
    "pods": (
        ("metricName", "metric.name"), ("currentAverageValue!", "current.averageValue"),
        ("selector", "metric.selector"),
    ),
    "resource": (
        ("name", "name"), ("currentAverageUtilization", "current.averageUtilization"),
        ("currentAverageValue!", "current.averageValue"),
    ),
    "containerResource": (
        ("name", "name"), ("currentAverageUtilization", "current.averageUtilization"),
        ("currentAverageValue!", "current.averageValue"), ("container", "container"),
    ),
    "external": (
        ("metricName", "metric.name"), ("metricSelector", "metric.selector"), ("currentValue!", "current.value"),
        ("currentAverageValue", "current.averageValue"),
    ),
}  # fmt: skip
_RULES = ("stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance")
_POLICY = ("type", "value", "periodSeconds")


def to_v1(stored: V2) -> V1:
    """The autoscaler as clients of `autoscaling/v1` see it."""
    spec, status = stored.spec, stored.status
    shares_wanted = [_share_of_processor(metric) for metric in spec.metrics or ()]
    shown = V1(
        metadata=_noted(stored),
        spec=autoscaling_v1.HorizontalPodAutoscalerSpec(
            scaleTargetRef=_reference(autoscaling_v1.CrossVersionObjectReference, spec.scaleTargetRef),
            minReplicas=spec.minReplicas,
            maxReplicas=spec.maxReplicas,
            targetCPUUtilizationPercentage=next((each for each in shares_wanted if each is not None), None),
        ),
    )
    if status is not None:
        measured = [m.resource for m in status.currentMetrics or () if m.resource and m.resource.name == "cpu"]
        shares = [each.current.averageUtilization for each in measured]
        shown.status = autoscaling_v1.HorizontalPodAutoscalerStatus(
            currentReplicas=status.currentReplicas or 0,
            desiredReplicas=status.desiredReplicas,
            lastScaleTime=status.lastScaleTime,
            observedGeneration=status.observedGeneration,
            currentCPUUtilizationPercentage=next((each for each in reversed(shares) if each is not None), None),
        )
    return shown


def to_v2(shown: V1) -> V2:
    """The autoscaler as it is stored. Raises BadRequest for an annotation that cannot be read."""
    spec = shown.spec or autoscaling_v1.HorizontalPodAutoscalerSpec(
        maxReplicas=0, scaleTargetRef=autoscaling_v1.CrossVersionObjectReference(kind="", name="")
    )
    metadata = shown.metadata or meta_v1.ObjectMeta()
    notes = metadata.annotations or {}
    share = spec.targetCPUUtilizationPercentage
    metrics = [*(_read(notes, _METRICS, _metrics) or ()), *([by_processor(share)] if share is not None else ())]
    status = shown.status
    return V2(
        metadata=objects.replace(metadata, annotations=without_notes(metadata.annotations)),
        spec=autoscaling_v2.HorizontalPodAutoscalerSpec(
            scaleTargetRef=_reference(autoscaling_v2.CrossVersionObjectReference, spec.scaleTargetRef),
            minReplicas=spec.minReplicas,
            maxReplicas=spec.maxReplicas,
            metrics=metrics or None,
            behavior=_read(notes, _BEHAVIOR, _behavior),
        ),
        status=_status(status, notes) if status is not None else None,
    )


def config_of_v1(config: Document) -> Document:
    """What is applied as `v1`, a document that says only what its manager wishes, in the stored version.

    Raises BadRequest for an annotation that cannot be read.
    """
    metadata, spec = dict(config.get("metadata") or {}), dict(config.get("spec") or {})
    notes = metadata.pop("annotations", None) or {}
    kept = without_notes(notes)
    share = spec.pop("targetCPUUtilizationPercentage", None)
    metrics = [*(_read(notes, _METRICS, _metrics) or ()), *([by_processor(share)] if share is not None else ())]
    behavior = _read(notes, _BEHAVIOR, _behavior)
    if kept:
        metadata["annotations"] = kept
    newer = {**config, "apiVersion": "autoscaling/v2", "metadata": metadata}
    if "spec" in config:
        said = {"metrics": metrics or None, "behavior": behavior}
        newer["spec"] = {**spec, **{name: _plain(value) for name, value in said.items() if value is not None}}
    return newer


def _noted(stored: V2) -> meta_v1.ObjectMeta:
    """The metadata with notes of all that the older version has no fields for."""
    status = stored.status
    others = [m for m in stored.spec.metrics or () if _share_of_processor(m) is None]
    current = (status.currentMetrics if status else None) or ()
    conditions = [_condition(each) for each in (status.conditions if status else None) or ()]
    notes = {
        _METRICS: [_older(_plain(each), _SPECS) for each in others],
        _CURRENT: [_older(_plain(each), _STATUSES) for each in current],
        _CONDITIONS: conditions,
        _BEHAVIOR: _gos_names(_plain(stored.spec.behavior)) if stored.spec.behavior else None,
    }
    texts = {name: msgspec.json.encode(found).decode() for name, found in notes.items() if found}
    metadata = stored.metadata or meta_v1.ObjectMeta()
    return objects.replace(metadata, annotations={**(metadata.annotations or {}), **texts}) if texts else metadata


def _share_of_processor(metric: autoscaling_v2.MetricSpec) -> int | None:
    """What the older version has a field for."""
    resource = metric.resource
    return resource.target.averageUtilization if resource is not None and resource.name == "cpu" else None


def _status(
    status: autoscaling_v1.HorizontalPodAutoscalerStatus, notes: Mapping[str, str]
) -> autoscaling_v2.HorizontalPodAutoscalerStatus:
    def conditions(found: Any) -> Any:
        return msgspec.convert(found, list[autoscaling_v2.HorizontalPodAutoscalerCondition])

    def current(found: Any) -> Any:
        return [_newer(each, _STATUSES, autoscaling_v2.MetricStatus) for each in found]

    measured, share = _read(notes, _CURRENT, current), status.currentCPUUtilizationPercentage
    if measured is None and share is not None:
        value = autoscaling_v2.MetricValueStatus(averageUtilization=share)
        resource = autoscaling_v2.ResourceMetricStatus(name="cpu", current=value)
        measured = [autoscaling_v2.MetricStatus(type="Resource", resource=resource)]
    return autoscaling_v2.HorizontalPodAutoscalerStatus(
        currentReplicas=status.currentReplicas or None,
        desiredReplicas=status.desiredReplicas,
        lastScaleTime=status.lastScaleTime,
        observedGeneration=status.observedGeneration,
        currentMetrics=measured,
        conditions=_read(notes, _CONDITIONS, conditions),
    )


def _reference(model: Any, reference: Any) -> Any:
    return model(kind=reference.kind, name=reference.name, apiVersion=reference.apiVersion)


def _read(notes: Mapping[str, str], name: str, made: Callable[[Any], Any]) -> Any:
    """What an annotation holds, None where there is none. Raises BadRequest."""
    text = notes.get(name)
    if not text:
        return None
    try:
        found = msgspec.json.decode(text)
        return None if found is None else made(found)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, TypeError, AttributeError) as error:
        raise BadRequest(
            'HorizontalPodAutoscaler in version "v1" cannot be handled as a HorizontalPodAutoscaler: '
            f"the annotation {name} cannot be read: {error}"
        ) from error


def _metrics(found: Any) -> list[autoscaling_v2.MetricSpec]:
    return [_newer(each, _SPECS, autoscaling_v2.MetricSpec) for each in found]


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _condition(condition: autoscaling_v2.HorizontalPodAutoscalerCondition) -> Document:
    found = _plain(condition)
    names = ("type", "status", "lastTransitionTime", "reason", "message", "observedGeneration")
    return {name: found[name] for name in names if name in found}


def _older(metric: Document, paths: _Paths) -> Document:
    """A metric as the older version writes it."""
    found: Document = {"type": metric["type"]}
    for source, fields in paths.items():
        if source in metric:
            noted = dict[str, Any]()
            for name, path in fields:
                value = _at(metric[source], path, "0" if "!" in name else None)
                if value is not None:
                    noted[name.rstrip("!")] = value
            found[source] = noted
    return found


def _newer(metric: Document, paths: _Paths, model: Any) -> Any:
    """The metric that the older version wrote."""
    found: Document = {"type": metric["type"]}
    for source, fields in paths.items():
        if metric.get(source) is None:
            continue
        noted, values = metric[source], dict[str, Any]()
        for name, path in fields:
            value = noted.get(name.rstrip("!"), "0" if "!" in name else None)
            if value is not None:
                _put(values, path, value)
        if paths is _SPECS:
            target = values.setdefault("target", {})
            target["type"] = _type_of(source, target)
        found[source] = values
    return msgspec.convert(found, model)


def _type_of(source: str, target: Document) -> str:
    """What is aimed at: the older version leaves it to be seen from what is given."""
    if "averageUtilization" in target:
        return "Utilization"
    if source == "object":
        return "AverageValue" if "averageValue" in target else "Value"
    return "Value" if source == "external" and "value" in target else "AverageValue"


def _at(document: Any, path: str, default: Any) -> Any:
    for name in path.split("."):
        document = document.get(name) if document is not None else None
    return default if document is None else document


def _put(document: Document, path: str, value: Any) -> None:
    *above, last = path.split(".")
    for name in above:
        document = document.setdefault(name, {})
    document[last] = value


def _gos_names(behavior: Document) -> Document:
    """The behaviour as Go writes a struct without names for its fields, all of them there."""

    def named(values: Document | None, names: tuple[str, ...]) -> Document | None:
        return None if values is None else {name[0].upper() + name[1:]: values.get(name) for name in names}

    def rules(found: Document | None) -> Document | None:
        if found is None:
            return None
        policies = [named(each, _POLICY) for each in found.get("policies") or ()]
        return named({**found, "policies": policies or None}, _RULES)

    return {"ScaleUp": rules(behavior.get("scaleUp")), "ScaleDown": rules(behavior.get("scaleDown"))}


def _behavior(found: Any) -> autoscaling_v2.HorizontalPodAutoscalerBehavior:
    """Go takes a field's name in any case, and so clients have written both."""

    def lowered(value: Any) -> Any:
        if isinstance(value, dict):
            return {name[:1].lower() + name[1:]: lowered(each) for name, each in value.items() if each is not None}
        return [lowered(each) for each in value] if isinstance(value, list) else value

    return msgspec.convert(lowered(found), autoscaling_v2.HorizontalPodAutoscalerBehavior)
