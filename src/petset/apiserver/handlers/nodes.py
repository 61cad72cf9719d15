"""The `proxy` sub-resource of nodes: the little of a kubelet's own server that the API can answer by itself."""

from msgspec.structs import replace

from petset.api.kinds import by_model
from petset.api.models import core_v1
from petset.apiserver.calls import Call
from petset.apiserver.messages import Reply
from petset.apiserver.render import Renderer
from petset.apiserver.routes import Request, proxied
from petset.registry.port import ListOptions, Registry

_TEXT = "text/plain; charset=utf-8"
_PODS = by_model(core_v1.Pod)


def answer(request: Request, call: Call, registry: Registry) -> Reply:
    """`/healthz`, or the node's `/pods`; everything else is not there. Raises NotFound without the node."""
    registry.get(request.kind, "", request.name)
    place = proxied(call.path)
    if call.method in ("GET", "HEAD") and place is not None:
        if place["tail"].rstrip("/") == "/healthz":
            return Reply(b"ok", content_type=_TEXT)
        if place["tail"].rstrip("/") == "/pods":
            selected = registry.list(_PODS, "", ListOptions(fields=f"spec.nodeName={request.name}"))
            as_json = replace(request, kind=_PODS, accept="application/json")
            return Renderer(registry, call.at).many(as_json, selected)
    return Reply(b"404 page not found\n", 404, content_type=_TEXT)
