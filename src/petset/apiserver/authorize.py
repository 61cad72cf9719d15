"""Who may do what. Today members of `system:masters` may do everything and nobody else anything; RBAC fits in here.

What a decision looks at is an `Attributes`, the same nouns as in Kubernetes' SubjectAccessReview.
"""

from dataclasses import dataclass
from typing import Protocol

from petset.api.errors import Forbidden
from petset.apiserver.authenticate import MASTERS, User


@dataclass(frozen=True)
class Attributes:
    """A request as access rules see it. `path` is set instead of a resource where none is addressed."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


class Authorizer(Protocol):
    """Answers yes or no; whoever asked turns a no into `forbidden`."""

    def allows(self, user: User, attributes: Attributes) -> bool: ...


class MastersOnly:
    """The administrator's group may do everything."""

    def allows(self, user: User, attributes: Attributes) -> bool:
        """Whether the user is in `system:masters`."""
        return MASTERS in user.groups


def forbidden(user: User, attributes: Attributes) -> Forbidden:
    """The refusal in Kubernetes' words."""
    if attributes.path:
        message = f'forbidden: User "{user.name}" cannot {attributes.verb} path "{attributes.path}"'
        return Forbidden(message)
    qualified = f"{attributes.resource}.{attributes.group}" if attributes.group else attributes.resource
    whom = f'{qualified} "{attributes.name}"' if attributes.name else qualified
    resource = f"{attributes.resource}/{attributes.subresource}" if attributes.subresource else attributes.resource
    where = f'in the namespace "{attributes.namespace}"' if attributes.namespace else "at the cluster scope"
    message = (
        f'{whom} is forbidden: User "{user.name}" cannot {attributes.verb} resource "{resource}" '
        f'in API group "{attributes.group}" {where}'
    )
    return Forbidden(message, kind=attributes.resource, group=attributes.group, name=attributes.name)
