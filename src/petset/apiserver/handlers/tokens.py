"""The `token` sub-resource of service accounts."""

from petset.api.encode import to_document
from petset.api.rbac import node_of
from petset.apiserver.bodies import TOKEN_REQUEST, read_object, write_options
from petset.apiserver.messages import Reply, warning_headers
from petset.apiserver.render import document
from petset.apiserver.routes import Request
from petset.node.tokens import Tokens
from petset.registry.node_restriction import check_token
from petset.registry.port import Registry, Target, Visit, finder

_TYPE = {"apiVersion": TOKEN_REQUEST.api_version, "kind": TOKEN_REQUEST.name}


async def create_token(request: Request, registry: Registry, tokens: Tokens) -> Reply:
    """201 with a token for what was asked. Nothing is stored, so a dry run differs in nothing."""
    options = write_options(request)
    asked = read_object(request, options, TOKEN_REQUEST)
    node = node_of(request.user.name, request.user.groups)
    if node is not None:
        check_token(node, request.name, request.namespace, asked, finder(registry))
    target = Target(request.namespace, request.name, "token")
    await registry.review(Visit("CREATE", request.kind, target, {**to_document(asked), **_TYPE}), options)
    issued = await tokens.request(request.namespace, request.name, asked)
    return document(request, issued, status=201, headers=warning_headers(options.warnings))
