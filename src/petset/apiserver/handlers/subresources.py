"""Sub-resources that are not the object itself: `scale`, and a pod's `binding`."""

from collections.abc import Sequence

from petset.api.errors import BadRequest
from petset.api.models import core_v1, meta_v1, policy_v1
from petset.apiserver.bodies import (
    BINDING,
    SCALE,
    is_apply,
    read_config,
    read_object,
    read_patch,
    write_options,
)
from petset.apiserver.messages import Reply, warning_headers
from petset.apiserver.render import Renderer, document
from petset.apiserver.routes import Request
from petset.registry.port import Target
from petset.registry.scale import scale_of
from petset.storage.port import Record


async def get_scale(request: Request, renderer: Renderer) -> Reply:
    """How many there are and should be (rule 3)."""
    registry, kind = renderer.registry, request.kind
    if not kind.converts:
        return renderer.view(request, SCALE, registry.get_scale(kind, request.namespace, request.name))
    (record,) = await registry.shown(kind, [registry.get(kind, request.namespace, request.name)])
    return renderer.view(request, SCALE, scale_of(kind, registry.decode(kind, record)))


async def update_scale(request: Request, renderer: Renderer) -> Reply:
    """Set the number wanted."""
    options = write_options(request)
    wanted = read_object(request, options, SCALE)
    kind = request.kind
    record = await renderer.registry.update(kind, request.namespace, request.name, wanted, options, "scale")
    return _scale(request, renderer, record, options.warnings)


async def patch_scale(request: Request, renderer: Renderer) -> Reply:
    """Change the number wanted, by a patch of the Scale."""
    options = write_options(request)
    kind = request.kind
    if is_apply(request):
        target = Target(request.namespace, request.name, "scale")
        record, _ = await renderer.registry.apply(kind, target, read_config(request, options), options)
        return _scale(request, renderer, record, options.warnings)
    asked = read_patch(request)
    record = await renderer.registry.patch(kind, request.namespace, request.name, asked, options, "scale")
    return _scale(request, renderer, record, options.warnings)


async def bind(request: Request, renderer: Renderer) -> Reply:
    """Give the pod its node."""
    options = write_options(request)
    binding: core_v1.Binding = read_object(request, options, BINDING)
    check_names_pod(request, binding)
    target = binding.target
    if target.kind not in (None, "", "Node") or not target.name:
        raise BadRequest('a binding\'s target must be a "Node" with a name')
    await renderer.registry.bind(request.namespace, request.name, target.name, options, binding.metadata)
    return document(request, success(201), status=201)


def check_names_pod(request: Request, obj: core_v1.Binding | policy_v1.Eviction) -> None:
    """The name in the body must be the URL's. Raises BadRequest."""
    if (obj.metadata.name if obj.metadata else None) != request.name:
        raise BadRequest(f"name in URL does not match name in {type(obj).__name__} object")


def _scale(request: Request, renderer: Renderer, record: Record, warnings: Sequence[str]) -> Reply:
    scale = scale_of(request.kind, renderer.registry.decode(request.kind, record))
    return renderer.view(request, SCALE, scale, headers=warning_headers(warnings))


def success(code: int) -> meta_v1.Status:
    return meta_v1.Status(apiVersion="v1", metadata=meta_v1.ListMeta(), status="Success", code=code)
