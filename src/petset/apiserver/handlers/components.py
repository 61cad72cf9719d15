"""ComponentStatus, which nobody stores: how the parts of the control plane are.

They all live in the server's own process, which ends when one of them fails. So whoever can ask hears that all is
well, by the names that the parts have in a cluster.
"""

from functools import cache

import msgspec

from petset.api.errors import NotFound
from petset.api.field_selectors import parse_fields
from petset.api.kinds import Kind, by_model
from petset.api.models import core_v1, meta_v1
from petset.api.selectors import parse_labels
from petset.apiserver.messages import Reply
from petset.apiserver.render import Renderer
from petset.apiserver.routes import Request
from petset.registry.port import Selected
from petset.storage.port import Key, Record

KIND = by_model(core_v1.ComponentStatus)
NAMES = ("controller-manager", "etcd-0", "scheduler")


def answer(request: Request, renderer: Renderer) -> Reply:
    """One of them by name, or all. Raises NotFound or BadRequest."""
    if request.verb == "list":
        return renderer.many(request, Selected(_selected(request.kind, request), ""))
    if request.name not in NAMES:
        raise NotFound(f"Component not found: {request.name}")
    return renderer.one(request, _record(request.name))


def _selected(kind: Kind, request: Request) -> list[Record]:
    labels, fields = parse_labels(request.query.labels), parse_fields(kind, request.query.fields)
    return [_record(name) for name in NAMES if labels.matches({}) and fields.matches(_status(name))]


def _status(name: str) -> core_v1.ComponentStatus:
    healthy = core_v1.ComponentCondition(type="Healthy", status="True", message="ok")
    return core_v1.ComponentStatus(metadata=meta_v1.ObjectMeta(name=name), conditions=[healthy])


@cache
def _record(name: str) -> Record:
    return Record(Key(KIND.store_key, "", name), msgspec.json.encode(_status(name)), 0)
