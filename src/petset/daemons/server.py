"""The all-in-one server: store, API, controllers and nodes in one process. `petset up` starts it.

The order of the start is the order of what others need. The API answers as soon as the store is loaded; the code
behind it, half of all there is to read, is read while it does. `ready` is said once containers can be run too, so
that whatever stops the server from doing its job (no container tools, a taken port, a foreign database) reaches the
person who started it. A stop leaves every container running.
"""

import asyncio
import logging
import os
import random  # noqa: TID251 - this is a composition root
import secrets
import signal
import sys
from asyncio import FIRST_COMPLETED
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from petset import __version__
from petset.aio.tasks import Supervisor
from petset.api.errors import ApiError
from petset.api.gates import written
from petset.apiserver import certificates, kubeconfig
from petset.apiserver.accounts.keys import KeysPage
from petset.apiserver.accounts.nodes import NodeTokens
from petset.apiserver.accounts.signed import SignedStatements
from petset.apiserver.accounts.tokens import AccountTokens
from petset.apiserver.app import Options, create_app
from petset.apiserver.authenticate import CertificatesAndTokens, admin, ensure_admin_token
from petset.apiserver.authorize import Rbac
from petset.apiserver.gate import RulesGate
from petset.apiserver.metrics import MetricsPage
from petset.apiserver.server import Server
from petset.apiserver.tls import server_context
from petset.apiserver.waiting import WaitingPage
from petset.apiserver.webhooks import HttpsCaller
from petset.client.local import LocalClient
from petset.daemons.clock import SystemClock
from petset.daemons.collector import Collector
from petset.daemons.ids import Uids
from petset.daemons.presence import AlreadyRunning, NodesUnusable, PidFile, Starter, write_facts
from petset.daemons.settings import Settings, parse
from petset.node.streams import NodeStreams
from petset.registry.bootstrap import announce, bootstrap, keep
from petset.registry.registry import Registry
from petset.storage.port import StoreUnusable
from petset.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from petset.daemons.controlplane import ControlPlane
    from petset.daemons.nodes import Nodes

TAKEOVER_SECONDS = 5.0
"""How long the start waits for the nodes to have told the API how their pods are; it goes on without them then."""

SECONDS_BETWEEN_LOOKS_AT_OWN = 10.0

_log = logging.getLogger("petset")


def main() -> int:
    """Serve until told to stop; the exit code."""
    settings = parse(sys.argv[1:], os.environ, Path.home())
    starter = Starter(settings.ready_fd)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        with PidFile(settings.directory), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, starter))
    except (AlreadyRunning, StoreUnusable, NodesUnusable, OSError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        _log.error("cannot go on: %s", reason)
        starter.tell(reason)
        return 1
    return 0


async def _serve(settings: Settings, starter: Starter) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    store, caller = SqliteStore(settings.directory.store), HttpsCaller()
    Collector().start()
    try:
        async with Supervisor("petset") as tasks:
            failing = tasks.start("failures", tasks.wait())
            server, plane, nodes = await _start(settings, store, caller, tasks)
            # Whoever decides or asks from here on sees pods as they are, not as the last server left them.
            catching_up = tasks.start("takeover", nodes.caught_up())
            await asyncio.wait({failing, catching_up}, timeout=TAKEOVER_SECONDS, return_when=FIRST_COMPLETED)
            tasks.start("control plane", plane.run())
            if not failing.done():
                starter.tell("ready")
            stopping = tasks.start("stop signal", stopped.wait())
            await asyncio.wait({failing, stopping}, return_when=FIRST_COMPLETED)
            await server.stop()
        _log.info("stopped; containers go on")
    finally:
        await caller.close()
        await store.close()


async def _start(
    settings: Settings, store: SqliteStore, caller: HttpsCaller, tasks: Supervisor
) -> "tuple[Server, ControlPlane, Nodes]":
    """Everything up, in the order of what needs what."""
    clock, source = SystemClock(), random.Random(secrets.randbits(64))  # noqa: S311 - names and order, no secrets
    new_uid = Uids()
    directory = settings.directory
    registry = Registry(store, clock.now, new_uid, source, settings.gates, caller)
    statements = SignedStatements(directory.pki / "accounts.key")
    tokens = AccountTokens(registry, statements, clock.now, new_uid)
    signing = asyncio.to_thread(certificates.ensure, directory.pki, [settings.bind], clock.now())
    signed = tasks.start("certificates", signing)
    await bootstrap(registry)
    reading = tasks.start("code behind the API", asyncio.to_thread(_behind))
    files = await signed
    streams: dict[str, NodeStreams] = {}
    planes: list[ControlPlane] = []
    token = ensure_admin_token(directory.pki / "admin.token", lambda: secrets.token_urlsafe(32))
    authenticator = CertificatesAndTokens({token: admin()}, tokens.verify)
    pages = (
        WaitingPage(lambda: [wait for plane in planes for wait in plane.waits()]),
        KeysPage(statements),
        MetricsPage(lambda: [family for plane in planes for family in plane.measures()]),
    )
    rules = Rbac(registry)
    gate = RulesGate(registry, rules, rules.nodes)
    rules.on_change(gate.forget)
    options = Options(version=__version__, pages=pages, tokens=tokens, rules=rules)
    app = create_app(registry, streams, authenticator, clock, new_uid, options)
    server = Server(app, settings.bind, settings.port, server_context(files))
    await server.start()
    url = kubeconfig.server_url(settings.bind, server.port)
    kubeconfig.write(directory.kubeconfig, url, files)
    write_facts(directory, _facts(settings, url, server.port))
    _log.info("serving at %s", url)
    plane_type, nodes_type = await reading
    nodes = nodes_type(settings, clock, source, streams)
    opening = tasks.start("container runtime", nodes.open(partial(NodeTokens, tokens, gate, registry)))
    roles = tasks.start("default roles", _ensure_roles(registry))
    client = LocalClient(registry, gate=gate)
    planes.append(plane_type(settings, client, clock, source, files, tokens))
    await opening
    await roles
    await _answer_pods(server, nodes.address, registry)
    tasks.start("own objects", _keep(registry, clock, nodes.address, server.port))
    tasks.start("rights", rules.run(clock))
    tasks.start("nodes", nodes.run(client))
    return server, planes[0], nodes


def _behind() -> "tuple[type[ControlPlane], type[Nodes]]":
    """Read the code of controllers and nodes, in a thread beside the first requests."""
    from petset.daemons.controlplane import ControlPlane
    from petset.daemons.nodes import Nodes

    return ControlPlane, Nodes


async def _ensure_roles(registry: Registry) -> None:
    """While the server answers its first requests."""
    from petset.registry.priorities import ensure_classes
    from petset.registry.roles import ensure_roles

    await ensure_roles(registry)
    await ensure_classes(registry)


async def _answer_pods(server: Server, address: str, registry: Registry) -> None:
    """Serve at the pods' gateway too, and say so in the endpoints of the Service `kubernetes`."""
    if not address:
        return
    try:
        await server.listen_also(address)
    except OSError as error:
        _log.warning("pods do not reach the API: %s", error)
        return
    await announce(registry, address, server.port)


async def _keep(registry: Registry, clock: SystemClock, address: str, port: int) -> None:
    """`kubectl delete all --all` takes the API's own Service along: Kubernetes too has it back in ten seconds."""
    while True:
        await clock.sleep(SECONDS_BETWEEN_LOOKS_AT_OWN)
        try:
            await keep(registry)
            if address:
                await announce(registry, address, port)
        except ApiError as error:
            _log.warning("cannot make the server's own objects anew: %s", error)


def _facts(settings: Settings, url: str, port: int) -> dict[str, object]:
    return {
        "url": url,
        "bind": settings.bind,
        "port": port,
        "nodes": settings.nodes,
        "runtime": settings.runtime,
        "feature_gates": written(settings.gates),
    }


if __name__ == "__main__":
    raise SystemExit(main())
