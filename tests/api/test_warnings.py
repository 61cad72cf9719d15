"""Rule 10: what is accepted and yet warned of, in Kubernetes' words."""

from typing import Any

import pytest
from api.documents import CLAIM, pod, statefulset, stored

from petset.api.warnings import warnings_for

CONTAINER = {"name": "main", "image": "i"}


def env(*values: tuple[str, str]) -> dict[str, Any]:
    return {"env": [{"name": name, "value": value} for name, value in values]}


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (
            env(("A", "1"), ("A", "2")),
            'env[1]: hides previous definition of "A", which may be dropped when using apply',
        ),
        (
            {"ports": [{"containerPort": 80}, {"containerPort": 80}]},
            "ports[1]: duplicate port definition with spec.containers[0].ports[0]",
        ),
        (
            {"resources": {"limits": {"memory": "100m"}}},
            'resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
        ),
    ],
)
def test_a_container_that_is_odd(part: dict[str, Any], text: str) -> None:
    assert f"spec.containers[0].{text}" in warnings_for(pod(spec__containers=[{**CONTAINER, **part}]))


@pytest.mark.parametrize(
    "part", [{}, env(("PATH", "/a"), ("PATH", "$(PATH):/b")), {"ports": [{"containerPort": 80}]}]
)
def test_a_container_that_is_not(part: dict[str, Any]) -> None:
    assert warnings_for(pod(spec__containers=[{**CONTAINER, **part}])) == []


def test_labels_of_nodes_that_are_out_of_date() -> None:
    found = warnings_for(pod(spec__nodeSelector={"beta.kubernetes.io/os": "linux"}))
    assert found == [
        'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'
    ]


def test_a_set_is_warned_of_below_its_templates_and_for_a_negative_history() -> None:
    odd = statefulset(
        spec__revisionHistoryLimit=-1,
        spec__template__spec__containers=[{**CONTAINER, **env(("A", "1"), ("A", "2"))}],
        spec__volumeClaimTemplates__0__spec__resources__requests__storage="1500m",
    )
    texts = warnings_for(odd)
    assert [text.partition(":")[0] for text in texts] == [
        "spec.template.spec.containers[0].env[1]",
        "spec.volumeClaimTemplates[0].spec.resources.requests[storage]",
        "spec.revisionHistoryLimit",
    ]
    assert texts[-1].endswith("a negative value retains all historical revisions; a value >= 0 is recommended")


def test_a_claim_for_a_part_of_a_byte() -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1500m"}}}
    [text] = warnings_for(stored(CLAIM, {"metadata": {"name": "c"}, "spec": spec}))
    assert text == 'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer'
