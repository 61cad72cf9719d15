"""Deployments and ReplicaSets as tests want them."""

from petset.api.models import apps_v1, core_v1, meta_v1


def template(image: str = "redis:7.0", **labels: str) -> core_v1.PodTemplateSpec:
    return core_v1.PodTemplateSpec(
        metadata=meta_v1.ObjectMeta(labels={"app": "web", **labels}),
        spec=core_v1.PodSpec(containers=[core_v1.Container(name="main", image=image)]),
    )


def rolling(surge: int | str = 1, unavailable: int | str = 1) -> apps_v1.DeploymentStrategy:
    block = apps_v1.RollingUpdateDeployment(maxSurge=surge, maxUnavailable=unavailable)
    return apps_v1.DeploymentStrategy(type="RollingUpdate", rollingUpdate=block)


RECREATE = apps_v1.DeploymentStrategy(type="Recreate")


def deployment(name: str = "web", **spec: object) -> apps_v1.Deployment:
    given = {
        "selector": meta_v1.LabelSelector(matchLabels={"app": "web"}),
        "template": template(),
        "replicas": 3,
        **spec,
    }
    metadata = meta_v1.ObjectMeta(name=name, namespace="default")
    return apps_v1.Deployment(metadata=metadata, spec=apps_v1.DeploymentSpec(**given))


def replica_set(name: str = "web", **spec: object) -> apps_v1.ReplicaSet:
    given = {
        "selector": meta_v1.LabelSelector(matchLabels={"app": "web"}),
        "template": template(),
        "replicas": 3,
        **spec,
    }
    metadata = meta_v1.ObjectMeta(name=name, namespace="default")
    return apps_v1.ReplicaSet(metadata=metadata, spec=apps_v1.ReplicaSetSpec(**given))
