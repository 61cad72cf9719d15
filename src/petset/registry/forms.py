"""Kinds that show the objects of another: each object is stored in one form, and every kind shows it in its own.

Two pairs are built in: Events of core/v1 and of events.k8s.io/v1, and HorizontalPodAutoscalers of autoscaling/v2
and of v1. Whatever is written through either is seen through both. A form is made when somebody asks for it, and
turned back before it is stored; what turns it is read when the first such object comes by.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from petset.api.decode import decode
from petset.api.encode import to_document
from petset.api.errors import BadRequest
from petset.api.kinds import KINDS, Kind, by_model, by_type
from petset.api.models import autoscaling_v1, autoscaling_v2, core_v1, events_v1

Turn = Callable[[Any], Any]


class Form(NamedTuple):
    """How a kind and the one that is stored follow from each other. `config` turns a document that is applied; None
    where nothing is."""

    stored: Kind
    show: Turn
    keep: Turn
    config: Turn | None = None


def stored_kind(kind: Kind) -> Kind:
    """The kind whose form the store holds."""
    return _form(kind).stored if kind.stored_as else kind


def from_stored(kind: Kind, obj: Any) -> Any:
    """A stored object as `kind` shows it."""
    return _form(kind).show(obj) if kind.stored_as else obj


def to_stored(kind: Kind, obj: Any) -> Any:
    """An object of `kind` as it is stored. Raises BadRequest for one that says what cannot be."""
    return _form(kind).keep(obj) if kind.stored_as else obj


def sharing(kind: Kind) -> list[Kind]:
    """The other built-in kinds that show the same objects."""
    return [other for other in _sharing().get(kind.store_key, ()) if other is not kind]


@cache
def _sharing() -> dict[str, list[Kind]]:
    shared = {kind.stored_as for kind in KINDS if kind.stored_as}
    return {room: [kind for kind in KINDS if kind.store_key == room] for room in shared}


def document_to_stored(kind: Kind, document: dict[str, Any]) -> dict[str, Any]:
    """A document of any kind that shares a room with this one, as one of what is stored. Raises BadRequest."""
    shown = by_type(str(document.get("apiVersion")), kind.name)
    if shown is None or not shown.stored_as:
        return document
    return to_document(to_stored(shown, decode(shown, document).obj))


def takes_configs(kind: Kind) -> bool:
    """Whether documents of this kind can be applied."""
    return not kind.stored_as or _form(kind).config is not None


def config_to_stored(kind: Kind, config: dict[str, Any]) -> dict[str, Any]:
    """An applied document of `kind` as one of the stored kind. Raises BadRequest."""
    if not kind.stored_as:
        return config
    turn = _form(kind).config
    assert turn is not None, "a document of this kind is refused before it gets here"
    turned: dict[str, Any] = turn(config)
    return turned


def config_as_stored(config: dict[str, Any]) -> dict[str, Any]:
    """A document that was once applied, of whatever kind it says, in stored form; as it is where it has none."""
    shown = by_type(str(config.get("apiVersion")), str(config.get("kind")))
    if shown is None or not takes_configs(shown):
        return config
    try:
        return config_to_stored(shown, config)
    except (BadRequest, AttributeError, TypeError, ValueError):  # nobody has looked at its form
        return config


def _form(kind: Kind) -> Form:
    found = _FORMS.get(kind)
    if found is None:
        found = _FORMS[kind] = _MADE[kind.model]()
    return found


def _of_events() -> Form:
    from petset.registry import events

    return Form(by_model(core_v1.Event), events.to_new, events.to_core)


def _of_autoscalers() -> Form:
    from petset.api import autoscalers

    stored = by_model(autoscaling_v2.HorizontalPodAutoscaler)
    return Form(stored, autoscalers.to_v1, autoscalers.to_v2, autoscalers.config_of_v1)


_FORMS: dict[Kind, Form] = {}
_MADE: dict[type, Callable[[], Form]] = {
    events_v1.Event: _of_events,
    autoscaling_v1.HorizontalPodAutoscaler: _of_autoscalers,
}
