"""Runs the controller of requests for certificates: each is looked at when it changes and when its time is up."""

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.api.objects import name_of
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.controllers.certificates import invariants
from petset.controllers.certificates.apply import Request, Signer, apply
from petset.controllers.certificates.model import Snapshot
from petset.controllers.certificates.plan import plan

ACCOUNT = "certificate-controller"


class CertificateController:
    """Signs what was approved."""

    def __init__(self, client: Client, clock: Clock, pool: InformerPool, signer: Signer) -> None:
        self._client = client
        self._clock = clock
        self._signer = signer
        self._requests = pool.informer(Request)
        self._work: Reconciler[str] = Reconciler("certificates", clock, self._reconcile)
        self._requests.on_change(self._changed)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._work.run()

    async def _reconcile(self, name: str) -> float | None:
        request = self._requests.get(name)
        if request is None:
            return None
        snapshot = Snapshot(request, self._clock.now())
        decided = plan(snapshot)
        assert invariants.is_safe(snapshot, decided)
        for action in decided.actions:
            await apply(self._client, self._signer, request, action)
        return decided.wake_after_seconds

    def _changed(self, old: Request | None, new: Request | None) -> None:
        if new is not None:
            self._work.wake(name_of(new))
