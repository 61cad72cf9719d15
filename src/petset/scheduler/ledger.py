"""Who is on which node: the scheduler's own account, kept up by one entry per change of a pod.

Adding everything up at each decision would make bringing up N pods cost N². Here a pod is entered when it gets
a node, assumed or bound, and struck out when it ends or goes; entering it twice changes nothing.
"""

from collections.abc import Iterable, Mapping

from petset.api.models import core_v1
from petset.api.objects import controller_of, meta, name_of, uid_of
from petset.scheduler import resources
from petset.scheduler.filters import anti_affinity_terms
from petset.scheduler.model import NodeState


class Account:
    """The pods on one node, and their sums."""

    def __init__(self) -> None:
        self.pods: dict[str, core_v1.Pod] = {}
        self.used: dict[str, int] = {}
        self.owners: dict[str, int] = {}
        self.repelling: dict[str, core_v1.Pod] = {}
        self._counted: dict[str, Mapping[str, int]] = {}  # what of each pod is in `used`

    def enter(self, pod: core_v1.Pod, amounts: Mapping[str, int]) -> None:
        """Count a pod that is not in yet, and what it requests."""
        self.pods[uid_of(pod)] = pod
        if anti_affinity_terms(pod):
            self.repelling[uid_of(pod)] = pod
        self._counted[uid_of(pod)] = amounts
        self._count(pod, amounts, +1)

    def renew(self, pod: core_v1.Pod) -> bool:
        """Learn a version of a pod that is in; False where it would have to be counted differently."""
        known = self.pods[uid_of(pod)]
        if _weight(known) != _weight(pod):
            return False
        self.pods[uid_of(pod)] = pod
        if uid_of(pod) in self.repelling:
            self.repelling[uid_of(pod)] = pod
        return True

    def strike(self, pod: core_v1.Pod) -> None:
        """Count a pod no more."""
        del self.pods[uid_of(pod)]
        self.repelling.pop(uid_of(pod), None)
        self._count(pod, self._counted.pop(uid_of(pod)), -1)

    def _count(self, pod: core_v1.Pod, amounts: Mapping[str, int], sign: int) -> None:
        for name, amount in amounts.items():
            self.used[name] = self.used.get(name, 0) + sign * amount
        if (owner := controller_of(pod)) is not None:
            self.owners[owner.uid] = self.owners.get(owner.uid, 0) + sign
            if not self.owners[owner.uid]:
                del self.owners[owner.uid]


def _weight(pod: core_v1.Pod) -> tuple[object, ...]:
    """Everything of a pod that is counted: the node it has been given meanwhile is not."""
    spec = pod.spec
    assert spec
    return spec.containers, spec.initContainers, spec.overhead, spec.affinity, meta(pod).ownerReferences


class Ledger:
    """One account per node name, whether the node is known yet or not."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._where: dict[str, str] = {}  # the node of each pod, by the pod's uid

    def enter(self, pod: core_v1.Pod, node: str, amounts: Mapping[str, int] | None = None) -> None:
        """The pod is on this node now, as it is described now; `amounts` are its requests, where they are known."""
        if self._where.get(uid_of(pod)) == node and self._accounts[node].renew(pod):
            return
        self.strike(pod)
        self._where[uid_of(pod)] = node
        account = self._accounts.setdefault(node, Account())
        account.enter(pod, resources.requests(pod) if amounts is None else amounts)

    def strike(self, pod: core_v1.Pod) -> None:
        """The pod takes no room any more; one that is not entered is none of our business."""
        node = self._where.pop(uid_of(pod), None)
        if node is None:
            return
        account = self._accounts[node]
        account.strike(account.pods[uid_of(pod)])
        if not account.pods:
            del self._accounts[node]

    def states(self, nodes: Iterable[core_v1.Node]) -> list[NodeState]:
        """The nodes with what is counted against each. Valid until the next change of the ledger."""
        return [self._state(node) for node in nodes]

    def _state(self, node: core_v1.Node) -> NodeState:
        account = self._accounts.get(name_of(node)) or Account()
        return NodeState(node, account.pods.values(), account.used, account.owners, account.repelling.values())
