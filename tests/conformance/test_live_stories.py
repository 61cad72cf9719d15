"""Reads tests/stories/[a-m]-*.txt: what somebody does to a set on a simulated machine, and what shows.

There is one for each section of the StatefulSet contract that can be told so; its letter comes first.

A line that begins with `>` is done or asked; the lines below it are what comes of it, none if nothing is to be
said. Lines that begin with `#` are for the reader. Values are YAML. The set is called `web` and has three replicas
of the image `web:1` unless the story says otherwise (`conformance.scenario.document`).
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conformance.scenario import NAME, Scenario, document, play

from petset.api import kinds
from petset.api.decode import decode
from petset.api.encode import to_document
from petset.api.errors import ApiError, NotFound
from petset.api.models import apps_v1, autoscaling_v1, core_v1, discovery_v1, meta_v1
from petset.api.objects import is_terminating, meta, name_of
from petset.ownership.health import is_running_and_ready
from petset.registry.port import Patch, WriteOptions

STORIES = sorted((Path(__file__).parents[1] / "stories").glob("[a-m]-*.txt"))
SETS = kinds.by_model(apps_v1.StatefulSet)
Told = list[str]


def exchanges(text: str) -> list[tuple[str, Told]]:
    """Each command with the lines expected of it."""
    found: list[tuple[str, Told]] = []
    for line in text.splitlines():
        if line.startswith("> "):
            found.append((line[2:], []))
        elif line and not line.startswith("#"):
            found[-1][1].append(line)
    return found


def refusal(error: ApiError) -> Told:
    return [f"refused: {error.message.partition(' is invalid: ')[2] or error.message}"]


# -- what is done


async def apply(it: Scenario, given: str) -> Told:
    """Create the set, or replace it by what is given, as a client that names no version does."""
    asked = yaml.safe_load(given or "{}")
    body = document(**asked.pop("spec", asked))
    registry, options = it.world.plane.registry, WriteOptions()
    before = it.world.get(apps_v1.StatefulSet, NAME)
    body["metadata"] |= asked.get("metadata", {})
    new = decode(SETS, body).obj
    if before is None:
        record = await registry.create(SETS, "default", new, options)
    else:
        record = await registry.update(SETS, "default", NAME, new, options)
    after = registry.decode(SETS, record)
    word = "created" if before is None else "unchanged" if after is before else "changed"
    return [f"{word}, generation {meta(after).generation}"]


async def patch(it: Scenario, given: str) -> Told:
    await it.patch(yaml.safe_load(given))
    return []


async def patch_status(it: Scenario, given: str) -> Told:
    await it.patch({"status": yaml.safe_load(given)}, subresource="status")
    return []


async def scale(it: Scenario, given: str) -> Told:
    asked = autoscaling_v1.Scale(
        metadata=meta_v1.ObjectMeta(name=NAME), spec=autoscaling_v1.ScaleSpec(replicas=int(given))
    )
    await it.world.plane.registry.update(SETS, "default", NAME, asked, WriteOptions(), "scale")
    return []


async def image(it: Scenario, given: str) -> Told:
    await it.use(given)
    return []


async def delete_set(it: Scenario, given: str) -> Told:
    options = meta_v1.DeleteOptions(propagationPolicy=given or None)
    await it.world.client.delete(apps_v1.StatefulSet, NAME, "default", options)
    return []


async def delete_pods(it: Scenario, given: str) -> Told:
    await it.delete_pod(*given.split())
    return []


async def delete_claim(it: Scenario, given: str) -> Told:
    await it.world.client.delete(core_v1.PersistentVolumeClaim, given, "default")
    return []


async def label(it: Scenario, given: str) -> Told:
    pod, labels = given.split(maxsplit=1)
    await it.label(pod, yaml.safe_load(labels))
    return []


async def end(it: Scenario, given: str) -> Told:
    """Whoever looks after the pod says that it is over (there are no nodes, or they do not see it)."""
    pod, phase = given.split()
    body = Patch("application/merge-patch+json", {"status": {"phase": phase}})
    await it.world.client.patch(core_v1.Pod, pod, "default", body, "status")
    return []


async def create(it: Scenario, given: str) -> Told:
    body = yaml.safe_load(given)
    kind = kinds.by_type(body["apiVersion"], body["kind"])
    assert kind is not None
    body["metadata"] |= {"namespace": "default"}
    await it.world.client.create(decode(kind, body).obj)
    return []


async def unready(it: Scenario, given: str) -> Told:
    it.unready(*given.split())
    return []


async def ready(it: Scenario, given: str) -> Told:
    it.ready(*given.split())
    return []


async def wait(it: Scenario, given: str) -> Told:
    await (it.settled() if given == "until settled" else it.quiet(float(given.removesuffix("s"))))
    return []


# -- what is seen


async def pods(it: Scenario, given: str) -> Told:
    return [describe(pod) for name in it.pods() if (pod := it.pod(name)) is not None]


def describe(pod: core_v1.Pod) -> str:
    """`web-0 web:1 Running ready`."""
    assert pod.spec is not None and pod.status is not None
    words = [name_of(pod), pod.spec.containers[0].image, pod.status.phase]
    state = "terminating" if is_terminating(pod) else "ready" if is_running_and_ready(pod) else "not ready"
    return " ".join([*map(str, words), state])


async def identity(it: Scenario, given: str) -> Told:
    pod = it.pod(given)
    assert pod is not None and pod.spec is not None
    revision = it.status.updateRevision or ""
    labels = {k: v.replace(revision, "<update revision>") for k, v in (meta(pod).labels or {}).items()}
    claims = [v.persistentVolumeClaim.claimName for v in pod.spec.volumes or () if v.persistentVolumeClaim]
    return [
        f"host name {pod.spec.hostname} below {pod.spec.subdomain}",
        *(f"label {key}={value}" for key, value in sorted(labels.items())),
        *(f"claim {claim}" for claim in claims),
    ]


async def claims(it: Scenario, given: str) -> Told:
    found = sorted(it.world.every(core_v1.PersistentVolumeClaim), key=name_of)
    return [f"{name_of(claim)} goes with {owners_of(claim)}" for claim in found]


def owners_of(claim: core_v1.PersistentVolumeClaim) -> str:
    refs = meta(claim).ownerReferences or ()
    return ", ".join(f"{ref.kind} {ref.name}" for ref in refs) or "nobody"


async def revisions(it: Scenario, given: str) -> Told:
    found = sorted(it.world.every(apps_v1.ControllerRevision), key=lambda revision: revision.revision)
    kept = [(r.revision, r.data["spec"]["template"]["spec"]["containers"][0]["image"]) for r in found]
    return [f"{number} {image}" for number, image in kept]


async def status(it: Scenario, given: str) -> Told:
    now = it.status
    counts = {
        "replicas": now.replicas, "ready": now.readyReplicas, "available": now.availableReplicas,
        "current": now.currentReplicas, "updated": now.updatedReplicas,
    }  # fmt: skip
    place = "complete" if now.currentRevision == now.updateRevision else "on the way"
    return [", ".join(f"{name} {count or 0}" for name, count in counts.items()) + f", {place}"]


async def show(it: Scenario, given: str) -> Told:
    """One field of the set, as YAML in one line."""
    value: Any = to_document(it.the_set)
    for step in given.split("."):
        value = value.get(step) if isinstance(value, dict) else value[int(step)]
    return [
        yaml.safe_dump(value, default_flow_style=True, sort_keys=True, width=1000).strip().removesuffix("\n...")
    ]


async def show_scale(it: Scenario, given: str) -> Told:
    found = it.world.plane.registry.get_scale(SETS, "default", NAME)
    assert found.spec is not None and found.status is not None
    return [f"wanted {found.spec.replicas}, there {found.status.replicas}, selector {found.status.selector}"]


async def events(it: Scenario, given: str) -> Told:
    """What the set's user was told, repeats with their count; of one moment in the order of the alphabet."""
    await it.quiet(1)  # events are collected for a moment before they are written
    found = [e for e in it.world.every(core_v1.Event) if e.involvedObject.kind == "StatefulSet"]
    told = sorted(found, key=lambda event: (event.firstTimestamp, event.message))
    times = [f"{event.count} times " if (event.count or 1) > 1 and given else "" for event in told]
    return [f"{many}{e.type} {e.reason}: {e.message}" for many, e in zip(times, told, strict=True)]


async def names(it: Scenario, given: str) -> Told:
    """The names below every Service that DNS answers for, and which of them only if not-ready ones count."""
    found = []
    for piece in it.world.every(discovery_v1.EndpointSlice):
        service = (meta(piece).labels or {})["kubernetes.io/service-name"]
        for endpoint in piece.endpoints:
            is_ready = endpoint.conditions is not None and endpoint.conditions.ready
            state = "answers" if is_ready else "does not answer"
            found.append(f"{endpoint.hostname or '(no name)'}.{service} {state}")
    return sorted(found)


COMMANDS: dict[str, Callable[[Scenario, str], Awaitable[Told]]] = {
    "apply": apply, "patch status": patch_status, "patch": patch, "scale": scale, "image": image,
    "delete set": delete_set, "delete pod": delete_pods, "delete claim": delete_claim, "label": label, "end": end,
    "create": create, "unready": unready, "ready": ready, "wait": wait, "pods": pods, "identity": identity,
    "claims": claims, "revisions": revisions, "status": status, "show scale": show_scale, "show": show,
    "events": events, "names": names,
}  # fmt: skip


async def obey(it: Scenario, line: str) -> Told:
    for word, command in COMMANDS.items():
        if line == word or line.startswith(f"{word} "):
            try:
                return await command(it, line[len(word) :].strip())
            except ApiError as error:
                return refusal(error)
    raise AssertionError(f"no such command in a story: {line}")


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_live_story(path: Path) -> None:
    text = path.read_text()

    async def story(it: Scenario) -> None:
        for command, expected in exchanges(text):
            assert await obey(it, command) == expected, f"> {command}"

    play(story, nodes=0 if "# No node runs" in text else 2)


def test_every_section_has_its_story_but_those_on_kubectl_and_conformance() -> None:
    assert [path.name[0] for path in STORIES] == list("abcdefghijm")


def test_a_story_that_asks_for_what_is_not_there_is_told() -> None:
    async def story(it: Scenario) -> None:
        assert await obey(it, "delete pod web-9") == ['refused: pods "web-9" not found']
        with pytest.raises(AssertionError, match="no such command"):
            await obey(it, "dance")
        with pytest.raises(NotFound):
            await it.delete_pod("web-9")

    play(story)
