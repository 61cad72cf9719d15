"""Runs the controller of token Secrets: a Secret is looked at when it changes, and when its account does."""

from collections.abc import Iterable

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.api.models import core_v1
from petset.api.objects import name_of, namespace_of
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.controllers.accounttokens import invariants
from petset.controllers.accounttokens.apply import Issuer, apply
from petset.controllers.accounttokens.model import Snapshot, account_of
from petset.controllers.accounttokens.plan import plan

Key = tuple[str, str]
_INDEX = "account"


class AccountTokenController:
    """Keeps token Secrets filled."""

    def __init__(
        self, client: Client, clock: Clock, pool: InformerPool, issuer: Issuer, root_ca_pem: str = ""
    ) -> None:
        self._client = client
        self._issuer = issuer
        self._root_ca_pem = root_ca_pem
        self._secrets = pool.informer(core_v1.Secret, {_INDEX: _account})
        self._accounts = pool.informer(core_v1.ServiceAccount)
        self._work: Reconciler[Key] = Reconciler("serviceaccount_tokens", clock, self._reconcile)
        self._secrets.on_change(self._secret_changed)
        self._accounts.on_change(self._account_changed)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._work.run()

    async def _reconcile(self, key: Key) -> None:
        namespace, name = key
        secret = self._secrets.get(name, namespace)
        if secret is None:
            return
        account = self._accounts.get(account_of(secret), namespace)
        snapshot = Snapshot(secret, account, self._root_ca_pem)
        decided = plan(snapshot)
        assert invariants.is_safe(snapshot, decided)
        for action in decided.actions:
            await apply(self._client, self._issuer, secret, action)

    def _secret_changed(self, old: core_v1.Secret | None, new: core_v1.Secret | None) -> None:
        if new is not None and account_of(new):
            self._work.wake((namespace_of(new), name_of(new)))

    def _account_changed(self, old: core_v1.ServiceAccount | None, new: core_v1.ServiceAccount | None) -> None:
        changed = new or old
        assert changed
        for secret in self._secrets.by_index(_INDEX, f"{namespace_of(changed)}/{name_of(changed)}"):
            self._work.wake((namespace_of(secret), name_of(secret)))


def _account(secret: core_v1.Secret) -> Iterable[str]:
    """Index: the account that a token Secret names."""
    account = account_of(secret)
    return (f"{namespace_of(secret)}/{account}",) if account else ()
