"""Which webhooks a write concerns: by their rules, and by the labels of the namespace and of the object."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from petset.api.defaults.webhooks import Webhook
from petset.api.kinds import ADMISSION, Kind
from petset.api.models import admissionregistration_v1 as admission
from petset.api.selectors import Selector
from petset.registry.webhooks.asked import Asked

Configuration = admission.MutatingWebhookConfiguration | admission.ValidatingWebhookConfiguration


@dataclass(frozen=True)
class Hook:
    """One webhook. Two of the same name in different configurations are two."""

    configuration: str
    webhook: Webhook
    again: bool = False
    """Whether it is asked once more when others have changed the object after it."""


def hooks(configurations: Mapping[str, Configuration]) -> list[Hook]:
    """In the order in which they are asked: by the name of their configuration, then as listed."""
    return [
        Hook(name, webhook, getattr(webhook, "reinvocationPolicy", None) == "IfNeeded")
        for name in sorted(configurations)
        for webhook in configurations[name].webhooks or ()
    ]


def wanted_as(
    hook: Hook, asked: Asked, equivalents: Iterable[Kind], namespace_labels: Mapping[str, str] | None
) -> Kind | None:
    """As which kind the webhook wants to be asked about this, None where it does not.

    `equivalents` are the other versions of the kind; `namespace_labels` is None for what lies in no namespace.
    """
    webhook = hook.webhook
    if asked.kind.group == ADMISSION:
        return None  # else a broken one could never be taken away
    kinds = (asked.kind, *(equivalents if webhook.matchPolicy != "Exact" else ()))
    rules = webhook.rules or ()
    kind = next((kind for kind in kinds if any(_covers(rule, asked, kind) for rule in rules)), None)
    if kind is None:
        return None
    if namespace_labels is not None and not _selects(webhook.namespaceSelector, [namespace_labels]):
        return None
    return kind if _selects(webhook.objectSelector, asked.labels()) else None


def _selects(struct: object, labels: Iterable[Mapping[str, str]]) -> bool:
    selector = Selector.from_struct(struct)  # type: ignore[arg-type]
    return selector.is_empty or any(selector.matches(each) for each in labels)


def _covers(rule: admission.RuleWithOperations, asked: Asked, kind: Kind) -> bool:
    scope = rule.scope or "*"
    return (
        _lists(rule.operations, asked.operation)
        and _lists(rule.apiGroups, kind.group)
        and _lists(rule.apiVersions, kind.version)
        and any(_covers_resource(each, asked) for each in rule.resources or ())
        and (scope == "*" or (scope == "Cluster") == asked.is_of_cluster)
    )


def _lists(listed: Iterable[str] | None, wanted: str) -> bool:
    return any(each in ("*", wanted) for each in listed or ())


def _covers_resource(pattern: str, asked: Asked) -> bool:
    """`pods`, `pods/status`, `*` (all but sub-resources), `pods/*`, `*/scale`, `*/*` (all)."""
    resource, _, subresource = pattern.partition("/")
    return resource in ("*", asked.kind.resource) and subresource in (asked.subresource, "*")
