"""Which nodes a node selector means."""

import pytest

from petset.api.affinity import selects, term_selects
from petset.api.models import core_v1, meta_v1

NODE = core_v1.Node(metadata=meta_v1.ObjectMeta(name="node-1", labels={"disk": "ssd", "cores": "8", "bad": "many"}))


def requires(key: str, operator: str, *values: str) -> core_v1.NodeSelectorRequirement:
    return core_v1.NodeSelectorRequirement(key=key, operator=operator, values=list(values) or None)


@pytest.mark.parametrize(
    ("requirement", "holds"),
    [
        (requires("disk", "In", "ssd", "nvme"), True),
        (requires("disk", "In", "hdd"), False),
        (requires("none", "In", "x"), False),
        (requires("disk", "NotIn", "hdd"), True),
        (requires("none", "NotIn", "x"), True),
        (requires("disk", "Exists"), True),
        (requires("none", "Exists"), False),
        (requires("none", "DoesNotExist"), True),
        (requires("cores", "Gt", "4"), True),
        (requires("cores", "Gt", "8"), False),
        (requires("cores", "Lt", "16"), True),
        (requires("bad", "Gt", "4"), False),
        (requires("none", "Lt", "4"), False),
        (requires("disk", "Sometimes"), False),
    ],
)
def test_a_requirement_on_a_label(requirement: core_v1.NodeSelectorRequirement, holds: bool) -> None:
    assert term_selects(core_v1.NodeSelectorTerm(matchExpressions=[requirement]), NODE) is holds


def test_terms_are_alternatives_and_an_empty_one_selects_nothing() -> None:
    by_name = core_v1.NodeSelectorTerm(matchFields=[requires("metadata.name", "In", "node-1")])
    wrong = core_v1.NodeSelectorTerm(matchExpressions=[requires("disk", "Exists"), requires("none", "Exists")])
    empty = core_v1.NodeSelectorTerm()
    assert selects(core_v1.NodeSelector(nodeSelectorTerms=[wrong, by_name]), NODE)
    assert not selects(core_v1.NodeSelector(nodeSelectorTerms=[wrong, empty]), NODE)
