"""What webhooks are told of a client that wants to be connected with a pod: the options that its query holds."""

from typing import Any
from urllib.parse import parse_qs

from petset.apiserver.routes import Request
from petset.registry.port import Target, Visit

_KINDS = {"exec": "PodExecOptions", "attach": "PodAttachOptions", "portforward": "PodPortForwardOptions"}
_FLAGS = ("stdin", "stdout", "stderr", "tty")


def connection(request: Request) -> Visit:
    """The request as a `CONNECT`."""
    query = parse_qs(request.raw_query.decode("latin-1"))
    kind = _KINDS.get(request.subresource) or f"{request.kind.name}ProxyOptions"
    sent: dict[str, Any] = {"kind": kind, "apiVersion": "v1"}
    sent |= {flag: True for flag in _FLAGS if query.get(flag, [""])[0].lower() in ("true", "1")}
    if "container" in query:
        sent["container"] = query["container"][0]
    if "command" in query:
        sent["command"] = query["command"]
    ports = [int(port) for text in query.get("ports", ()) for port in text.split(",") if port.isdecimal()]
    if ports:
        sent["ports"] = ports
    return Visit("CONNECT", request.kind, Target(request.namespace, request.name, request.subresource), sent)
