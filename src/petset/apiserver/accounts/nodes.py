"""Tokens as the agent of one node may ask for them: of the accounts of its pods, bound to one of them."""

from petset.api.models import authentication_v1
from petset.api.rbac import Attributes
from petset.client import accounts
from petset.client.gate import Gate
from petset.node.tokens import Tokens
from petset.registry.node_restriction import check_token
from petset.registry.port import Registry, finder


class NodeTokens:
    """The `Tokens` port for one node."""

    def __init__(self, tokens: Tokens, gate: Gate, registry: Registry, node: str) -> None:
        self._tokens = tokens
        self._gate = gate
        self._find = finder(registry)
        self._node = node
        self._user = accounts.node(node).user

    async def request(
        self, namespace: str, account: str, request: authentication_v1.TokenRequest
    ) -> authentication_v1.TokenRequest:
        """Raises Forbidden for what is not the node's to ask, and what `Tokens` raises."""
        self._gate.require(self._user, Attributes("create", "", "serviceaccounts", "token", namespace, account))
        check_token(self._node, account, namespace, request, self._find)
        return await self._tokens.request(namespace, account, request)
