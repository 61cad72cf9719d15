"""Whose neighbourhood a new pod wants or shuns, where that hangs on the pod's own labels.

A term of pod affinity may name labels without values (`matchLabelKeys`, `mismatchLabelKeys`): meant are pods that
have the value of this one, or another. As in Kubernetes the server writes the value into the term's selector when
the pod comes, and whoever places pods looks at selectors alone.
"""

from petset.api import objects
from petset.api.models import core_v1, meta_v1


def name_values(pod: core_v1.Pod) -> None:
    """Write the values of the pod's own labels into the selectors that hang on them."""
    spec = pod.spec
    affinity = spec.affinity if spec is not None else None
    if spec is None or affinity is None or not any(_hangs(term) for term in _terms(affinity)):
        return
    spec.affinity = affinity = objects.copy(affinity)  # pods of one template share theirs
    labels = objects.meta(pod).labels or {}
    for term in _terms(affinity):
        if _hangs(term):
            _name_values(term, labels)


def _terms(affinity: core_v1.Affinity) -> list[core_v1.PodAffinityTerm]:
    found: list[core_v1.PodAffinityTerm] = []
    for side in (affinity.podAffinity, affinity.podAntiAffinity):
        if side is not None:
            found += side.requiredDuringSchedulingIgnoredDuringExecution or ()
            preferred = side.preferredDuringSchedulingIgnoredDuringExecution or ()
            found += (weighted.podAffinityTerm for weighted in preferred)
    return found


def _hangs(term: core_v1.PodAffinityTerm) -> bool:
    return term.labelSelector is not None and bool(term.matchLabelKeys or term.mismatchLabelKeys)


def _name_values(term: core_v1.PodAffinityTerm, labels: dict[str, str]) -> None:
    """Once only: a pod whose generated name was taken comes here again."""
    selector = term.labelSelector
    assert selector is not None
    known = list(selector.matchExpressions or ())
    for operator, keys in (("In", term.matchLabelKeys), ("NotIn", term.mismatchLabelKeys)):
        for key in keys or ():
            if key in labels:
                wanted = meta_v1.LabelSelectorRequirement(key=key, operator=operator, values=[labels[key]])
                if wanted not in known:
                    known.append(wanted)
    selector.matchExpressions = known or None
