"""Questions about access: may this user do that, what may I do, who am I, whose token is this.

They are asked like creations, answered at once and forgotten. The answer comes from the same authenticator and the
same rules that every request passes.
"""

from collections.abc import Callable
from typing import Any

from petset.api.errors import BadRequest, Cause, Invalid, Unauthorized
from petset.api.models import authentication_v1, authorization_v1, meta_v1
from petset.api.rbac import Attributes
from petset.apiserver.authenticate import API_AUDIENCES, Authenticator, User
from petset.apiserver.authorize import Authorizer
from petset.apiserver.bodies import read_object, write_options
from petset.apiserver.messages import Reply, warning_headers
from petset.apiserver.render import document
from petset.apiserver.routes import Request

Spec = authorization_v1.SubjectAccessReviewSpec | authorization_v1.SelfSubjectAccessReviewSpec


class Reviews:
    """Answers every kind that is a question."""

    def __init__(self, authenticator: Authenticator, authorizer: Authorizer) -> None:
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._answers: dict[str, Callable[[User, Request, Any], Any]] = {
            "SelfSubjectAccessReview": self._may_i,
            "SubjectAccessReview": self._may_they,
            "LocalSubjectAccessReview": self._may_they_here,
            "SelfSubjectRulesReview": self._what_may_i,
            "SelfSubjectReview": self._who_am_i,
            "TokenReview": self._whose_token,
        }

    def answer(self, user: User, request: Request) -> Reply:
        """The question with its answer as status. Raises BadRequest or Invalid."""
        options = write_options(request)
        review = read_object(request, options)
        review.apiVersion, review.kind = request.kind.api_version, request.kind.name
        review.metadata = review.metadata or meta_v1.ObjectMeta()
        review.status = self._answers[request.kind.name](user, request, review)
        return document(request, review, status=201, headers=warning_headers(options.warnings))

    def _may_i(self, user: User, request: Request, review: authorization_v1.SelfSubjectAccessReview) -> Any:
        return self._decided(user, _attributes(review.kind or "", review.spec))

    def _may_they(self, user: User, request: Request, review: authorization_v1.SubjectAccessReview) -> Any:
        spec = review.spec
        attributes = _attributes(review.kind or "", spec)
        if not spec.user and not spec.groups:
            why = "at least one of user or group must be specified"
            raise _invalid(review.kind or "", "spec.user", f'Invalid value: "": {why}')
        extra = tuple((key, tuple(values)) for key, values in (spec.extra or {}).items())
        return self._decided(User(spec.user or "", tuple(spec.groups or ()), spec.uid or "", extra), attributes)

    def _may_they_here(self, user: User, request: Request, review: Any) -> Any:
        attributes = review.spec.resourceAttributes
        if review.spec.nonResourceAttributes is not None:
            why = "Forbidden: disallowed on this kind of request"
            raise _invalid(review.kind, "spec.nonResourceAttributes", why, "FieldValueForbidden")
        if attributes is not None and (attributes.namespace or "") != request.namespace:
            raise BadRequest(f"spec.resourceAttributes.namespace must match namespace: {request.namespace}")
        return self._may_they(user, request, review)

    def _what_may_i(self, user: User, request: Request, review: authorization_v1.SelfSubjectRulesReview) -> Any:
        namespace = review.spec.namespace if review.spec else None
        if not namespace:
            raise BadRequest("no namespace on request")
        rules = self._authorizer.rules_of(user, namespace)
        return authorization_v1.SubjectRulesReviewStatus(
            incomplete=False,
            resourceRules=[
                authorization_v1.ResourceRule(rule.verbs, rule.apiGroups, rule.resourceNames, rule.resources)
                for rule in rules
                if rule.resources
            ],
            nonResourceRules=[
                authorization_v1.NonResourceRule(rule.verbs, rule.nonResourceURLs)
                for rule in rules
                if rule.nonResourceURLs
            ],
        )

    def _who_am_i(self, user: User, request: Request, review: authentication_v1.SelfSubjectReview) -> Any:
        return authentication_v1.SelfSubjectReviewStatus(userInfo=_info(user))

    def _whose_token(self, user: User, request: Request, review: authentication_v1.TokenReview) -> Any:
        token = review.spec.token
        if not token:
            raise BadRequest("token is required for TokenReview in authentication")
        error = "invalid bearer token"
        try:
            found = self._authenticator.verify(token, review.spec.audiences or API_AUDIENCES)
        except Unauthorized as other:
            found, error = None, f"[{error}, {other}]"
        if found is None:
            return authentication_v1.TokenReviewStatus(user=authentication_v1.UserInfo(), error=error)
        return authentication_v1.TokenReviewStatus(
            authenticated=True, user=_info(found.user), audiences=list(found.audiences)
        )

    def _decided(self, user: User, attributes: Attributes) -> authorization_v1.SubjectAccessReviewStatus:
        decision = self._authorizer.decide(user, attributes)
        return authorization_v1.SubjectAccessReviewStatus(allowed=decision.allowed, reason=decision.reason or None)


def _attributes(kind: str, spec: Spec) -> Attributes:
    """What is asked about. Raises Invalid unless it is a resource or a path."""
    resource, path = spec.resourceAttributes, spec.nonResourceAttributes
    if resource is not None and path is not None:
        why = "cannot be specified in combination with resourceAttributes"
        raise _invalid(kind, "spec.nonResourceAttributes", f"Invalid value: {{}}: {why}")
    if path is not None:
        return Attributes(path.verb or "", path=path.path or "")
    if resource is None:
        why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise _invalid(kind, "spec.resourceAttributes", f'Invalid value: "null": {why}')
    return Attributes(
        verb=resource.verb or "",
        group=resource.group or "",
        resource=resource.resource or "",
        subresource=resource.subresource or "",
        namespace=resource.namespace or "",
        name=resource.name or "",
    )


def _info(user: User) -> authentication_v1.UserInfo:
    extra = {key: list(values) for key, values in user.extra}
    return authentication_v1.UserInfo(
        username=user.name, uid=user.uid or None, groups=list(user.groups) or None, extra=extra or None
    )


def _invalid(kind: str, field: str, message: str, reason: str = "FieldValueInvalid") -> Invalid:
    group = "authorization.k8s.io"
    text = f'{kind}.{group} "" is invalid: {field}: {message}'
    return Invalid(text, kind=kind, group=group, causes=(Cause(reason, message, field),))
