"""In whose name a request writes: the `fieldManager` that it gives, else what its `User-Agent` begins with."""

from functools import lru_cache

from petset.api.errors import Cause, Invalid
from petset.apiserver.routes import Request

LONGEST_BYTES = 128
_OPTIONS = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}


def field_manager(request: Request) -> str:
    """Who comes to own what the request changes. Raises Invalid for a name that cannot be one."""
    given = request.query.field_manager
    if not given:
        agent = request.user_agent
        return _known_agents(agent) if len(agent) <= _LONGEST_KNOWN else _from_agent(agent)
    if len(given.encode()) > LONGEST_BYTES:
        message = f"Too long: may not be more than {LONGEST_BYTES} bytes"
        raise refused(request, Cause("FieldValueTooLong", message, "fieldManager"))
    for index, char in enumerate(given):
        if not char.isprintable():
            message = f'Invalid value: "{given}": invalid character U+{ord(char):04X} (at position {index})'
            raise refused(request, Cause("FieldValueInvalid", message, "fieldManager"))
    return given


def check_applier(request: Request) -> None:
    """An apply says in whose name. Raises Invalid."""
    if not request.query.field_manager:
        message = "Required value: is required for apply patch"
        raise refused(request, Cause("FieldValueRequired", message, "fieldManager"))


def check_unforced(request: Request) -> None:
    """Only an apply can be forced. Raises Invalid."""
    if request.query.force is not None:
        message = "Forbidden: may not be specified for non-apply patch"
        raise refused(request, Cause("FieldValueForbidden", message, "force"))


def refused(request: Request, cause: Cause) -> Invalid:
    """The request's options break a rule."""
    kind = _OPTIONS.get(request.verb, "Options")
    message = f'{kind}.meta.k8s.io "" is invalid: {cause.field}: {cause.message}'
    return Invalid(message, kind=kind, group="meta.k8s.io", causes=(cause,))


def _from_agent(agent: str) -> str:
    """`kubectl/v1.37.0 (linux/amd64)` is `kubectl`."""
    name, size = [], 0
    for char in agent.partition("/")[0]:
        if char.isprintable():
            size += len(char.encode())
            if size > LONGEST_BYTES:
                break
            name.append(char)
    return "".join(name)


_LONGEST_KNOWN = 256
_known_agents = lru_cache(maxsize=256)(_from_agent)
"""A cluster has few programs, which say their name with each request."""
