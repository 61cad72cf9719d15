"""The verbs against a small model of what they should do, and watchers against lists, for any sequence of requests.

Safety: revisions only grow and each write takes one; the generation counts exactly the changes of the spec; a
refused request changes nothing. Completeness: whoever replays a watch, from any moment and through any selector,
ends with exactly what a list shows.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from registry.given import ALL, PLAIN, SETS, merge, play, statefulset

from petset.api.errors import AlreadyExists, Conflict, NotFound
from petset.api.models import apps_v1, meta_v1
from petset.registry.port import ListOptions, Watch
from petset.testing.plane import Plane

NAMES = ("a", "b", "c")
HOLD = "example.org/hold"


@dataclass(frozen=True)
class Known:
    """What the model knows of one set. `version` is its resource version."""

    replicas: int
    label: str
    held: bool
    version: str
    generation: int = 1
    terminating: bool = False


@dataclass(frozen=True)
class Request:
    verb: str
    name: str
    replicas: int
    label: str
    held: bool
    stale: bool


requests = st.builds(
    Request,
    verb=st.sampled_from(["create", "update", "scale", "relabel", "release", "status", "delete"]),
    name=st.sampled_from(NAMES),
    replicas=st.integers(0, 3),
    label=st.sampled_from(["x", "y"]),
    held=st.booleans(),
    stale=st.booleans(),
)


def wanted(request: Request, version: str | None = None) -> apps_v1.StatefulSet:
    obj = statefulset(request.name, request.replicas)
    obj.metadata = meta_v1.ObjectMeta(
        name=request.name,
        labels={"label": request.label},
        finalizers=[HOLD] if request.held else None,
        resourceVersion=version,
    )
    return obj


async def send(p: Plane, request: Request, version: str | None) -> None:
    """Send the request. `version` is one that the client has seen, or None where it does not care."""
    match request.verb:
        case "create":
            await p.registry.create(SETS, "default", wanted(request), PLAIN)
        case "update":
            await p.registry.update(SETS, "default", request.name, wanted(request, version), PLAIN)
        case "delete":
            await p.registry.delete(SETS, "default", request.name, meta_v1.DeleteOptions())
        case verb:
            documents: dict[str, Any] = {
                "scale": {"spec": {"replicas": request.replicas}},
                "relabel": {"metadata": {"labels": {"label": request.label}}},
                "release": {"metadata": {"finalizers": None}},
                "status": {"status": {"replicas": request.replicas}},
            }
            subresource = verb if verb in ("scale", "status") else ""
            await p.registry.patch(SETS, "default", request.name, merge(documents[verb]), PLAIN, subresource)


def expected(request: Request, known: Known | None, version: str | None) -> Known | type[Exception] | None:
    """What becomes of a set: its new state (but for its version), None where it goes, or the refusal."""
    if request.verb == "create":
        return AlreadyExists if known else Known(request.replicas, request.label, request.held, "")
    if known is None:
        return NotFound
    match request.verb:
        case "update":
            if version not in (None, known.version):
                return Conflict
            kept = request.held and (known.held or not known.terminating)
            after = replace(known, replicas=request.replicas, label=request.label, held=kept)
        case "scale":
            after = replace(known, replicas=request.replicas)
        case "relabel":
            after = replace(known, label=request.label)
        case "release":
            after = replace(known, held=False)
        case "delete":
            ending = known.held and not known.terminating
            after = replace(known, terminating=True, generation=known.generation + ending)
            return after if known.held else None
        case _:
            after = known
    if after.terminating and not after.held:
        return None
    return replace(after, generation=known.generation + (after.replicas != known.replicas))


def seen(p: Plane) -> dict[str, Known]:
    """What the registry shows, in the model's terms."""
    found = {}
    for record in p.registry.list(SETS, "default", ALL).records:
        obj = p.registry.decode(SETS, record)
        metadata = obj.metadata
        found[metadata.name] = Known(
            obj.spec.replicas,
            metadata.labels["label"],
            HOLD in (metadata.finalizers or ()),
            metadata.resourceVersion,
            metadata.generation,
            metadata.deletionTimestamp is not None,
        )
        assert metadata.resourceVersion == str(record.revision)
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(requests, max_size=25))
def test_the_verbs_do_what_the_model_says(wishes: list[Request]) -> None:
    async def story(p: Plane) -> None:
        model: dict[str, Known] = {}
        for request in wishes:
            known = model.get(request.name)
            version = ("1" if request.stale else known.version) if known else None
            outcome = expected(request, known, version)
            before = p.store.revision
            if isinstance(outcome, type):
                with pytest.raises(outcome):
                    await send(p, request, version)
                assert p.store.revision == before
                continue
            await send(p, request, version)
            shown = seen(p)
            if outcome is None:
                model.pop(request.name)
            else:
                model[request.name] = replace(outcome, version=shown[request.name].version)
            assert shown == model
            assert p.store.revision - before in (0, 1)

    play(story)


async def replay(watch: Watch, picture: dict[str, int], until: int) -> dict[str, int]:
    """The picture after the watch's items, as name → revision."""
    while True:
        for item in await watch.next():
            if item.type == "DELETED":
                del picture[item.record.key.name]
            else:
                assert (item.type == "ADDED") == (item.record.key.name not in picture)
                picture[item.record.key.name] = item.record.revision
        if int(watch.resource_version) >= until:
            return picture


SELECTIONS = (ListOptions(), ListOptions(labels="label=x"), ListOptions(fields="metadata.name=a"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(requests, max_size=6), max_size=5), st.integers(0, 2**16))
def test_a_replayed_watch_ends_as_the_list_whoever_writes_at_once(batches: list[list[Request]], seed: int) -> None:
    async def story(p: Plane) -> None:
        async def attempt(request: Request) -> None:
            try:
                await send(p, request, None)
            except (AlreadyExists, Conflict, NotFound):
                return

        watchers: list[tuple[ListOptions, Watch, dict[str, int]]] = []
        for batch in batches:
            for options in SELECTIONS:
                listed = p.registry.list(SETS, "default", options)
                since = replace(options, resource_version=listed.resource_version)
                picture = {record.key.name: record.revision for record in listed.records}
                watchers.append((options, p.registry.watch(SETS, "default", since), picture))
            await asyncio.gather(*map(attempt, batch))
        # One last change that every selection sees, so that no watch waits in vain.
        await attempt(Request("create", "a", 1, "x", False, False))
        await p.registry.patch(
            SETS, "default", "a", merge({"metadata": {"labels": {"label": "x", "n": "1"}}}), PLAIN
        )
        for options, watch, picture in watchers:
            ended = await replay(watch, picture, p.store.revision)
            listed = p.registry.list(SETS, "default", options)
            assert ended == {record.key.name: record.revision for record in listed.records}

    play(story, seed)
