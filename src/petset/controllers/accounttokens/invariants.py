"""What holds for every plan: a token stays what it is, and no Secret goes whose account is there."""

from petset.api.objects import meta, uid_of
from petset.controllers.accounttokens.model import TOKEN, TYPE, UID, Fill, Plan, Snapshot


def is_safe(snapshot: Snapshot, plan: Plan) -> bool:
    """Whether the plan keeps both promises."""
    secret, account = snapshot.secret, snapshot.account
    named = (meta(secret).annotations or {}).get(UID)
    stands = account is not None and named in (None, "", uid_of(account))
    for action in plan.actions:
        if secret.type != TYPE or isinstance(action, Fill) != stands:
            return False
        if isinstance(action, Fill) and action.lacks_token and (secret.data or {}).get(TOKEN):
            return False
    return True
