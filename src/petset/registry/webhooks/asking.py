"""From a write on its way to the question that webhooks get, and from what they answer back to an object."""

from collections.abc import Callable
from typing import Any

import msgspec

from petset.api import objects
from petset.api.decode import decode
from petset.api.gates import Gates
from petset.api.kinds import Kind
from petset.api.models import core_v1, meta_v1
from petset.registry import changes, scale
from petset.registry.parts import narrowed
from petset.registry.port import Visit, WriteOptions
from petset.registry.reviewers import Write
from petset.registry.webhooks.asked import Asked, Document, Operation

_OPTIONS = "meta.k8s.io/v1"
_OWN = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
)
"""Metadata that is the server's, whatever a webhook makes of it."""


def of_write(write: Write) -> Asked:
    """A creation or a change."""
    kind, new, old, author, options = write
    operation: Operation = "CREATE" if old is None else "UPDATE"
    verb = "Patch" if author.patches or author.applies else operation.capitalize()
    said: Document = {"kind": f"{verb}Options", "apiVersion": _OPTIONS}
    if options.dry_run:
        said["dryRun"] = ["All"]
    if options.force:
        said["force"] = True
    if options.field_manager:
        said["fieldManager"] = options.field_manager
    said["fieldValidation"] = options.field_validation
    name, namespace = objects.name_of(new), objects.namespace_of(new)
    if kind.model is core_v1.Namespace and old is not None:
        namespace = name
    return Asked(
        operation=operation,
        kind=kind,
        name=name,
        namespace=namespace,
        new=new,
        old=old,
        options=said,
        subresource=author.subresource,
        by=options.by,
        dry_run=options.dry_run,
        warnings=options.warnings,
    )


def of_deletion(kind: Kind, old: Any, delete: meta_v1.DeleteOptions, options: WriteOptions) -> Asked:
    """There is nothing new then."""
    name, namespace = objects.name_of(old), objects.namespace_of(old)
    return Asked(
        operation="DELETE",
        kind=kind,
        name=name,
        namespace=name if kind.model is core_v1.Namespace else namespace,
        new=None,
        old=old,
        options={**_said(delete), "kind": "DeleteOptions", "apiVersion": _OPTIONS},
        by=options.by,
        dry_run=bool(delete.dryRun),
        warnings=options.warnings,
    )


def of_visit(visit: Visit, options: WriteOptions) -> Asked:
    """What is sent is no object of the kind, and says itself what it is."""
    group, _, version = str(visit.sent.get("apiVersion", "")).rpartition("/")
    creates = visit.operation == "CREATE"
    return Asked(
        operation=visit.operation,
        kind=visit.kind,
        name=visit.target.name,
        namespace=visit.target.namespace,
        new=visit.sent,
        old=None,
        options={"kind": "CreateOptions", "apiVersion": _OPTIONS} if creates else {},
        subresource=visit.target.subresource,
        by=options.by,
        dry_run=options.dry_run,
        warnings=options.warnings,
        sent_as=(group, version, str(visit.sent.get("kind", ""))),
    )


def reader(asked: Asked, gates: Gates) -> Callable[[Document], Any]:
    """Reads what webhooks have made of the new object: complete again, and still the same one."""

    def read(document: Document) -> Any:
        if asked.subresource == "scale":
            return scale.with_scale(asked.kind, asked.new, scale.read(document))
        own_version = {**document, "apiVersion": asked.kind.api_version}
        new = decode(asked.kind, own_version).obj
        new.metadata = new.metadata or meta_v1.ObjectMeta()
        for name in _OWN:
            setattr(new.metadata, name, getattr(asked.new.metadata, name))
        changes.complete(asked.kind, new, changes.Way(asked.subresource, gates), settled=True)
        return narrowed(asked.subresource, new, asked.old)

    return read


def _said(options: meta_v1.DeleteOptions) -> Document:
    said: Document = msgspec.to_builtins(options)
    return {name: value for name, value in said.items() if value is not None}
