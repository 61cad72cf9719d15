"""Follows every change of the StatefulSets in a world and remembers what should never have happened.

It sees each kind's changes one by one, in the order in which they were stored, and none is lost: a state that
lasted no longer than an instant is judged too. What it judges holds whatever users do in the meantime; promises
that depend on what the controller could know are checked action by action
(`petset.controllers.statefulset.invariants`).
"""

from petset.aio.clock import Clock
from petset.aio.tasks import Supervisor
from petset.api.models import apps_v1, core_v1
from petset.api.objects import controller_of, is_terminating, name_of, namespace_of
from petset.client.informer import Informer
from petset.client.port import Client
from petset.controllers.statefulset.health import is_finished, is_running_and_ready
from petset.controllers.statefulset.identity import NO_ORDINAL, first_ordinal, ordinal_of, pod_name
from petset.controllers.statefulset.retention import policy_of

KEPT = ("Retain", "Retain")


class Witness:
    """`broken` has a sentence for each promise that was broken; `created` and `deleted` are pods, as they came and
    went.

    `hasty` are pods of OrderedReady sets that were created while one of a lower ordinal was missing or not Ready.
    That is as it should be only where users or containers took the lower one away in that very moment.
    """

    def __init__(self, client: Client, clock: Clock) -> None:
        self.broken: list[str] = []
        self.created: list[str] = []
        self.deleted: list[str] = []
        self.hasty: list[str] = []
        self._sets = Informer(client, clock, apps_v1.StatefulSet)
        self._pods = Informer(client, clock, core_v1.Pod)
        self._claims = Informer(client, clock, core_v1.PersistentVolumeClaim)
        self._sets.on_change(self._set_changed)
        self._pods.on_change(self._pod_changed)
        self._claims.on_change(self._claim_changed)

    async def run(self) -> None:
        """Watch until cancelled."""
        async with Supervisor("witness") as tasks:
            for informer in (self._sets, self._pods, self._claims):
                tasks.start("watch", informer.run())
            await tasks.wait()

    def _set_changed(self, old: apps_v1.StatefulSet | None, new: apps_v1.StatefulSet | None) -> None:
        status = new.status if new is not None else None
        if new is None or status is None:
            return
        counts = {
            "readyReplicas": status.readyReplicas or 0,
            "currentReplicas": status.currentReplicas or 0,
            "updatedReplicas": status.updatedReplicas or 0,
        }
        for field, count in counts.items():
            if not 0 <= count <= status.replicas:
                self._note(f"{name_of(new)} says {field} {count} of {status.replicas} replicas")
        if (status.availableReplicas or 0) > (status.readyReplicas or 0):
            self._note(f"{name_of(new)} says more pods are available than ready")

    def _pod_changed(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        if old is None and new is not None:
            self.created.append(name_of(new))
            self._check_identity(new)
            self._check_order(new)
        if old is not None and new is None:
            self.deleted.append(name_of(old))
            # What has run to its end owes nobody a graceful stop.
            if not is_terminating(old) and not is_finished(old) and old.spec and old.spec.nodeName:
                self._note(f"pod {name_of(old)} vanished from its node without having been asked to go")

    def _check_identity(self, pod: core_v1.Pod) -> None:
        owner = controller_of(pod)
        if owner is None or owner.kind != "StatefulSet":
            return
        ordinal = ordinal_of(owner.name, name_of(pod))
        if ordinal in (None, NO_ORDINAL):
            self._note(f"{owner.name} made a pod without an ordinal: {name_of(pod)}")
        for volume in (pod.spec.volumes if pod.spec else None) or ():
            source = volume.persistentVolumeClaim
            if source is not None and not source.claimName.endswith(f"-{name_of(pod)}"):
                self._note(f"pod {name_of(pod)} uses the claim {source.claimName}, which is another's")

    def _check_order(self, pod: core_v1.Pod) -> None:
        owner = controller_of(pod)
        stateful_set = self._sets.get(owner.name, namespace_of(pod)) if owner is not None else None
        if stateful_set is None or stateful_set.spec.podManagementPolicy == "Parallel":
            return
        ordinal = ordinal_of(name_of(stateful_set), name_of(pod)) or 0
        below = (pod_name(stateful_set, lower) for lower in range(first_ordinal(stateful_set), ordinal))
        if not all(self._is_ready(namespace_of(pod), name) for name in below):
            self.hasty.append(name_of(pod))

    def _is_ready(self, namespace: str, name: str) -> bool:
        pod = self._pods.get(name, namespace)
        return pod is not None and is_running_and_ready(pod) and not is_terminating(pod)

    def _claim_changed(
        self, old: core_v1.PersistentVolumeClaim | None, new: core_v1.PersistentVolumeClaim | None
    ) -> None:
        """A claim that the policy retains never goes, unless a user deletes it."""
        if old is None or new is not None:
            return
        for stateful_set in self._sets.list():
            near = namespace_of(stateful_set) == namespace_of(old)
            if near and policy_of(stateful_set) == KEPT and _is_claim_of(stateful_set, old):
                self._note(f"claim {name_of(old)} of {name_of(stateful_set)} was deleted, though it is to be kept")

    def _note(self, sentence: str) -> None:
        self.broken.append(sentence)


def _is_claim_of(stateful_set: apps_v1.StatefulSet, claim: core_v1.PersistentVolumeClaim) -> bool:
    prefixes = (name_of(template) for template in stateful_set.spec.volumeClaimTemplates or ())
    names = [name_of(claim).removeprefix(f"{prefix}-") for prefix in prefixes if prefix]
    return any(ordinal_of(name_of(stateful_set), name) is not None for name in names)
