"""Who gets which name, and when a definition may go: the plan by itself, on definitions of one group."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from petset.api.definitions import CLEANUP, ESTABLISHED, NAMES_ACCEPTED, TERMINATING, Definition, is_true
from petset.api.models import apiextensions_v1, meta_v1
from petset.api.objects import is_terminating, meta, name_of
from petset.controllers.definitions.invariants import is_safe
from petset.controllers.definitions.model import Action, DeleteInstance, Finalize, Instance, ReportStatus, Snapshot
from petset.controllers.definitions.plan import plan

Names = apiextensions_v1.CustomResourceDefinitionNames
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def definition(plural: str, kind: str = "", *short: str, singular: str = "") -> Definition:
    """As it stands after its creation: nothing is accepted yet."""
    kind = kind or plural.title()
    names = Names(
        kind=kind, plural=plural, singular=singular or kind.lower(), listKind=f"{kind}List", shortNames=[*short]
    )
    spec = apiextensions_v1.CustomResourceDefinitionSpec(
        group="example.com", names=names, scope="Namespaced", versions=[]
    )
    status = apiextensions_v1.CustomResourceDefinitionStatus(acceptedNames=Names(kind="", plural=""))
    return Definition(spec=spec, status=status, metadata=meta_v1.ObjectMeta(name=f"{plural}.example.com"))


@dataclass
class Group:
    """The definitions of a group and the objects of one that goes, as the API holds them."""

    definitions: dict[str, Definition] = field(default_factory=dict)
    instances: dict[str, list[Instance]] = field(default_factory=dict)

    def add(self, *new: Definition) -> "Group":
        self.definitions |= {name_of(each): each for each in new}
        return self

    def steps(self, name: str) -> tuple[Action, ...]:
        others = [each for other, each in self.definitions.items() if other != name]
        snapshot = Snapshot(self.definitions[name], NOW, others, self.instances.get(name, ()))
        decided = plan(snapshot)
        assert is_safe(snapshot, decided)
        return decided.actions

    def apply(self, name: str, action: Action) -> None:
        match action:
            case ReportStatus(changed):
                self.definitions[name] = changed
            case DeleteInstance(target):
                self.instances[name].remove(target)
            case Finalize(changed):
                assert CLEANUP not in (meta(changed).finalizers or ())
                del self.definitions[name]

    def settle(self, most: int = 50) -> None:
        """Look at each in turn until nothing changes."""
        for _ in range(most):
            changed = False
            for name in list(self.definitions):
                for action in self.steps(name):
                    self.apply(name, action)
                    changed = True
            if not changed:
                return
        raise AssertionError("it never settles")

    def delete(self, name: str) -> None:
        old = self.definitions[name]
        metadata = replace(meta(old), deletionTimestamp=NOW, finalizers=[CLEANUP])
        self.definitions[name] = replace(old, metadata=metadata)

    def reason(self, name: str, condition: str) -> str:
        status = self.definitions[name].status
        return next(
            (c.reason or "" for c in (status.conditions if status else None) or () if c.type == condition), ""
        )

    def taken(self) -> list[str]:
        """Every name of a resource that somebody has, as often as somebody has it."""
        found: list[str] = []
        for each in self.definitions.values():
            accepted = each.status.acceptedNames if each.status else None
            if accepted is not None:
                found += {accepted.plural, accepted.singular or "", *(accepted.shortNames or ())} - {""}
        return found


def test_whoever_asks_first_gets_the_name_and_the_other_is_told_which_is_in_use() -> None:
    group = Group().add(definition("cats", "Cat", "c"), definition("cars", "Car", "c"))
    group.settle()
    assert is_true(group.definitions["cats.example.com"], ESTABLISHED)
    assert not is_true(group.definitions["cars.example.com"], ESTABLISHED)
    assert group.reason("cars.example.com", NAMES_ACCEPTED) == "ShortNamesConflict"
    status = group.definitions["cars.example.com"].status
    assert status is not None and status.acceptedNames is not None
    assert status.acceptedNames.plural == "cars"  # what nobody else wants is its own already


def test_a_kind_is_taken_apart_from_resources() -> None:
    group = Group().add(definition("cats", "Cat"), definition("felines", "Cat", singular="feline"))
    group.settle()
    assert group.reason("felines.example.com", NAMES_ACCEPTED) in ("KindConflict", "ListKindConflict")


def test_a_definition_that_is_established_stays_so_when_it_asks_for_a_name_that_is_taken() -> None:
    group = Group().add(definition("cats", "Cat", "c"), definition("cars", "Car"))
    group.settle()
    cars = group.definitions["cars.example.com"]
    group.add(replace(cars, spec=replace(cars.spec, names=replace(cars.spec.names, shortNames=["c"]))))
    group.settle()
    assert is_true(group.definitions["cars.example.com"], ESTABLISHED)
    assert not is_true(group.definitions["cars.example.com"], NAMES_ACCEPTED)


def test_a_short_name_may_be_the_definitions_own_plural() -> None:
    group = Group().add(definition("cats", "Cat", "cats"))
    group.settle()
    assert is_true(group.definitions["cats.example.com"], NAMES_ACCEPTED)
    group.settle()


def test_a_definition_goes_after_its_objects_which_are_deleted_once() -> None:
    group = Group().add(definition("cats", "Cat"))
    group.settle()
    group.instances["cats.example.com"] = [Instance("a", "tom", "1"), Instance("b", "kit", "2", terminating=True)]
    group.delete("cats.example.com")
    actions = group.steps("cats.example.com")
    assert [type(action) for action in actions] == [ReportStatus, DeleteInstance]
    group.apply("cats.example.com", actions[0])
    assert group.reason("cats.example.com", TERMINATING) == "InstanceDeletionInProgress"
    group.instances["cats.example.com"] = []
    group.settle()
    assert group.definitions == {}


WORDS = st.sampled_from(["cats", "cat", "dogs", "dog", "c", "d", "pets"])
DEFINITIONS = st.builds(
    lambda plural, kind, short, singular: definition(plural, kind.title(), *short, singular=singular),
    WORDS, WORDS, st.lists(WORDS, max_size=2, unique=True), WORDS,
)  # fmt: skip


@given(st.lists(DEFINITIONS, min_size=1, max_size=6), st.randoms(use_true_random=False), st.integers(0, 12))
def test_no_name_ever_has_two_owners_and_every_name_that_is_free_finds_one(
    definitions: list[Definition], source: Any, steps: int
) -> None:
    group = Group().add(*definitions)
    for _ in range(steps):  # looked at in any order, stopped after any step, deleted at any time
        if not group.definitions:
            return
        name = source.choice(sorted(group.definitions))
        actions = group.steps(name)
        for action in actions[: source.randint(0, len(actions))]:
            group.apply(name, action)
        if name in group.definitions and source.random() < 0.2 and not is_terminating(group.definitions[name]):
            group.delete(name)
        owned = group.taken()
        assert len(owned) == len(set(owned))
    group.settle()
    owned = group.taken()
    assert len(owned) == len(set(owned))
    for name, each in group.definitions.items():
        wants = {each.spec.names.plural, each.spec.names.singular or "", *(each.spec.names.shortNames or ())}
        others = Group().add(*(other for key, other in group.definitions.items() if key != name))
        free = wants.isdisjoint(others.taken())
        kinds = {
            other.status.acceptedNames.kind
            for other in others.definitions.values()
            if other.status and other.status.acceptedNames
        }
        if free and each.spec.names.kind not in kinds:
            assert is_true(each, ESTABLISHED), name
