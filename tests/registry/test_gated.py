"""Rule 6: with its gate off `maxUnavailable` is dropped from what clients write, unless it is in use already."""

import msgspec
import yaml

from petset.api.decode import decode
from petset.api.gates import Gates
from petset.api.kinds import by_model
from petset.api.models import apps_v1
from petset.registry.gated import drop_disabled
from petset.registry.port import WriteOptions
from petset.testing.loop import run
from petset.testing.plane import plane

SETS = by_model(apps_v1.StatefulSet)
OFF = Gates(max_unavailable=False)
MANIFEST = """
metadata: {name: web, namespace: default}
spec:
  selector: {matchLabels: {app: web}}
  updateStrategy: {rollingUpdate: {maxUnavailable: %s}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
"""


def manifest(budget: str) -> apps_v1.StatefulSet:
    made: apps_v1.StatefulSet = decode(SETS, yaml.safe_load(MANIFEST % budget)).obj
    return made


def budget_of(stateful_set: apps_v1.StatefulSet) -> object:
    assert stateful_set.spec.updateStrategy is not None
    assert stateful_set.spec.updateStrategy.rollingUpdate is not None
    return stateful_set.spec.updateStrategy.rollingUpdate.maxUnavailable


def test_with_the_gate_off_even_a_budget_of_nothing_is_accepted_and_dropped() -> None:
    async def story() -> None:
        async with plane(gates=OFF) as p:
            created = await p.registry.create(SETS, "default", manifest("0"), WriteOptions())
            made = p.registry.decode(SETS, created)
            assert budget_of(made) is None
            again = await p.registry.update(SETS, "default", "web", manifest("2"), WriteOptions())
            assert budget_of(p.registry.decode(SETS, again)) is None

    run(story())


def test_what_is_in_use_stays() -> None:
    old, new = manifest("2"), manifest("3")
    drop_disabled(SETS, new, old, OFF)
    assert budget_of(new) == 3
    drop_disabled(SETS, new, None, Gates())
    assert budget_of(new) == 3
    bare = msgspec.structs.replace(new, spec=msgspec.structs.replace(new.spec, updateStrategy=None))
    drop_disabled(SETS, bare, None, OFF)
