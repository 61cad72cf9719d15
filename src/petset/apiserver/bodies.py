"""Reading request bodies: JSON or YAML bytes into the typed object that the registry takes.

A few bodies are no stored kind (a Scale, a Binding, the options of a deletion); they are read by the same strict
decoder, as kinds of their own that only exist here.
"""

from typing import Any, cast

import msgspec

from petset.api import strict
from petset.api.decode import decode
from petset.api.errors import BadRequest, UnsupportedMediaType
from petset.api.kinds import Kind
from petset.api.models import authentication_v1, autoscaling_v1, core_v1, meta_v1, policy_v1
from petset.api.patch import PATCHES
from petset.apiserver.managers import check_applier, check_unforced, field_manager
from petset.apiserver.negotiate import body_type, media_type_of
from petset.apiserver.routes import Request
from petset.registry.deletion import check_options
from petset.registry.forms import takes_configs
from petset.registry.port import Patch, WriteOptions

SCALE = Kind("autoscaling", "v1", "Scale", "scales", autoscaling_v1.Scale)
BINDING = Kind("", "v1", "Binding", "bindings", core_v1.Binding)
TOKEN_REQUEST = Kind("authentication.k8s.io", "v1", "TokenRequest", "tokenrequests", authentication_v1.TokenRequest)
EVICTION = Kind("policy", "v1", "Eviction", "evictions", policy_v1.Eviction)

APPLY = "application/apply-patch+yaml"


def write_options(request: Request) -> WriteOptions:
    """What the query says about a write; warnings gather in it."""
    query = request.query
    return WriteOptions(
        dry_run=query.dry_run,
        field_manager=field_manager(request),
        claims=True,
        force=bool(query.force),
        field_validation=query.field_validation,
        guard=request.guard,
        by=request.user,
        settled=True,
    )


def read_object(request: Request, options: WriteOptions, kind: Kind | None = None) -> Any:
    """The body as the request's kind, or as another one. Raises BadRequest or UnsupportedMediaType."""
    kind = kind or request.kind
    decoded = decode(kind, _body_of(request, kind.model), field_validation=options.field_validation)
    options.warnings.extend(decoded.warnings)
    return decoded.obj


def read_patch(request: Request) -> Patch:
    """The patch document and its type. Raises UnsupportedMediaType for what is none of ours."""
    media_type = media_type_of(request.content_type)
    taken = PATCHES if request.kind.custom is None or request.subresource == "scale" else PATCHES[:2]
    if media_type not in taken:
        message = "the body of the request was in an unknown format - accepted media types include: "
        raise UnsupportedMediaType(message + ", ".join((*taken, APPLY)))
    check_unforced(request)
    try:
        document = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"error decoding patch: {error}") from error
    return Patch(cast(Any, media_type), document)


def is_apply(request: Request) -> bool:
    """Whether a patch is a server-side apply."""
    return media_type_of(request.content_type) == APPLY


def read_config(request: Request, options: WriteOptions) -> dict[str, Any]:
    """The document of a server-side apply: YAML, of which JSON is a part. Raises BadRequest or Invalid."""
    check_applier(request)
    if not takes_configs(request.kind):
        raise UnsupportedMediaType(f"{request.kind.qualified} cannot be applied: apply events of the core group")
    try:
        try:
            config = msgspec.json.decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            # What YAML has beyond JSON, such as keys that are numbers, becomes JSON's.
            config = msgspec.json.decode(msgspec.json.encode(_from_yaml(request.body, "error decoding YAML")))
        else:
            _note_repeated(request.body, options)
    except (RecursionError, TypeError, UnicodeEncodeError) as error:
        raise BadRequest(f"error decoding YAML: {error}") from error
    if not isinstance(config, dict):
        raise BadRequest("error decoding YAML: the document of an apply is an object")
    return config


def _note_repeated(body: bytes, options: WriteOptions) -> None:
    """Keys that come twice are warned of, or refused. (YAML is refused for them when it is read.)"""
    repeated = [] if options.field_validation == "Ignore" else strict.duplicates(strict.parse(body))
    if repeated and options.field_validation == "Strict":
        raise BadRequest(f"error strict decoding YAML: {', '.join(repeated)}")
    options.warnings.extend(repeated)


def read_delete_options(request: Request) -> meta_v1.DeleteOptions:
    """How to delete: the body where there is one, else the query."""
    query = request.query
    if request.body.strip():
        options = _decode_delete_options(request)
    else:
        options = meta_v1.DeleteOptions(
            gracePeriodSeconds=query.grace_period_seconds,
            propagationPolicy=query.propagation_policy,
            orphanDependents=query.orphan_dependents,
        )
    if query.dry_run:
        options.dryRun = ["All"]
    check_options(options)
    return options


def _decode_delete_options(request: Request) -> meta_v1.DeleteOptions:
    """Any `apiVersion` is taken: clients send `v1`, `meta.k8s.io/v1` and the group of what they delete."""
    body = _body_of(request, meta_v1.DeleteOptions)
    try:
        if isinstance(body, bytes):
            return msgspec.json.decode(body, type=meta_v1.DeleteOptions)
        return msgspec.convert(body, meta_v1.DeleteOptions)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"the body is no DeleteOptions: {error}") from error


def _body_of(request: Request, model: type[Any]) -> bytes | dict[str, Any]:
    """JSON as it came, or the document that was sent in another form. Raises BadRequest."""
    match body_type(request.content_type):
        case "application/json":
            return request.body
        case "application/yaml":
            return _from_yaml(request.body)
    from petset.api import protobuf  # only for those who send it

    if not protobuf.is_known(model):
        accepted = "application/json, application/yaml"
        raise UnsupportedMediaType(
            f"the body of the request was in an unknown format - accepted media types include: {accepted}"
        )
    try:
        return protobuf.read(model, request.body)
    except protobuf.Unreadable as error:
        raise BadRequest(f"the protobuf body cannot be read: {error}") from error


def _from_yaml(body: bytes, trouble: str = "error converting YAML to JSON") -> dict[str, Any]:
    import yaml  # only for those who send it

    from petset.api.yaml11 import documents

    try:
        found = [document for _, document in documents(body.decode())]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadRequest(f"{trouble}: {error}") from error
    if len(found) != 1 or not isinstance(found[0], dict):
        raise BadRequest("the application/yaml body must hold one document, a mapping")
    return found[0]
