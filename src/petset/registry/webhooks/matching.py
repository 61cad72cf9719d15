"""Which webhooks a write concerns: by their rules, and by the labels of the namespace and of the object."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from petset.api.defaults.webhooks import Webhook
from petset.api.kinds import ADMISSION, Kind
from petset.api.models import admissionregistration_v1 as admission
from petset.api.models import meta_v1
from petset.api.selectors import Selector
from petset.registry.webhooks.asked import Asked

Rule = admission.RuleWithOperations | admission.NamedRuleWithOperations
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


class Criteria(NamedTuple):
    """Which writes somebody wants to know of. `any_resource`: no rules mean all resources, not none."""

    rules: Sequence[Rule]
    excluded: Sequence[Rule]
    namespaces: meta_v1.LabelSelector | None
    objects: meta_v1.LabelSelector | None
    exact: bool
    any_resource: bool = False


def of_webhook(webhook: Webhook) -> Criteria:
    """The criteria of a webhook."""
    exact = webhook.matchPolicy == "Exact"
    return Criteria(webhook.rules or (), (), webhook.namespaceSelector, webhook.objectSelector, exact)


def of_resources(resources: admission.MatchResources | None, any_resource: bool = False) -> Criteria:
    """The criteria of a policy, or with `any_resource` those of a binding, which only narrow it."""
    given = resources or admission.MatchResources()
    rules, excluded = given.resourceRules or (), given.excludeResourceRules or ()
    exact = given.matchPolicy == "Exact"
    return Criteria(rules, excluded, given.namespaceSelector, given.objectSelector, exact, any_resource)


def wanted_as(
    criteria: Criteria, asked: Asked, equivalents: Iterable[Kind], namespace_labels: Mapping[str, str] | None
) -> Kind | None:
    """As which kind the write meets the criteria, None where it does not.

    `equivalents` are the other versions of the kind; `namespace_labels` is None for what lies in no namespace.
    """
    if asked.kind.group == ADMISSION:
        return None  # else a broken one could never be taken away
    kinds = (asked.kind, *(() if criteria.exact else equivalents))
    if _covered(criteria.excluded, asked, kinds) is not None:
        return None
    unruled = criteria.any_resource and not criteria.rules
    kind = asked.kind if unruled else _covered(criteria.rules, asked, kinds)
    if kind is None:
        return None
    if namespace_labels is not None and not _selects(criteria.namespaces, [namespace_labels]):
        return None
    return kind if _selects(criteria.objects, asked.labels()) else None


def _covered(rules: Sequence[Rule], asked: Asked, kinds: Sequence[Kind]) -> Kind | None:
    return next((kind for kind in kinds if any(_covers(rule, asked, kind) for rule in rules)), None)


def _selects(struct: meta_v1.LabelSelector | None, labels: Iterable[Mapping[str, str]]) -> bool:
    if struct is None:
        return True
    selector = Selector.from_struct(struct)
    return selector.is_empty or any(selector.matches(each) for each in labels)


def _covers(rule: Rule, asked: Asked, kind: Kind) -> bool:
    scope = rule.scope or "*"
    names = getattr(rule, "resourceNames", None)
    return (
        _lists(rule.operations, asked.operation)
        and _lists(rule.apiGroups, kind.group)
        and _lists(rule.apiVersions, kind.version)
        and any(_covers_resource(each, asked) for each in rule.resources or ())
        and (not names or asked.name in names)
        and (scope == "*" or (scope == "Cluster") == asked.is_of_cluster)
    )


def _lists(listed: Iterable[str] | None, wanted: str) -> bool:
    return any(each in ("*", wanted) for each in listed or ())


def _covers_resource(pattern: str, asked: Asked) -> bool:
    """`pods`, `pods/status`, `*` (all but sub-resources), `pods/*`, `*/scale`, `*/*` (all)."""
    resource, _, subresource = pattern.partition("/")
    return resource in ("*", asked.kind.resource) and subresource in (asked.subresource, "*")
