"""Every container of a pod, of whatever kind, with the place where it stands: for rules that are for all alike."""

from collections.abc import Iterator

from petset.api.models import core_v1

AnyContainer = core_v1.Container | core_v1.EphemeralContainer


def placed_containers(path: str, spec: core_v1.PodSpec) -> Iterator[tuple[str, AnyContainer]]:
    """Each with its path below that of the spec: initial ones first, ephemeral ones last."""
    for name in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(getattr(spec, name) or ()):
            yield f"{path}.{name}[{index}]", container
