"""What the verbs refuse, in Kubernetes' own words: clients and scripts match on these texts.

Each function builds the error for one reason; the caller raises it, so that the control flow stays where it is
read.
"""

from petset.api.canonical import TOO_DEEP
from petset.api.errors import (
    AlreadyExists,
    BadRequest,
    Cause,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    Timeout,
    Unavailable,
)
from petset.api.kinds import Kind
from petset.api.validation.fields import quoted

_MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def not_found(kind: Kind, name: str) -> NotFound:
    return NotFound(f'{kind.qualified} "{name}" not found', kind=kind.resource, group=kind.group, name=name)


def already_exists(kind: Kind, name: str, *, generated: bool = False) -> AlreadyExists:
    """`generated`: the name was the server's own choice, so the caller may simply ask again."""
    message = f'{kind.qualified} "{name}" already exists'
    if generated:
        message += ", the server was not able to generate a unique name for the object"
    return AlreadyExists(message, kind=kind.resource, group=kind.group, name=name)


def conflict(kind: Kind, name: str, why: str = _MODIFIED, *, resource: str = "") -> Conflict:
    """`resource` where Kubernetes names something else than the resource, such as `pods/binding`."""
    named = (f"{resource}.{kind.group}" if kind.group else resource) if resource else kind.qualified
    return Conflict(
        f'Operation cannot be fulfilled on {named} "{name}": {why}',
        kind=resource or kind.resource,
        group=kind.group,
        name=name,
    )


def forbidden(kind: Kind, name: str, why: str, causes: tuple[Cause, ...] = ()) -> Forbidden:
    return Forbidden(
        f'{kind.qualified} "{name}" is forbidden: {why}',
        kind=kind.resource,
        group=kind.group,
        name=name,
        causes=causes,
    )


def invalid(kind: Kind, name: str, causes: tuple[Cause, ...]) -> Invalid:
    """The object breaks these rules."""
    return _invalid(kind.name, kind.group, name, causes)


def invalid_scale(name: str, cause: Cause) -> Invalid:
    return _invalid("Scale", "autoscaling", name, (cause,))


def invalid_options(causes: tuple[Cause, ...]) -> Invalid:
    return _invalid("DeleteOptions", "meta.k8s.io", "", causes)


def invalid_patch(value: str, why: str) -> Invalid:
    """A patch whose outcome is no object; `value` is that outcome, or the patch, as Kubernetes shows it."""
    return _invalid("", "", "", (Cause("FieldValueInvalid", f"Invalid value: {quoted(value)}: {why}", "patch"),))


def _invalid(kind: str, group: str, name: str, causes: tuple[Cause, ...]) -> Invalid:
    details = ", ".join(f"{c.field}: {c.message}" for c in causes)
    if len(causes) > 1:
        details = f"[{details}]"
    named = f"{kind}.{group}" if group else kind  # empty where it is no kind that is at fault
    return Invalid(f'{named} "{name}" is invalid: {details}', kind=kind, group=group, name=name, causes=causes)


def wrong_namespace() -> BadRequest:
    return BadRequest("the namespace of the provided object does not match the namespace sent on the request")


def wrong_name(given: str, asked: str) -> BadRequest:
    return BadRequest(f"the name of the object ({given}) does not match the name on the URL ({asked})")


def wrong_apply_version(given: str, expected: str) -> BadRequest:
    return BadRequest(
        f"Incorrect version specified in apply patch. Specified patch version: {given}, expected: {expected}"
    )


def too_deep() -> BadRequest:
    return BadRequest(f"error decoding YAML: {TOO_DEEP}")


def owners_in_apply() -> BadRequest:
    return BadRequest("metadata.managedFields must be nil")


def not_appliable(kind: Kind, namespace: str, name: str, why: str) -> BadRequest:
    typed = f"{kind.group}/{kind.version}, Kind={kind.name}"
    return BadRequest(f"failed to create typed patch object ({namespace}/{name}; {typed}): {why}")


def version_on_create() -> BadRequest:
    return BadRequest("resourceVersion should not be set on objects to be created")


def not_a_version(text: str) -> BadRequest:
    return BadRequest(f"invalid resource version: resourceVersion: {_no_number(text)}")


def no_version_to_watch_from(kind: Kind, text: str) -> Invalid:
    return _invalid(
        kind.resource, kind.group, "", (Cause("FieldValueInvalid", _no_number(text), "resourceVersion"),)
    )


def _no_number(text: str) -> str:
    return f"Invalid value: {quoted(text)}: strconv.ParseUint: parsing {quoted(text)}: invalid syntax"


def watch_too_old(asked: int, oldest: int) -> Expired:
    return Expired(f"too old resource version: {asked} ({oldest})")


def watch_fell_behind(why: str) -> Expired:
    return Expired(f"too old resource version: {why}")


def list_too_old() -> Expired:
    return Expired("The resourceVersion for the provided list is too old.")


def token_too_old(token: str) -> Expired:
    """`token` goes on with the list as things are now."""
    return Expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list "
        "without the continue parameter, or use the continue token in this response to retrieve the remainder of "
        "the results. Continuing with the provided token results in an inconsistent list - objects that were "
        "created, modified, or deleted between the time the first chunk was returned and now may show up in the "
        "list.",
        continue_token=token,
    )


def version_not_reached(asked: int, current: int) -> Timeout:
    cause = Cause("ResourceVersionTooLarge", "Too large resource version")
    return Timeout(
        f"Timeout: Too large resource version: {asked}, current: {current}", causes=(cause,), retry_after_seconds=1
    )


def disk_failed(failed: Exception) -> Unavailable:
    return Unavailable(f"the write was not kept: {failed}")


def exhausted(why: str) -> Unavailable:
    return Unavailable(why)
