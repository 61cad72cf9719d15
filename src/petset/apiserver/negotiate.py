"""Which form a client's answer takes: the `Accept` header against what we can write.

JSON is the default and is chosen wherever it is listed beside something we do not write, protobuf above all. A
parameter `as=Table` or `as=PartialObjectMetadata` asks for another shape of the same objects.
"""

from dataclasses import dataclass
from functools import lru_cache

from petset.api.errors import NotAcceptable, UnsupportedMediaType

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"

_META = ("meta.k8s.io", "v1")
_JSON_RANGES = frozenset({JSON, "application/*", "*/*"})


@dataclass(frozen=True, slots=True)
class Form:
    """How an answer is written. `shape` is empty for the object itself."""

    media_type: str = JSON
    shape: str = ""

    @property
    def content_type(self) -> str:
        """The header's value, as Kubernetes writes it."""
        return self.media_type


PLAIN = Form()

SINGLE = frozenset({"Table", "PartialObjectMetadata"})
LISTED = frozenset({"Table", "PartialObjectMetadataList"})
NO_SHAPES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Range:
    media_type: str
    parameters: tuple[tuple[str, str], ...]
    quality: float


@lru_cache(maxsize=256)
def answer(accept: str, shapes: frozenset[str], *, yaml: bool = True) -> Form:
    """The first form the client accepts and we can write. Raises NotAcceptable."""
    if not accept.strip():
        return PLAIN
    for wanted in _ranges(accept):
        form = _match(wanted, shapes, yaml=yaml)
        if form is not None:
            return form
    written = [JSON, YAML] if yaml else [JSON]
    message = "only the following media types are accepted: " + ", ".join(written)
    if PROTOBUF in accept:
        message += " (this server does not write protobuf yet: list application/json beside it)"
    raise NotAcceptable(message)


def accepts(accept: str, group: str, version: str, shape: str) -> bool:
    """Whether the first thing the client accepts is this shape, or it comes before plain JSON."""
    for wanted in _ranges(accept):
        asked = dict(wanted.parameters)
        if wanted.media_type == JSON and asked.get("as") == shape:
            if (asked.get("g"), asked.get("v")) == (group, version):
                return True
        elif wanted.media_type in _JSON_RANGES and "as" not in asked:
            return False
    return False


def _match(wanted: _Range, shapes: frozenset[str], *, yaml: bool) -> Form | None:
    asked = dict(wanted.parameters)
    shape = asked.get("as", "")
    if shape and (shape not in shapes or (asked.get("g"), asked.get("v")) != _META):
        return None
    if wanted.media_type in _JSON_RANGES:
        return Form(JSON, shape)
    if yaml and wanted.media_type == YAML:
        return Form(YAML, shape)
    return None


@lru_cache(maxsize=256)
def _ranges(accept: str) -> tuple[_Range, ...]:
    """The header's media ranges, the most wanted first; refused ones (q=0) left out."""
    found = [_range(part) for part in accept.split(",") if part.strip()]
    return tuple(sorted((r for r in found if r.quality > 0), key=lambda r: -r.quality))


def _range(text: str) -> _Range:
    media_type, *rest = (piece.strip() for piece in text.split(";"))
    pairs = [piece.partition("=") for piece in rest]
    parameters = tuple((key.strip(), value.strip().strip('"')) for key, _, value in pairs)
    return _Range(media_type.lower(), parameters, _quality(dict(parameters).get("q", "1")))


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


def body_type(content_type: str) -> str:
    """JSON, YAML or protobuf, for the body of a create, update or delete. Raises UnsupportedMediaType."""
    media_type = media_type_of(content_type)
    if media_type in ("", JSON):
        return JSON
    if media_type in (YAML, PROTOBUF):
        return media_type
    raise UnsupportedMediaType(
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    )


def media_type_of(content_type: str) -> str:
    """The media type without its parameters."""
    return content_type.partition(";")[0].strip().lower()
