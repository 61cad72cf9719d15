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

    def enter(self, uid: str, pod: core_v1.Pod, amounts: Mapping[str, int]) -> None:
        """Count a pod that is not in yet, and what it requests."""
        self.pods[uid] = pod
        if anti_affinity_terms(pod):
            self.repelling[uid] = pod
        self._counted[uid] = amounts
        self._count(pod, amounts, +1)

    def renew(self, uid: str, pod: core_v1.Pod) -> bool:
        """Learn a version of a pod that is in; False where it would have to be counted differently."""
        if _weight(self.pods[uid]) != _weight(pod):
            return False
        self.pods[uid] = pod
        if uid in self.repelling:
            self.repelling[uid] = pod
        return True

    def strike(self, uid: str) -> None:
        """Count a pod no more."""
        pod = self.pods.pop(uid)
        self.repelling.pop(uid, None)
        self._count(pod, self._counted.pop(uid), -1)

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
        self._states: dict[str, NodeState] = {}
        self._where: dict[str, str] = {}  # the node of each pod, by the pod's uid

    def enter(self, pod: core_v1.Pod, node: str, amounts: Mapping[str, int] | None = None) -> None:
        """The pod is on this node now, as it is described now; `amounts` are its requests, where they are known."""
        uid = uid_of(pod)
        before = self._where.get(uid)
        if before is not None:
            if before == node and self._accounts[node].renew(uid, pod):
                return
            self.strike(pod)
        self._where[uid] = node
        self._account(node).enter(uid, pod, resources.requests(pod) if amounts is None else amounts)

    def strike(self, pod: core_v1.Pod) -> None:
        """The pod takes no room any more; one that is not entered is none of our business."""
        uid = uid_of(pod)
        node = self._where.pop(uid, None)
        if node is None:
            return
        account = self._accounts[node]
        account.strike(uid)
        if not account.pods and node not in self._states:
            del self._accounts[node]

    def states(self, nodes: Iterable[core_v1.Node]) -> list[NodeState]:
        """The nodes with what is counted against each. Valid until the next change of the ledger.

        What is known of a node serves the next decision, too: an account is looked into, not copied.
        """
        known, self._states = self._states, {}
        for node in nodes:
            name = name_of(node)
            state = known.get(name)
            self._states[name] = state if state is not None and state.node is node else self._state(name, node)
        for gone in known.keys() - self._states.keys():
            if not self._accounts[gone].pods:
                del self._accounts[gone]
        return list(self._states.values())

    def _state(self, name: str, node: core_v1.Node) -> NodeState:
        account = self._account(name)
        return NodeState(node, account.pods.values(), account.used, account.owners, account.repelling.values())

    def _account(self, node: str) -> Account:
        account = self._accounts.get(node)
        if account is None:
            account = self._accounts[node] = Account()
        return account
