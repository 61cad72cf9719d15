"""What holds for every plan: a certificate is a consequence of an approval, and there is one at most."""

from petset.controllers.certificates.model import ALLOWED_USAGES, SIGNER, Plan, Sign, Snapshot


def is_safe(snapshot: Snapshot, plan: Plan) -> bool:
    """Whether the plan keeps the promise."""
    request, status = snapshot.request, snapshot.request.status
    kinds = {condition.type for condition in (status.conditions if status else None) or ()}
    may_sign = (
        "Approved" in kinds
        and not kinds & {"Denied", "Failed"}
        and not (status and status.certificate)
        and request.spec.signerName == SIGNER
        and set(request.spec.usages or ()) <= ALLOWED_USAGES
    )
    return all(may_sign for action in plan.actions if isinstance(action, Sign))
