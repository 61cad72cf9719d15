"""All controllers and the scheduler in one process, over one set of informers.

Each is independent of the others and meets them only through API objects; what they share is the caches. The
controllers start once every cache holds the present state, so that none takes what it has not seen yet for
gone.
"""

from dataclasses import dataclass
from random import Random  # noqa: TID251 - the type of an argument
from typing import Protocol

from petset.aio.clock import Clock
from petset.aio.tasks import Supervisor
from petset.api.gates import DEFAULT, Gates
from petset.api.models import core_v1
from petset.client.accounts import API_SERVER, CACHES, SCHEDULER, Account, controller
from petset.client.events import EventRecorder
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.controllers.accounttokens.apply import Issuer
from petset.controllers.accounttokens.controller import AccountTokenController
from petset.controllers.apiservices.controller import ApiServiceController
from petset.controllers.certificates.apply import Signer
from petset.controllers.certificates.controller import ACCOUNT as CERTIFICATES
from petset.controllers.certificates.controller import CertificateController
from petset.controllers.clusterroles.controller import ClusterRoleController
from petset.controllers.cronjob.controller import NAME as CRON_JOB
from petset.controllers.cronjob.controller import CronJobController
from petset.controllers.daemonset.controller import NAME as DAEMON_SET
from petset.controllers.daemonset.controller import DaemonSetController
from petset.controllers.definitions.controller import DefinitionController
from petset.controllers.deployment.controller import NAME as DEPLOYMENT
from petset.controllers.deployment.controller import DeploymentController
from petset.controllers.disruption.controller import NAME as DISRUPTION
from petset.controllers.disruption.controller import DisruptionController
from petset.controllers.endpoints.apply import Hands as EndpointsHands
from petset.controllers.endpoints.controller import EndpointsController
from petset.controllers.events.controller import EventSweeper
from petset.controllers.garbage.controller import GarbageCollector
from petset.controllers.job.controller import NAME as JOB
from petset.controllers.job.controller import JobController
from petset.controllers.mirroring.controller import ACCOUNT as MIRRORING
from petset.controllers.mirroring.controller import MirroringController
from petset.controllers.namespaces.apply import Hands as NamespaceHands
from petset.controllers.namespaces.controller import NamespaceController
from petset.controllers.nodelifecycle.controller import NodeLifecycleController
from petset.controllers.policystatus.controller import ACCOUNT as POLICY_STATUS
from petset.controllers.policystatus.controller import PolicyStatusController
from petset.controllers.replicaset.controller import NAME as REPLICA_SET
from petset.controllers.replicaset.controller import OLDER_NAME as REPLICATION_CONTROLLER
from petset.controllers.replicaset.controller import ReplicaSetController
from petset.controllers.resourcequota.controller import ResourceQuotaController
from petset.controllers.statefulset.controller import NAME as STATEFULSET
from petset.controllers.statefulset.controller import StatefulSetController
from petset.controllers.statefulset.ledger import AUDIT_SECONDS
from petset.controllers.volumes.controller import VolumeController
from petset.controllers.volumes.directories import Directories
from petset.ownership.tending import Bench
from petset.scheduler.controller import Scheduler

BINDER = "persistent-volume-binder"


class Part(Protocol):
    """A controller: once started, it works until cancelled."""

    async def run(self) -> None: ...


@dataclass(frozen=True)
class Settings:
    """`volume_root` is where new volumes go, as an absolute path; `root_ca_pem` what pods are to trust.

    `issuer` gives out the tokens of service accounts; without one nobody fills Secrets with them. `signer` signs
    the certificates of clients; without one requests for them are left alone.
    `registers_apis`: whether an APIService is kept for each group and version that is served.
    `audit_seconds`: how often what is kept of a StatefulSet's pods is checked against the pods.
    """

    volume_root: str
    root_ca_pem: str = ""
    audit_seconds: float = AUDIT_SECONDS
    gates: Gates = DEFAULT
    issuer: Issuer | None = None
    signer: Signer | None = None
    registers_apis: bool = False


class ControllerManager:
    """Runs everything that moves the cluster towards what its objects say."""

    def __init__(
        self, client: Client, clock: Clock, source: Random, directories: Directories, settings: Settings
    ) -> None:
        self.pool = InformerPool(client.acting_as(CACHES), clock)
        self._client = client
        self._clock = clock
        self._random = source
        self._recorders: dict[str, EventRecorder] = {}
        as_, server = self._acting_as, client.acting_as(API_SERVER)
        volumes = self._recorder("persistentvolume-controller", controller(BINDER))
        sets = self._bench(STATEFULSET)
        self.stateful_sets = StatefulSetController(
            sets.client, clock, self.pool, sets.events, settings.gates, settings.audit_seconds
        )
        scheduler, nodes = client.acting_as(SCHEDULER), as_("node-controller")
        endpoints = EndpointsHands(as_("endpointslice-controller"), as_("endpoint-controller"))
        namespaces = NamespaceHands(
            as_("namespace-controller"), as_("service-account-controller"), as_("root-ca-cert-publisher")
        )
        self._parts: dict[str, Part] = {
            "statefulsets": self.stateful_sets,
            "cronjobs": CronJobController(self._bench(CRON_JOB)),
            "daemonsets": DaemonSetController(self._bench(DAEMON_SET, "daemon-set-controller")),
            "definitions": DefinitionController(server, clock, self.pool),
            "deployments": DeploymentController(self._bench(DEPLOYMENT)),
            "disruption": DisruptionController(self._bench(DISRUPTION, "disruption-controller")),
            "jobs": JobController(self._bench(JOB), as_("ttl-after-finished-controller")),
            "replicasets": ReplicaSetController(self._bench(REPLICA_SET)),
            "replicationcontrollers": ReplicaSetController(
                self._bench(REPLICATION_CONTROLLER), core_v1.ReplicationController
            ),
            "volumes": VolumeController(as_(BINDER), clock, self.pool, volumes, directories, settings.volume_root),
            "scheduler": Scheduler(scheduler, clock, self.pool, self._recorder("default-scheduler", SCHEDULER)),
            "endpoints": EndpointsController(endpoints, clock, self.pool),
            "mirroring": MirroringController(as_(MIRRORING), clock, self.pool),
            "policystatus": PolicyStatusController(as_(POLICY_STATUS), clock, self.pool),
            "resourcequotas": ResourceQuotaController(as_("resourcequota-controller"), clock, self.pool),
            "clusterroles": ClusterRoleController(as_("clusterrole-aggregation-controller"), clock, self.pool),
            "events": EventSweeper(server, clock),
            "garbage": GarbageCollector(as_("generic-garbage-collector"), clock, self.pool),
            "nodes": NodeLifecycleController(nodes, clock, self.pool, self._recorder("node-controller")),
            "namespaces": NamespaceController(namespaces, clock, self.pool, settings.root_ca_pem),
        }
        if settings.signer is not None:
            self._parts["certificates"] = CertificateController(
                as_(CERTIFICATES), clock, self.pool, settings.signer
            )
        if settings.registers_apis:
            self._parts["apiservices"] = ApiServiceController(server, clock, self.pool)
        if settings.issuer is not None:
            self._parts["accounttokens"] = AccountTokenController(
                client.acting_as(CACHES), clock, self.pool, settings.issuer, settings.root_ca_pem
            )

    async def run(self) -> None:
        """Work until cancelled, or until one of the parts fails, and then fail with it."""
        async with Supervisor("controllers") as tasks:
            tasks.start("informers", self.pool.run())
            for component, recorder in self._recorders.items():
                tasks.start(f"events of {component}", recorder.run())
            await self.pool.synced()
            for name, part in self._parts.items():
                tasks.start(name, part.run())
            await tasks.wait()

    def _acting_as(self, account: str) -> Client:
        return self._client.acting_as(controller(account))

    def _bench(self, component: str, account: str = "") -> Bench:
        """What a controller works with: `component` is the source of its events, `account` what it acts as."""
        named = account or component
        return Bench(self._acting_as(named), self._clock, self.pool, self._recorder(component, controller(named)))

    def _recorder(self, component: str, account: Account | None = None) -> EventRecorder:
        client = self._client.acting_as(account or controller(component))
        return self._recorders.setdefault(component, EventRecorder(client, self._clock, component, self._random))
