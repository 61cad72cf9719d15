"""Which probes of a pod should be running now.

A startup probe holds back the others until it has passed. Liveness and startup probes end when stopping begins: a
container is not restarted for dying slowly. Readiness goes on: it shows whether a pod still serves while it stops.
"""

from collections.abc import Iterator
from typing import NamedTuple

from petset.api.models import core_v1
from petset.api.objects import is_terminating
from petset.node.pods.model import Snapshot, is_running
from petset.node.pods.order import spec_of
from petset.node.pods.restart import is_sidecar
from petset.node.probes.counter import ProbeKind
from petset.node.runtime import Container


class WantedProbe(NamedTuple):
    """A probe of a running attempt."""

    kind: ProbeKind
    container: core_v1.Container
    attempt: Container
    probe: core_v1.Probe
    passed: bool  # what is known of it from before


def probes(snapshot: Snapshot) -> list[WantedProbe]:
    """All probes that should run now."""
    wanted: list[WantedProbe] = []
    spec = spec_of(snapshot.pod)
    for container in spec.initContainers or ():
        if is_sidecar(container):
            wanted += _probes_of(container, snapshot)
    for container in spec.containers:
        if container.startupProbe or container.readinessProbe or container.livenessProbe:
            wanted += _probes_of(container, snapshot)
    return wanted


def _probes_of(container: core_v1.Container, snapshot: Snapshot) -> Iterator[WantedProbe]:
    attempt, note = snapshot.latest(container.name), snapshot.note(container.name)
    if attempt is None or not is_running(attempt) or note.hook_pending:
        return
    stopping = snapshot.gone or is_terminating(snapshot.pod) or note.stop is not None
    if not note.health.started:
        if container.startupProbe and not stopping:
            yield WantedProbe(ProbeKind.STARTUP, container, attempt, container.startupProbe, False)
        return
    if container.readinessProbe:
        yield WantedProbe(ProbeKind.READINESS, container, attempt, container.readinessProbe, note.health.ready)
    if container.livenessProbe and not stopping:
        yield WantedProbe(ProbeKind.LIVENESS, container, attempt, container.livenessProbe, True)
