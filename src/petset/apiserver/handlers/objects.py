"""The verbs on whole objects, their `status` and their `finalize`."""

from petset.api.models import meta_v1
from petset.api.warnings import warnings_for
from petset.apiserver.bodies import (
    is_apply,
    read_config,
    read_delete_options,
    read_object,
    read_patch,
    write_options,
)
from petset.apiserver.messages import Headers, Reply, warning_headers
from petset.apiserver.render import Renderer, document
from petset.apiserver.routes import Request
from petset.registry.port import ListOptions, Target, WriteOptions
from petset.storage.port import Record

ANSWERED_WHOLE = frozenset({"pods", "persistentvolumes", "persistentvolumeclaims", "serviceaccounts", "services"})
"""Resources whose deletion answers with what was deleted; the others answer a Status that it was."""


def list_(request: Request, renderer: Renderer) -> Reply:
    """A page of the collection."""
    selected = renderer.registry.list(request.kind, request.namespace, list_options(request))
    return renderer.many(request, selected)


async def get_converted(request: Request, renderer: Renderer) -> Reply:
    """An object of a kind that a webhook is asked about."""
    registry = renderer.registry
    (record,) = await registry.shown(request.kind, [registry.get(request.kind, request.namespace, request.name)])
    return renderer.one(request, record)


async def list_converted(request: Request, renderer: Renderer) -> Reply:
    """A page of a collection of such a kind."""
    selected = renderer.registry.list(request.kind, request.namespace, list_options(request))
    records = await renderer.registry.shown(request.kind, selected.records)
    return renderer.many(request, selected._replace(records=records))


async def create(request: Request, renderer: Renderer) -> Reply:
    """201 with what was made of it."""
    options = write_options(request)
    obj = read_object(request, options)
    record = await renderer.registry.create(request.kind, request.namespace, obj, options)
    return renderer.one(request, record, status=201, headers=_warnings(request, renderer, record, options))


async def update(request: Request, renderer: Renderer) -> Reply:
    """Replace the object, its status or its finalizers; 201 where there was nothing to replace."""
    options = write_options(request)
    obj = read_object(request, options)
    kind, subresource = request.kind, request.subresource
    record = await renderer.registry.update(kind, request.namespace, request.name, obj, options, subresource)
    return renderer.one(request, record, headers=_warnings(request, renderer, record, options))


async def patch(request: Request, renderer: Renderer) -> Reply:
    """Change the object or its status."""
    options = write_options(request)
    if is_apply(request):
        return await _apply(request, renderer, options)
    asked = read_patch(request)
    kind, subresource = request.kind, request.subresource
    record = await renderer.registry.patch(kind, request.namespace, request.name, asked, options, subresource)
    return renderer.one(request, record, headers=_warnings(request, renderer, record, options))


def _warnings(request: Request, renderer: Renderer, record: Record, options: WriteOptions) -> Headers:
    """What the reader complained of, then what is odd about the object itself (rule 10)."""
    own: list[str] = []
    if not request.subresource:
        own = warnings_for(renderer.registry.decode(request.kind, record), new=request.verb == "create")
    return warning_headers([*options.warnings, *own])


async def _apply(request: Request, renderer: Renderer, options: WriteOptions) -> Reply:
    """201 where the object was not there before."""
    config = read_config(request, options)
    target = Target(request.namespace, request.name, request.subresource)
    record, new = await renderer.registry.apply(request.kind, target, config, options)
    return renderer.one(
        request, record, status=201 if new else 200, headers=_warnings(request, renderer, record, options)
    )


async def delete(request: Request, renderer: Renderer) -> Reply:
    """The object while something still holds it, else that it is gone."""
    how, options = read_delete_options(request), WriteOptions(by=request.user, guard=request.guard)
    record, gone = await renderer.registry.delete(request.kind, request.namespace, request.name, how, options)
    warnings = warning_headers(options.warnings)
    if not gone:
        # Kubernetes would say so of every deletion that takes time, had it not begun with this one way to ask.
        return renderer.one(request, record, status=202 if how.orphanDependents is False else 200, headers=warnings)
    if request.kind.resource in ANSWERED_WHOLE:
        return renderer.one(request, record, headers=warnings)
    return document(request, deleted_status(request, renderer, record), headers=warnings)


async def delete_collection(request: Request, renderer: Renderer) -> Reply:
    """The list of what was deleted."""
    how, options = read_delete_options(request), WriteOptions(by=request.user, guard=request.guard)
    selected = await renderer.registry.delete_collection(
        request.kind, request.namespace, list_options(request), how, options
    )
    return renderer.many(request, selected, headers=warning_headers(options.warnings))


def deleted_status(request: Request, renderer: Renderer, record: Record) -> meta_v1.Status:
    """Success, with what is gone."""
    obj = renderer.registry.decode(request.kind, record)
    details = meta_v1.StatusDetails(
        name=request.name, group=request.kind.group or None, kind=request.kind.resource, uid=obj.metadata.uid
    )
    return meta_v1.Status(apiVersion="v1", metadata=meta_v1.ListMeta(), status="Success", details=details)


def list_options(request: Request) -> ListOptions:
    """The query's selection, paging and versions."""
    query = request.query
    return ListOptions(
        labels=query.labels,
        fields=query.fields,
        limit=query.limit,
        continue_token=query.continue_token,
        resource_version=query.resource_version,
        resource_version_match=query.resource_version_match,
    )
