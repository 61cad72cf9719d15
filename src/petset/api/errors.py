"""Why the API refuses a request: Kubernetes' own reasons, one class for each thing the caller can do next.

The classes mirror the caller's next step: fix the input (`Invalid`, `BadRequest`, …), read again and retry
(`Conflict`, `Expired`), give up (`NotFound`, `Forbidden`), try later (`Unavailable`). `status()` is the body
that a Kubernetes client expects.
"""

from dataclasses import dataclass, field

from petset.api.models import meta_v1


@dataclass(frozen=True)
class Cause:
    """One field at fault: a reason such as `FieldValueRequired`, a message, and the path `spec.replicas`."""

    reason: str
    message: str
    field: str = ""


@dataclass(eq=False)
class ApiError(Exception):
    """A refusal with the HTTP code and the `reason` that clients act on."""

    message: str
    kind: str = ""  # the resource's plural or kind, as Kubernetes puts it in `details.kind`
    group: str = ""
    name: str = ""
    causes: tuple[Cause, ...] = field(default=())
    retry_after_seconds: int = 0
    warnings: tuple[str, ...] = ()  # what the client is told beside the refusal
    continue_token: str = ""  # how a list may go on all the same

    code = 500
    reason = "InternalError"

    def __str__(self) -> str:
        return self.message

    def status(self) -> meta_v1.Status:
        """The `Status` object to answer with."""
        details = meta_v1.StatusDetails(
            name=self.name or None,
            group=self.group or None,
            kind=self.kind or None,
            causes=[
                meta_v1.StatusCause(reason=c.reason, message=c.message, field=c.field or None) for c in self.causes
            ]
            or None,
            retryAfterSeconds=self.retry_after_seconds or None,
        )
        return meta_v1.Status(
            apiVersion="v1",
            kind="Status",
            metadata=meta_v1.ListMeta(continue_=self.continue_token or None),
            status="Failure",
            message=self.message,
            reason=self.reason or None,
            details=details,
            code=self.code,
        )


class BadRequest(ApiError):
    """The request cannot be read: malformed JSON, a wrong type, an unknown parameter value."""

    code, reason = 400, "BadRequest"


class Unauthorized(ApiError):
    """Nobody we know."""

    code, reason = 401, "Unauthorized"


class Forbidden(ApiError):
    """Known, but not allowed, or refused by admission."""

    code, reason = 403, "Forbidden"


class NotFound(ApiError):
    """No such object, or no such resource."""

    code, reason = 404, "NotFound"


class MethodNotAllowed(ApiError):
    """The resource exists and does not have this verb."""

    code, reason = 405, "MethodNotAllowed"


class NotAcceptable(ApiError):
    """None of the media types that the client accepts."""

    code, reason = 406, "NotAcceptable"


class AlreadyExists(ApiError):
    """An object of this name is there."""

    code, reason = 409, "AlreadyExists"


class Conflict(ApiError):
    """The object has changed since it was read, or a precondition does not hold: read again, then retry."""

    code, reason = 409, "Conflict"


class Expired(ApiError):
    """The resource version is older than what is kept: list again."""

    code, reason = 410, "Expired"


class TooLarge(ApiError):
    """The body is larger than the server takes."""

    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(ApiError):
    """A body in a format this server does not read."""

    code, reason = 415, "UnsupportedMediaType"


class Invalid(ApiError):
    """The object was read, and its contents break a rule; `causes` names each field."""

    code, reason = 422, "Invalid"


class TooManyRequests(ApiError):
    """Not now: a budget or a limit is spent. Try again, after `retry_after_seconds` where it says so."""

    code, reason = 429, "TooManyRequests"


class Misconfigured(ApiError):
    """Objects that contradict each other: no request of this kind can succeed until they are changed."""

    code, reason = 500, ""


class Unavailable(ApiError):
    """Not now: starting, stopping, or the disk is full."""

    code, reason = 503, "ServiceUnavailable"


class Timeout(ApiError):
    """The work did not end within the time the request gave it."""

    code, reason = 504, "Timeout"
