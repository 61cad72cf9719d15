"""What becomes of a request: signed once it is approved and sound, and forgotten after its time.

Guarantee: nothing is signed that was not approved, that was denied, that failed, or that has its certificate.
"""

from datetime import datetime, timedelta

from petset.api.objects import meta
from petset.controllers.certificates.model import (
    ALLOWED_USAGES,
    KEPT_AFTER_VERDICT,
    KEPT_WITHOUT,
    LONGEST,
    NEEDED_USAGE,
    SIGNER,
    Fail,
    Plan,
    Remove,
    Sign,
    Snapshot,
)


def plan(snapshot: Snapshot) -> Plan:
    """The one thing to do now, if there is any."""
    request, status = snapshot.request, snapshot.request.status
    verdicts = {condition.type: condition for condition in (status.conditions if status else None) or ()}
    issued = bool(status and status.certificate)
    granted = "Approved" in verdicts and not verdicts.keys() & {"Denied", "Failed"}
    if granted and not issued and request.spec.signerName == SIGNER:
        return Plan((_answer(snapshot),))
    end = _end(snapshot, issued or "Denied" in verdicts or "Failed" in verdicts)
    left = (end - snapshot.now).total_seconds()
    return Plan((Remove(),)) if left <= 0 else Plan((), left)


def _answer(snapshot: Snapshot) -> Sign | Fail:
    spec = snapshot.request.spec
    usages = set(spec.usages or ())
    if NEEDED_USAGE not in usages or not usages <= ALLOWED_USAGES:
        return Fail(f"invalid usage for client certificate: {sorted(usages)}")
    asked = timedelta(seconds=spec.expirationSeconds) if spec.expirationSeconds is not None else LONGEST
    return Sign(min(asked, LONGEST))


def _end(snapshot: Snapshot, done: bool) -> datetime:
    """Until when the request is kept: an hour from its last verdict, a day without one."""
    status = snapshot.request.status
    times = [c.lastUpdateTime for c in (status.conditions if status else None) or () if c.lastUpdateTime]
    born = meta(snapshot.request).creationTimestamp or snapshot.now
    return max(times, default=born) + KEPT_AFTER_VERDICT if done else born + KEPT_WITHOUT
