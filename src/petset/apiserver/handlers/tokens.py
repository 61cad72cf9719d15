"""The `token` sub-resource of service accounts."""

from petset.apiserver.bodies import TOKEN_REQUEST, read_object, write_options
from petset.apiserver.messages import Reply
from petset.apiserver.render import document, warning_headers
from petset.apiserver.routes import Request
from petset.node.tokens import Tokens


async def create_token(request: Request, tokens: Tokens) -> Reply:
    """201 with a token for what was asked. Nothing is stored, so a dry run differs in nothing."""
    options = write_options(request)
    asked = read_object(request, options, TOKEN_REQUEST)
    issued = await tokens.request(request.namespace, request.name, asked)
    return document(request, issued, status=201, headers=warning_headers(options.warnings))
