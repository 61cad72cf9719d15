"""Every namespace has a service account called `default`, for pods that name none.

Kubernetes leaves this to a controller, and a pod that comes too early is refused. Here the account comes with its
namespace; `bootstrap` makes up for a crash between the two.
"""

import contextlib

from petset.api.errors import AlreadyExists, Forbidden, NotFound
from petset.api.kinds import by_model
from petset.api.models import core_v1, meta_v1
from petset.registry.port import Registry, WriteOptions

ACCOUNTS = by_model(core_v1.ServiceAccount)


async def default_account(registry: Registry, namespace: str) -> None:
    """Make the namespace's `default` account, unless it is there or the namespace is on its way out."""
    account = core_v1.ServiceAccount(metadata=meta_v1.ObjectMeta(name="default"))
    with contextlib.suppress(AlreadyExists, Forbidden, NotFound):
        await registry.create(ACCOUNTS, namespace, account, WriteOptions(admitted=True))
