"""Makes the default roles, bindings and accounts at a start, and gives back to them what an earlier version lacked.

What somebody added stays; what they took away comes back, unless they annotated the object with
`rbac.authorization.kubernetes.io/autoupdate: "false"`.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Any

from petset.api import objects
from petset.api.errors import AlreadyExists, Conflict, NotFound
from petset.api.kinds import Kind, by_model
from petset.api.models import meta_v1, rbac_v1
from petset.api.objects import Object
from petset.api.rbac import uncovered
from petset.registry.accounts import ACCOUNTS
from petset.registry.controller_roles import HOME
from petset.registry.default_roles import AUTO_UPDATE, accounts, cluster_role_bindings, cluster_roles
from petset.registry.port import ListOptions, Registry, WriteOptions

Complete = Callable[[Any, Any], Any]


async def ensure_roles(registry: Registry) -> None:
    """Bring the defaults up to date. All writes are under way at once, so that they share the disk's syncs."""
    writes = [
        *_writes(registry, by_model(rbac_v1.ClusterRole), cluster_roles(), with_rules),
        *_writes(registry, by_model(rbac_v1.ClusterRoleBinding), cluster_role_bindings(), with_subjects),
        *(_create(registry, ACCOUNTS, account) for account in _missing_accounts(registry)),
    ]
    await asyncio.gather(*writes)


def with_rules(role: rbac_v1.ClusterRole, default: rbac_v1.ClusterRole) -> rbac_v1.ClusterRole:
    """The role with the default's rules, labels and gathering, besides its own. Pure."""
    missing = [rule for rule in default.rules or () if uncovered(role.rules or (), [rule])]
    return objects.replace(
        role,
        metadata=_labelled(role, default),
        rules=[*(role.rules or ()), *missing] or None,
        aggregationRule=role.aggregationRule or default.aggregationRule,
    )


def with_subjects(
    binding: rbac_v1.ClusterRoleBinding, default: rbac_v1.ClusterRoleBinding
) -> rbac_v1.ClusterRoleBinding:
    """The binding with the default's subjects and labels, besides its own. Pure."""
    present = binding.subjects or []
    missing = [subject for subject in default.subjects or () if subject not in present]
    subjects = [*present, *missing] or None
    return objects.replace(binding, metadata=_labelled(binding, default), subjects=subjects)


def _labelled(obj: Object, default: Object) -> meta_v1.ObjectMeta:
    """The object's metadata with the default's labels as well."""
    labels = {**(objects.meta(obj).labels or {}), **(objects.meta(default).labels or {})}
    return objects.replace(objects.meta(obj), labels=labels)


def _writes(registry: Registry, kind: Kind, defaults: Iterable[Any], complete: Complete) -> Iterable[Any]:
    records = registry.list(kind, "", ListOptions()).records
    present = {record.key.name: registry.decode(kind, record) for record in records}
    for default in defaults:
        current = present.get(objects.name_of(default))
        if current is None:
            yield _create(registry, kind, default)
        elif (objects.meta(current).annotations or {}).get(AUTO_UPDATE) == "true":
            new = complete(current, default)
            if new != current:
                yield _update(registry, kind, objects.copy(new))


def _missing_accounts(registry: Registry) -> Iterable[Any]:
    present = {record.key.name for record in registry.list(ACCOUNTS, HOME, ListOptions()).records}
    return [account for account in accounts() if objects.name_of(account) not in present]


async def _create(registry: Registry, kind: Kind, obj: Any) -> None:
    with contextlib.suppress(AlreadyExists):
        await registry.create(kind, objects.namespace_of(obj), obj, WriteOptions(admitted=True))


async def _update(registry: Registry, kind: Kind, obj: Any) -> None:
    with contextlib.suppress(Conflict, NotFound):  # somebody changes it right now: theirs is the newer wish
        await registry.update(kind, "", objects.name_of(obj), obj, WriteOptions(admitted=True))
