"""Why one pod is not Ready, down to the container: from its status, its claims and the warnings about it. Pure.

A pod can lack many things at once, and only one of them is the reason for the others. So the questions are asked
in the order in which a pod comes to life (a node, its volumes, an image, a start, staying up, its probes), and the
first that has no good answer is the cause.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from petset.cli.documents import (
    Document,
    Observed,
    condition,
    container_statuses,
    is_ready,
    is_terminating,
    name_of,
    namespace_of,
)

_ON_ITS_WAY = (None, "", "ContainerCreating", "PodInitializing")
_NO_IMAGE = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
_SANDBOX_TROUBLE = ("FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox")
_SIGNALS = {137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM", 134: "SIGABRT"}


@dataclass(frozen=True)
class Cause:
    """What keeps a pod from being Ready: `text` goes on after "web-1 is not Ready: ", `remedy` is what to do.

    `is_trouble`: something has failed, so that it will not pass by waiting alone. `blames_template`: the pod cannot
    run as its template says, so that a change of the template is the likely way out.
    """

    text: str
    remedy: str = ""
    is_trouble: bool = True
    blames_template: bool = False


def cause_of(pod: Document, observed: Observed) -> Cause | None:
    """Why the pod is not Ready, None where it is."""
    if is_ready(pod):
        return None
    found = (ask(pod, observed) for ask in _QUESTIONS)
    return next((cause for cause in found if cause is not None), None) or _unknown(pod, observed)


def _leaving(pod: Document, observed: Observed) -> Cause | None:
    if not is_terminating(pod):
        return None
    held = ", ".join(pod["metadata"].get("finalizers") or ())
    if held:
        remedy = f"whoever set the finalizer must take it away: kubectl edit pod {name_of(pod)}"
        return Cause(f"it is being deleted and held by its finalizer {held}", remedy)
    if condition(pod, "Ready").get("reason") == "NodeNotReady":
        where = pod["spec"].get("nodeName")
        remedy = f"bring {where} back, or give the pod up: kubectl delete pod {name_of(pod)} --force"
        return Cause(f"it is being deleted, and its node {where} does not confirm it", remedy)
    grace = pod["metadata"].get("deletionGracePeriodSeconds")
    return Cause(f"it is being deleted, with a grace period of {grace} s", is_trouble=False)


def _finished(pod: Document, observed: Observed) -> Cause | None:
    status = pod.get("status") or {}
    if status.get("phase") not in ("Failed", "Succeeded"):
        return None
    why = ": ".join(str(status[key]) for key in ("reason", "message") if status.get(key))
    return Cause(f"it has ended ({status['phase']}{', ' + why if why else ''}) and is being replaced")


def _without_node(pod: Document, observed: Observed) -> Cause | None:
    if (pod.get("spec") or {}).get("nodeName"):
        return None
    message = condition(pod, "PodScheduled").get("message") or ""
    lost = _claim_trouble(pod, observed)
    if lost is not None:
        return lost
    if "no nodes available" in message:
        return Cause("there is no node to run it", "start the server with nodes: petset down, petset up --nodes 1")
    if message:
        text = f"no node can take it: {message}"
        return Cause(text, "make room, or change what its template asks of a node")
    return Cause("no node has been chosen for it yet", is_trouble=False)


def _claim_trouble(pod: Document, observed: Observed) -> Cause | None:
    """A claim of the pod that is missing, or that somebody has complained about."""
    claims = {name_of(c): c for c in observed.claims if namespace_of(c) == namespace_of(pod)}
    for volume in (pod.get("spec") or {}).get("volumes") or ():
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if not name:
            continue
        if name not in claims:
            return Cause(f"its claim {name} is not there")
        phase = (claims[name].get("status") or {}).get("phase")
        complaint = _newest(_about(claims[name], observed))
        if phase == "Lost" or (phase != "Bound" and complaint):
            why = f": {complaint['message']}" if complaint else ""
            return Cause(f"its claim {name} is {phase}{why}", f"see kubectl describe pvc {name}")
    return None


def _on_a_lost_node(pod: Document, observed: Observed) -> Cause | None:
    if condition(pod, "Ready").get("reason") != "NodeNotReady":
        return None
    where = pod["spec"].get("nodeName")
    return Cause(
        f"its node {where} has gone silent", f"bring {where} back, or remove it: kubectl delete node {where}"
    )


def _held_up_before_its_containers(pod: Document, observed: Observed) -> Cause | None:
    """Volumes that cannot be mounted, a sandbox that cannot be made: matters only while nothing runs."""
    if any(_is(status, "running") or _is(status, "terminated") for status in container_statuses(pod)):
        return None
    if any(_state(status, "waiting").get("reason") not in _ON_ITS_WAY for status in container_statuses(pod)):
        return None
    newest = _newest(event for event in _about(pod, observed) if event.get("reason") in _SANDBOX_TROUBLE)
    if newest is None:
        return None
    return Cause(
        f"{newest['reason']}{_times(newest)}: {newest['message']}",
        "make what it asks for; it is tried again by itself",
    )


def _in_a_container(pod: Document, observed: Observed) -> Cause | None:
    """The first container that cannot be started or does not stay up."""
    for status in container_statuses(pod):
        reason = _state(status, "waiting").get("reason")
        if _is(status, "running"):
            continue
        if reason in _NO_IMAGE:
            return _no_image(pod, status, observed)
        if reason == "CrashLoopBackOff" or (reason in _ON_ITS_WAY and _ended(status)) or _has_died(pod, status):
            return _crashes(pod, status, observed)
        if reason not in _ON_ITS_WAY:
            message = _state(status, "waiting").get("message") or "no more is known"
            text = f"container {status['name']} cannot be started: {reason}: {message}"
            if reason == "CreateContainerConfigError":
                return Cause(text, "make what it asks for; it is tried again by itself")
            return Cause(text, blames_template=True)
    return None


def _no_image(pod: Document, status: Document, observed: Observed) -> Cause:
    message = _state(status, "waiting").get("message") or ""
    if _state(status, "waiting").get("reason") != "ErrImagePull":
        told = [e for e in _about(pod, observed) if "Failed to pull image" in str(e.get("message"))]
        message = str(told[-1]["message"]) if told else message
    text = f"container {status['name']} has no image: {message}"
    return Cause(
        text, f"map the image {status.get('image')}, or correct its name in the template", blames_template=True
    )


def _crashes(pod: Document, status: Document, observed: Observed) -> Cause:
    ended = _ended(status)
    code = ended.get("exitCode")
    how = f"exit code {code}" + (f", {_SIGNALS[code]}" if code in _SIGNALS else "")
    how += ", out of memory" if ended.get("reason") == "OOMKilled" else ""
    name = status["name"]
    key = (namespace_of(pod), name_of(pod), name)
    said = str(ended.get("message") or "").strip() or observed.last_lines.get(key, "")
    text = f"container {name} has ended {_count(max(1, status.get('restartCount') or 0))}, last with {how}"
    text += f': "{said.splitlines()[-1]}"' if said else ""
    killed = _probe_failures(pod, name, "Liveness", observed)
    if killed:
        text += (
            f"; its liveness {_probe_text(_container(pod, name).get('livenessProbe'))} failed {_count(killed[0])}"
        )
    return Cause(text, f"see kubectl logs {name_of(pod)} -c {name} --previous", blames_template=True)


def _init_at_work(pod: Document, observed: Observed) -> Cause | None:
    for status in (pod.get("status") or {}).get("initContainerStatuses") or ():
        if _is(status, "running") and not (status.get("ready") or status.get("started")):
            return Cause(f"init container {status['name']} is still at work", is_trouble=False)
    return None


def _probes(pod: Document, observed: Observed) -> Cause | None:
    """A container that runs and has not passed its startup or readiness probe."""
    for status in (pod.get("status") or {}).get("containerStatuses") or ():
        if status.get("ready") or not _is(status, "running"):
            continue
        name = status["name"]
        spec = _container(pod, name)
        is_starting = bool(spec.get("startupProbe")) and not status.get("started")
        kind, field = ("Startup", "startupProbe") if is_starting else ("Readiness", "readinessProbe")
        probe = f"{kind.lower()} {_probe_text(spec.get(field))}"
        failures = _probe_failures(pod, name, kind, observed)
        if failures:
            count, last = failures
            text = f"{probe} of container {name} failed {_count(count)}"
            return Cause(text + (f": {last}" if last else ""), f"fix {name_of(pod)}")
        if _ended(status):
            return _crashes(pod, status, observed)
        if spec.get(field):
            return Cause(f"{probe} of container {name} has not succeeded yet", is_trouble=False)
    return None


def _gates(pod: Document, observed: Observed) -> Cause | None:
    ready = condition(pod, "Ready")
    if ready.get("reason") != "ReadinessGatesNotReady":
        return None
    return Cause(str(ready.get("message")), "whoever answers for the readiness gate must set its condition")


def _starting(pod: Document, observed: Observed) -> Cause | None:
    waiting = [s["name"] for s in container_statuses(pod) if _is(s, "waiting")]
    if not waiting and (pod.get("status") or {}).get("phase") != "Pending":
        return None
    return Cause(f"container {waiting[0]} is being started" if waiting else "it is being started", is_trouble=False)


def _unknown(pod: Document, observed: Observed) -> Cause:
    """The newest complaint about it, else what its status says."""
    complaint = _newest(_about(pod, observed))
    if complaint is not None:
        return Cause(str(complaint["message"]))
    message = condition(pod, "Ready").get("message")
    return Cause(str(message or f"phase {(pod.get('status') or {}).get('phase') or 'unknown'}"), is_trouble=False)


_QUESTIONS: tuple[Callable[[Document, Observed], Cause | None], ...] = (
    _leaving, _finished, _without_node, _on_a_lost_node, _held_up_before_its_containers, _in_a_container,
    _init_at_work, _probes, _gates, _starting,
)  # fmt: skip


def _is(status: Document, which: str) -> bool:
    return (status.get("state") or {}).get(which) is not None


def _state(status: Document, which: str) -> dict[str, Any]:
    return dict((status.get("state") or {}).get(which) or {})


def _ended(status: Document) -> dict[str, Any]:
    """How the container ended the last time; empty where it never did."""
    return _state(status, "terminated") or dict((status.get("lastState") or {}).get("terminated") or {})


def _has_died(pod: Document, status: Document) -> bool:
    """It has ended and is neither running nor an init container that has done its work."""
    ended = _state(status, "terminated")
    return _is(status, "terminated") and not (ended.get("exitCode") == 0 and status.get("ready"))


def _container(pod: Document, name: str) -> Document:
    spec = pod.get("spec") or {}
    every = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    return next((c for c in every if c["name"] == name), {})


def _probe_text(probe: Document | None) -> str:
    """`probe `exec test -f /ready``: what the probe does, as a person would say it."""
    if not probe:
        return "probe"
    if probe.get("exec"):
        return f"probe `exec {' '.join(probe['exec'].get('command') or ())}`"
    if probe.get("httpGet"):
        get = probe["httpGet"]
        return f"probe `GET {(get.get('scheme') or 'http').lower()}://:{get['port']}{get.get('path') or '/'}`"
    if probe.get("tcpSocket"):
        return f"probe `tcp {probe['tcpSocket']['port']}`"
    return f"probe `grpc {(probe.get('grpc') or {}).get('port')}`"


def _probe_failures(pod: Document, container: str, kind: str, observed: Observed) -> tuple[int, str] | None:
    """How often the probe was seen to fail, and what it said the last time."""
    opening = f"{kind} probe failed: "
    told = [
        event
        for event in _about(pod, observed)
        if event.get("reason") == "Unhealthy"
        and str(event.get("message")).removeprefix("(combined from similar events): ").startswith(opening)
        and str(event["involvedObject"].get("fieldPath") or f"{{{container}}}").endswith(f"{{{container}}}")
    ]
    newest = _newest(told)
    if newest is None:
        return None
    said = str(newest["message"]).partition(opening)[2].strip().splitlines()
    return sum(event.get("count") or 1 for event in told), said[-1] if said else ""


def _about(document: Document, observed: Observed) -> Iterator[Document]:
    """The warnings about one object."""
    uid = document["metadata"].get("uid")
    return (e for e in observed.warnings if e["involvedObject"].get("uid") == uid and e.get("message"))


def _newest(events: Any) -> Document | None:
    return max(
        events, key=lambda e: e.get("lastTimestamp") or e["metadata"].get("creationTimestamp") or "", default=None
    )


def _times(event: Document) -> str:
    return f" ({_count(event['count'])})" if (event.get("count") or 1) > 1 else ""


def _count(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
