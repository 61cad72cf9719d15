"""Reading what the views are made from: the sets, their pods, claims, warnings, and what controllers wait for."""

from petset.cli.connection import Connection, Refused
from petset.cli.documents import Observed

WAITING_PATH = "/petset/waiting"


def observe(connection: Connection) -> Observed:
    """One look at everything. Raises Refused or Unreachable."""
    return Observed(
        sets=connection.get("/apis/apps/v1/statefulsets")["items"],
        pods=connection.get("/api/v1/pods")["items"],
        claims=connection.get("/api/v1/persistentvolumeclaims")["items"],
        warnings=connection.get("/api/v1/events?fieldSelector=type%3DWarning")["items"],
        waiting=_waiting(connection),
    )


def _waiting(connection: Connection) -> list[dict[str, object]]:
    try:
        return list(connection.get(WAITING_PATH)["items"])
    except Refused:
        # A control plane of another make has no such page; the view then says less.
        return []


def last_line(connection: Connection, namespace: str, pod: str, container: str) -> str:
    """What a container that has ended wrote last; empty where nobody kept it."""
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&tailLines=1"
    for query in ("", "&previous=true"):
        try:
            text = connection.text(path + query).strip()
        except Refused:
            continue
        if text:
            return text
    return ""
