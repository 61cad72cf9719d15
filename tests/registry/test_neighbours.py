"""Pods that want or shun pods with labels like their own."""

from typing import Any

import pytest
from registry.given import PODS, create, play, pod

from petset.api.errors import Invalid
from petset.api.models import core_v1, meta_v1
from petset.testing.plane import Plane

HASH = "pod-template-hash"


def term(**more: Any) -> core_v1.PodAffinityTerm:
    selector = meta_v1.LabelSelector(matchLabels={"app": "web"})
    return core_v1.PodAffinityTerm(topologyKey="kubernetes.io/hostname", labelSelector=selector, **more)


def near(required: core_v1.PodAffinityTerm) -> core_v1.Affinity:
    return core_v1.Affinity(
        podAffinity=core_v1.PodAffinity(requiredDuringSchedulingIgnoredDuringExecution=[required])
    )


def of(name: str, affinity: core_v1.Affinity) -> core_v1.Pod:
    sent = pod(name)
    assert sent.metadata is not None and sent.spec is not None
    sent.metadata.labels = {"app": "web", HASH: "5f", "tenant": "a"}
    sent.spec.affinity = affinity
    return sent


def test_the_values_of_the_pods_own_labels_go_into_its_selectors() -> None:
    async def story(p: Plane) -> None:
        affinity = near(term(matchLabelKeys=[HASH, "missing"]))
        weighted = core_v1.WeightedPodAffinityTerm(weight=1, podAffinityTerm=term(mismatchLabelKeys=["tenant"]))
        affinity.podAntiAffinity = core_v1.PodAntiAffinity(
            preferredDuringSchedulingIgnoredDuringExecution=[weighted]
        )
        await create(p, of("a", affinity))
        stored = p.registry.decode(PODS, p.registry.get(PODS, "default", "a")).spec.affinity
        (wanted,) = stored.podAffinity.requiredDuringSchedulingIgnoredDuringExecution
        assert wanted.labelSelector.matchLabels == {"app": "web"}
        (same,) = wanted.labelSelector.matchExpressions
        assert (same.key, same.operator, same.values) == (HASH, "In", ["5f"])
        (shunned,) = stored.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution
        (other,) = shunned.podAffinityTerm.labelSelector.matchExpressions
        assert (other.key, other.operator, other.values) == ("tenant", "NotIn", ["a"])

    play(story)


def test_a_label_is_not_asked_for_twice() -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(Invalid, match="exists in both matchLabelKeys and labelSelector"):
            await create(p, of("a", near(term(matchLabelKeys=["app"]))))

    play(story)


def test_pods_that_share_a_template_have_each_their_own_values() -> None:
    async def story(p: Plane) -> None:
        shared = near(term(matchLabelKeys=[HASH]))
        made = await create(p, of("a", shared))
        later = of("b", shared)
        assert later.metadata is not None and later.metadata.labels is not None
        later.metadata.labels[HASH] = "6c"
        newer = await create(p, later)
        for each, value in ((made, "5f"), (newer, "6c")):
            (wanted,) = each.spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution
            assert [expression.values for expression in wanted.labelSelector.matchExpressions] == [[value]]

    play(story)
