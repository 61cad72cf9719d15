"""The command line: what can be said, and which verb answers. Each verb is imported only when it is asked for."""

import argparse
import sys
from importlib import import_module

from petset import __version__
from petset.api import gates
from petset.cli.surroundings import CommandFailure, Surroundings

_VERBS = {
    "up": "start the server where none runs, apply manifests, and show how they come up",
    "status": "show every stateful set, and why it waits",
    "plan": "show every step that applying manifests will cause, in order; changes nothing",
    "why": "say why a stateful set, or one of its pods, is not as its spec says, and what to do",
    "down": "stop the server and its containers; keep all data",
    "wipe": "stop everything and remove all data",
    "kubeconfig": "print the path of the kubeconfig",
}
_EXIT_CODES = "exit codes: 0 done, 1 not reached, 2 wrong use"


def _parser(surroundings: Surroundings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="petset", description="Kubernetes StatefulSets without a cluster.", epilog=_EXIT_CODES
    )
    parser.add_argument("--version", action="version", version=f"petset {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, summary in _VERBS.items():
        verb = verbs.add_parser(name, help=summary, description=f"{summary.capitalize()}.", epilog=_EXIT_CODES)
        verb.add_argument(
            "--data-dir", metavar="DIR", help="where everything is kept (default: $XDG_DATA_HOME/petset)"
        )
        if name == "up":
            _add_up(verb)
        if name == "plan":
            _add_plan(verb)
        if name == "why":
            verb.add_argument("name", metavar="NAME", help="web, statefulset/web, or a pod of it such as web-2")
            verb.add_argument(
                "-n", "--namespace", default="default", help="the namespace it lives in (default: default)"
            )
        if name == "wipe":
            verb.add_argument("--yes", action="store_true", help="do not ask")
    return parser


def _add_plan(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "-f", "--filename", dest="paths", metavar="PATH", action="append", required=True,
        help="a manifest, a directory of manifests, or - for standard input; may be given again",
    )  # fmt: skip
    verb.add_argument("-n", "--namespace", default="", help="where manifests go that name no namespace")
    verb.add_argument(
        "-o", "--output", choices=["text", "json"], default="text", help="how to print (default: text)"
    )


def _add_up(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "-f", "--filename", dest="paths", metavar="PATH", action="append", default=[],
        help="a manifest, a directory of manifests, or - for standard input; may be given again",
    )  # fmt: skip
    verb.add_argument("--bind", metavar="ADDR", help="address to serve on (default: 127.0.0.1)")
    verb.add_argument("--port", type=_port, help="port to serve on; 0 takes a free one (default: 6443)")
    verb.add_argument(
        "--nodes", type=_count, metavar="N",
        help="logical nodes; 0 is a control plane without nodes (default: 1)",
    )  # fmt: skip
    verb.add_argument(
        "--runtime", choices=["auto", "runc", "crun", "simulated"], help="who runs containers (default: auto)"
    )
    verb.add_argument(
        "--feature-gates", type=_gates, metavar="GATES",
        help=f"behaviour to switch on or off, as NAME=true,NAME=false: {gates.listed()}",
    )  # fmt: skip
    verb.add_argument("--detach", action="store_true", help="leave the server running and return once applied")
    verb.add_argument(
        "--wait", action="store_true",
        help="return 0 once all is Ready, or 1 with the reason after --timeout; leaves the server running",
    )  # fmt: skip
    verb.add_argument(
        "--timeout", type=_seconds, metavar="SECONDS", default=300.0, help="how long --wait waits (default: 300)"
    )


def _gates(text: str) -> str:
    try:
        return gates.written(gates.parse(text))
    except gates.UnknownGate as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a number from 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdigit() or int(text) > 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of nodes; give one from 0 to 100")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def main(arguments: list[str], surroundings: Surroundings) -> int:
    """Run one verb and return its exit code: 0 done, 1 not reached, 2 wrong use."""
    try:
        options = _parser(surroundings).parse_args(arguments)
    except SystemExit as leaving:  # argparse has said why
        return int(leaving.code or 0)
    verb = import_module(f"petset.cli.verbs.{options.verb}")
    try:
        return int(verb.run(options, surroundings))
    except CommandFailure as failure:
        surroundings.complain(str(failure))
        return failure.exit_code
    except KeyboardInterrupt:
        return 1
    except BrokenPipeError:
        # Whoever read the output has gone; nothing more can be said to them.
        sys.stderr.close()
        return 1
