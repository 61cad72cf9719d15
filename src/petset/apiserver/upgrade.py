"""A connection that became a WebSocket: uvicorn's protocol over wsproto, loaded by the first one.

That is 40 ms which the start of the server does not spend.
"""

import logging
from collections.abc import Callable
from typing import Any

from petset.apiserver.connection import Application, Live

MAX_MESSAGE_BYTES = 4 * 1024 * 1024


def upgrading(app: Application, live: Live) -> Callable[[Any], Any]:
    """Makes the protocol of one upgraded connection of the server; it inherits the state of the one before."""
    loaded: list[Callable[[Any], Any]] = []

    def upgrade(state: Any) -> Any:
        if not loaded:
            loaded.append(_load(app, live))
        return loaded[0](state)

    return upgrade


def _load(app: Application, live: Live) -> Callable[[Any], Any]:
    from uvicorn.config import Config
    from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
    from uvicorn.server import ServerState
    from wsproto.utilities import LocalProtocolError

    class WebSocket(WSProtocol):
        """One that the client has just closed may be told to shut down, too."""

        def shutdown(self) -> None:
            try:
                super().shutdown()
            except LocalProtocolError:
                self.transport.close()

    config = Config(
        app=app,
        ws=WebSocket,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        # A command that reads no input for a while keeps pongs waiting too; dead peers are TCP keep-alive's affair.
        ws_ping_interval=None,
        interface="asgi3",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
    )
    # What a client does wrong is its own affair, and what we do wrong the app has logged with an id.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    config.load()
    state = ServerState()
    state.connections, state.tasks = live.connections, live.tasks
    return lambda peer: WebSocket(config=config, server_state=state, app_state=peer)
