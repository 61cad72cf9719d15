"""What the server makes for itself is there at the start, and again where somebody has deleted it."""

from registry.given import play

from petset.api.kinds import by_model
from petset.api.models import core_v1
from petset.registry.bootstrap import API_ADDRESS, keep
from petset.testing.plane import Plane

SERVICES = by_model(core_v1.Service)


def test_the_apis_own_service_comes_back_with_its_address() -> None:
    async def story(p: Plane) -> None:
        before = p.registry.get(SERVICES, "default", "kubernetes")
        await keep(p.registry)
        assert p.registry.get(SERVICES, "default", "kubernetes") is before
        await p.client.delete(core_v1.Service, "kubernetes", "default")
        await keep(p.registry)
        service = await p.client.get(core_v1.Service, "kubernetes", "default")
        assert service.spec is not None
        assert service.spec.clusterIP == API_ADDRESS

    play(story)
