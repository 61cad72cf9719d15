"""The sets that simulated users write: small, and different in everything that the rules look at."""

from random import Random  # noqa: TID251 - the type of an argument

from petset.api.gates import DEFAULT, Gates
from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.options import LEAVE_STRAYS, REMOVE_BROKEN, REPLACE_BROKEN_AFTER

EDITION = 3
"""Which stories seeds tell at present. What is drawn anew shifts every draw after it, so a seed tells another story
from then on; one that is kept is replayed in the edition in which it failed."""

IMAGES = ("db:1", "db:2", "db:3", "db:bad")
BAD_IMAGE = "db:bad"
MOST_REPLICAS = 4
OPTIONS = {
    REPLACE_BROKEN_AFTER: ("0s", "20s", "3m", "soon"),
    REMOVE_BROKEN: ("true", "true", "false"),
    LEAVE_STRAYS: ("true", "true", "false"),
}
"""What a set may ask for beyond Kubernetes, and something that cannot be read, which asks for nothing."""
WAIT_UNTIL_READY = core_v1.Probe(
    exec=core_v1.ExecAction(command=["ready"]), periodSeconds=10, failureThreshold=1, timeoutSeconds=1
)


def random_set(name: str, source: Random, edition: int = EDITION) -> apps_v1.StatefulSet:
    """A set as a user might write it."""
    labels = {"app": name}
    return apps_v1.StatefulSet(
        metadata=meta_v1.ObjectMeta(name=name, namespace="default", annotations=random_options(source, edition)),
        spec=apps_v1.StatefulSetSpec(
            selector=meta_v1.LabelSelector(matchLabels=labels),
            template=template(labels, source.choice(IMAGES[:3]), source.random() < 0.7),
            serviceName=name,
            replicas=source.randint(0, MOST_REPLICAS),
            podManagementPolicy=source.choice(["OrderedReady", "OrderedReady", "Parallel"]),
            minReadySeconds=source.choice([None, None, 7]),
            ordinals=apps_v1.StatefulSetOrdinals(start=2) if source.random() < 0.15 else None,
            revisionHistoryLimit=source.choice([None, 0, 1]),
            updateStrategy=random_strategy(source, edition),
            persistentVolumeClaimRetentionPolicy=random_retention(source),
            volumeClaimTemplates=[_claim("data")] if source.random() < 0.6 else None,
        ),
    )


def template(labels: dict[str, str], image: str, probed: bool) -> core_v1.PodTemplateSpec:
    """A pod of one container, with a readiness probe or without."""
    container = core_v1.Container(name="db", image=image, readinessProbe=WAIT_UNTIL_READY if probed else None)
    spec = core_v1.PodSpec(containers=[container], terminationGracePeriodSeconds=10)
    return core_v1.PodTemplateSpec(metadata=meta_v1.ObjectMeta(labels=labels), spec=spec)


def random_gates(source: Random, edition: int = EDITION) -> Gates:
    """The defaults of 1.37, now and then with one gate the other way."""
    if edition < 2:
        return DEFAULT
    return Gates(max_unavailable=source.random() < 0.8, recreate=source.random() < 0.3)


def random_options(source: Random, edition: int = EDITION) -> dict[str, str] | None:
    """Two sets in three ask for some of what Kubernetes does not give (section M)."""
    if edition < 3 or source.random() < 0.3:
        return None
    return {name: source.choice(values) for name, values in OPTIONS.items() if source.random() < 0.6}


def random_strategy(source: Random, edition: int = EDITION) -> apps_v1.StatefulSetUpdateStrategy | None:
    """None, any type, and the block with and without its parts (rules 5, 46). Behind a closed gate Recreate is
    refused (rule 56)."""
    kinds = ["absent", "no block", "block", "block", "OnDelete"]
    kind = source.choice(kinds if edition < 2 else [*kinds, "Recreate"])
    if kind == "absent":
        return None
    if kind in ("OnDelete", "Recreate"):
        return apps_v1.StatefulSetUpdateStrategy(type=kind)
    block = apps_v1.RollingUpdateStatefulSetStrategy(
        partition=source.choice([None, 0, 1, 2]), maxUnavailable=source.choice([None, 1, 2, "50%"])
    )
    return apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate", rollingUpdate=block if kind == "block" else None)


def random_retention(source: Random) -> apps_v1.StatefulSetPersistentVolumeClaimRetentionPolicy | None:
    """Any corner of the matrix (rule 31), or none."""
    if source.random() < 0.3:
        return None
    return apps_v1.StatefulSetPersistentVolumeClaimRetentionPolicy(
        whenDeleted=source.choice(["Retain", "Delete"]), whenScaled=source.choice(["Retain", "Delete"])
    )


def _claim(name: str) -> core_v1.PersistentVolumeClaim:
    storage = core_v1.VolumeResourceRequirements(requests={"storage": "1Gi"})
    return core_v1.PersistentVolumeClaim(
        metadata=meta_v1.ObjectMeta(name=name),
        spec=core_v1.PersistentVolumeClaimSpec(accessModes=["ReadWriteOnce"], resources=storage),
    )
