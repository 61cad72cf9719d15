"""Runs the policy status controller: a policy is looked at when it comes or changes."""

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.api.kinds import Kind
from petset.api.objects import name_of
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.controllers.policystatus.apply import apply
from petset.controllers.policystatus.model import Policy, Snapshot

ACCOUNT = "validatingadmissionpolicy-status-controller"


class PolicyStatusController:
    """Keeps the status of policies. What reads expressions is loaded with the first of them."""

    def __init__(self, client: Client, clock: Clock, pool: InformerPool) -> None:
        self._client = client
        self._policies = pool.informer(Policy)
        self._work = Reconciler("policystatus", clock, self._reconcile)
        self._policies.on_change(self._changed)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._work.run()

    async def _reconcile(self, name: str) -> None:
        from petset.controllers.policystatus import invariants
        from petset.controllers.policystatus.plan import plan

        policy = self._policies.get(name)
        if policy is None:
            return
        snapshot = self._look(policy)
        decided = plan(snapshot)
        assert invariants.is_safe(snapshot, decided)
        for action in decided.actions:
            await apply(self._client, action)

    def _look(self, policy: Policy) -> Snapshot:
        from petset.api.type_checking import kinds_of

        return Snapshot(policy, kinds_of(policy, self._client.kinds.by_resource), self._params(policy))

    def _params(self, policy: Policy) -> Kind | None:
        named = policy.spec.paramKind if policy.spec else None
        return self._client.kinds.by_type(named.apiVersion or "", named.kind or "") if named is not None else None

    def _changed(self, old: Policy | None, new: Policy | None) -> None:
        if new is not None:
            self._work.wake(name_of(new))
