"""The `eviction` sub-resource of pods: a deletion that asks the pod's disruption budget first.

In this order, each step written down before the next: the budget loses one disruption and notes the pod, the pod
says that it is about to be disrupted, the pod is deleted. A crash in between costs the budget that disruption for
two minutes, and never lets one pod too many go.
"""

from datetime import datetime

from petset.api import objects
from petset.api.disruptions import DISRUPTION_TARGET
from petset.api.encode import to_document
from petset.api.errors import Conflict, Timeout
from petset.api.kinds import by_model
from petset.api.models import core_v1, meta_v1, policy_v1
from petset.api.rbac import node_of
from petset.apiserver.bodies import EVICTION, read_object, write_options
from petset.apiserver.handlers.subresources import check_names_pod, success
from petset.apiserver.messages import Reply, warning_headers
from petset.apiserver.render import Renderer, document
from petset.apiserver.routes import Request
from petset.registry.deletion import check_preconditions
from petset.registry.eviction import Granted, decide
from petset.registry.node_restriction import check_eviction
from petset.registry.port import ListOptions, Patch, Registry, Target, Visit, WriteOptions

ATTEMPTS = 20
"""How often a decision is made anew because somebody else wrote in between."""
_TYPE = {"apiVersion": EVICTION.api_version, "kind": EVICTION.name}
_ADMITTED = WriteOptions(admitted=True)
"""Webhooks were asked about the eviction; what it consists of does not concern them."""
_BUDGETS, _PODS = by_model(policy_v1.PodDisruptionBudget), by_model(core_v1.Pod)


async def evict(request: Request, renderer: Renderer) -> Reply:
    """201 once the pod is told to go. Raises TooManyRequests while its budget forbids that."""
    options = write_options(request)
    eviction: policy_v1.Eviction = read_object(request, options, EVICTION)
    check_names_pod(request, eviction)
    _check_node(request, renderer.registry)
    target = Target(request.namespace, request.name, "eviction")
    visit = Visit("CREATE", request.kind, target, {**to_document(eviction), **_TYPE})
    await renderer.registry.review(visit, options)
    how = eviction.deleteOptions or meta_v1.DeleteOptions()
    if options.dry_run:
        how.dryRun = ["All"]
    evictor = _Evictor(renderer.registry, request.namespace, request.name, how, renderer.now)
    for _ in range(ATTEMPTS):
        if await evictor.try_once():
            return document(request, success(201), status=201, headers=warning_headers(options.warnings))
    raise Timeout(
        f'couldn\'t update PodDisruptionBudget "{evictor.budget}" due to conflicts', retry_after_seconds=10
    )


def _check_node(request: Request, registry: Registry) -> None:
    """Raises Forbidden where a node would evict another's pod."""
    node = node_of(request.user.name, request.user.groups)
    if node is not None:
        check_eviction(node, registry.decode(_PODS, registry.get(_PODS, request.namespace, request.name)))


class _Evictor:
    """One eviction. `budget` is the name of the budget that it last asked."""

    def __init__(
        self, registry: Registry, namespace: str, name: str, how: meta_v1.DeleteOptions, now: datetime
    ) -> None:
        self._registry = registry
        self._namespace = namespace
        self._name = name
        self._how = how
        self._now = now.replace(microsecond=0)
        self.budget = ""

    async def try_once(self) -> bool:
        """Whether the pod was deleted, on the state of this moment; if not, somebody came in between."""
        pod: core_v1.Pod = self._registry.decode(_PODS, self._registry.get(_PODS, self._namespace, self._name))
        check_preconditions(_PODS, pod, self._how.preconditions)
        granted = decide(pod, self._budgets(), self._now)
        if granted.spent is not None and not await self._spend(granted.spent):
            return False
        try:
            await self._delete(pod, granted)
        except Conflict:
            if self._how.preconditions is not None and self._how.preconditions.resourceVersion is not None:
                raise
            return False
        return True

    def _budgets(self) -> list[policy_v1.PodDisruptionBudget]:
        selected = self._registry.list(_BUDGETS, self._namespace, ListOptions())
        return [self._registry.decode(_BUDGETS, record) for record in selected.records]

    async def _spend(self, budget: policy_v1.PodDisruptionBudget) -> bool:
        """Store the budget as it is after this eviction; False where it has changed since it was read."""
        self.budget = objects.name_of(budget)
        if self._how.dryRun:
            return True
        try:
            await self._registry.update(
                _BUDGETS, self._namespace, self.budget, objects.copy(budget), _ADMITTED, "status"
            )
        except Conflict:
            return False
        return True

    async def _delete(self, pod: core_v1.Pod, granted: Granted) -> None:
        """Raises Conflict where it is no longer the pod, or where that matters the version, that was looked at."""
        only = self._how.preconditions or meta_v1.Preconditions()
        version = objects.meta(pod).resourceVersion if granted.this_version else only.resourceVersion
        if not self._how.dryRun:
            announced = await self._announce(pod, version)
            version = announced if version is not None else None
        preconditions = meta_v1.Preconditions(uid=objects.uid_of(pod), resourceVersion=version)
        how = objects.replace(self._how, preconditions=preconditions)
        await self._registry.delete(_PODS, self._namespace, self._name, how, _ADMITTED)

    async def _announce(self, pod: core_v1.Pod, version: str | None) -> str:
        """Say in the pod that it is about to be disrupted; the version that says so."""
        known = (pod.status.conditions if pod.status else None) or ()
        before = next((c for c in known if c.type == DISRUPTION_TARGET and c.status == "True"), None)
        condition = core_v1.PodCondition(
            type=DISRUPTION_TARGET,
            status="True",
            reason="EvictionByEvictionAPI",
            message="Eviction API: evicting",
            lastTransitionTime=before.lastTransitionTime if before is not None else self._now,
        )
        metadata = {"uid": objects.uid_of(pod), **({"resourceVersion": version} if version is not None else {})}
        document = {"metadata": metadata, "status": {"conditions": [to_document(condition)]}}
        patch = Patch("application/strategic-merge-patch+json", document)
        record = await self._registry.patch(_PODS, self._namespace, self._name, patch, _ADMITTED, "status")
        return str(record.revision)
