"""What one pod's change costs does not depend on how many pods the set has: counted in calls, not in seconds."""

import sys
from dataclasses import replace
from types import FrameType
from typing import Any

import msgspec
import pytest
from controllers.statefulset.tiny import Tiny, claim_template, make_set, template

from petset.controllers.statefulset.plan import plan


class Calls:
    """Counts the calls of Python functions made inside the `with`."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> "Calls":
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, argument: Any) -> None:
        self.count += event == "call"


def full(replicas: int, policy: str, **changes: object) -> Tiny:
    """A set whose pods are all Ready, and what was changed since."""
    claims = [claim_template()]
    tiny = Tiny(
        make_set(replicas=replicas, podManagementPolicy="Parallel", volumeClaimTemplates=claims), check=False
    )
    tiny.run()
    spec = msgspec.structs.replace(tiny.set.spec, podManagementPolicy=policy)
    tiny.set = msgspec.structs.replace(tiny.set, spec=spec)
    if changes:
        tiny.change(**changes)
        tiny.look()  # the new revision, and what it does at once
    return tiny


def cost_of_a_change(tiny: Tiny) -> int:
    """One pod turns unready and Ready again; each time the set is looked at."""
    snapshot = tiny.snapshot()
    with Calls() as calls:
        for ready in (False, True):
            tiny.phase("web-20", "Running", ready=ready)
            snapshot.roster.put(tiny.pods["web-20"], tiny.now)
            plan(replace(snapshot, set=tiny.set))
    return calls.count


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
@pytest.mark.parametrize("changes", [{}, {"template": template("new")}], ids=["at rest", "in a rollout"])
def test_a_change_in_a_set_of_three_hundred_costs_what_it_costs_in_one_of_thirty(
    policy: str, changes: dict[str, object]
) -> None:
    small, large = (cost_of_a_change(full(replicas, policy, **changes)) for replicas in (30, 300))
    assert abs(large - small) <= 10, f"{small} calls with 30 pods, {large} with 300"
