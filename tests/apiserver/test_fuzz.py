"""The running server fuzzed from its own OpenAPI: schemathesis makes objects that fit the schema, or nearly do.

What they share with the real ones (kind, place, now and then a name that is there) is put in afterwards, since a
request that fails at its address tests nothing behind it. `PETSET_FUZZ_EXAMPLES=500` tries for longer, at random.
"""

import http.client
import json
import logging
import os
import ssl
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pytest
from apiserver.running import TOKEN, Running, running
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from petset.api.kinds import KINDS
from petset.apiserver.discovery import group_versions

LONGER = int(os.environ.get("PETSET_FUZZ_EXAMPLES", "0"))
EXAMPLES = LONGER or 4
PLACES = [f"apis/{group}/{version}" if group else f"api/{version}" for group, version, _ in group_versions(KINDS)]
NAMES = st.sampled_from(["web", "other", "default", "node-1"]) | st.text(min_size=1, max_size=20)
MEDIA = {"patch": "application/merge-patch+json"}
WRITES = ("post", "put", "patch")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("fuzzed")) as started:
        yield started


class Caller:
    """One connection to the server, made anew when it was closed."""

    def __init__(self, server: Running) -> None:
        trust = ssl.create_default_context(cafile=str(server.files.authority))
        self._http = http.client.HTTPSConnection("localhost", server.server.port, timeout=10, context=trust)

    def ask(self, method: str, path: str, body: Any = None, media: str = "application/json") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": media}
        sent = None if body is None else json.dumps(body).encode()
        self._http.request(method, path, sent, headers)
        with self._http.getresponse() as response:
            return response.status, json.loads(response.read())

    def close(self) -> None:
        self._http.close()


def operations(caller: Caller, place: str) -> list[Any]:
    import schemathesis  # a second, which only this test spends

    _, document = caller.ask("GET", f"/openapi/v3/{place}")
    schema = schemathesis.openapi.from_dict(document)
    return [found.ok() for found in schema.get_all_operations()]


def bodies(every: list[Any]) -> st.SearchStrategy[tuple[str, str, dict[str, Any]]]:
    """A method, the path as the document has it, and a body that says of what kind it is."""

    def drawn(operation: Any) -> st.SearchStrategy[tuple[str, str, dict[str, Any]]]:
        kind = operation.definition.raw["x-kubernetes-group-version-kind"]
        version = f"{kind['group']}/{kind['version']}" if kind["group"] else kind["version"]
        said = {"apiVersion": version, "kind": kind["kind"]}
        methods = ["put", "patch"] if operation.method == "put" else [operation.method]
        made = operation.as_strategy().map(
            lambda case: {**case.body, **said} if isinstance(case.body, dict) else said
        )
        return st.tuples(st.sampled_from(methods), st.just(operation.path), made)

    return st.one_of([drawn(each) for each in every if each.method in ("post", "put")])


def named(path: str, body: dict[str, Any], name: str, *, right: bool) -> str:
    """The path with a place in it; most of the time the body says the same."""
    metadata = body.get("metadata")
    if right:
        body["metadata"] = {
            **(metadata if isinstance(metadata, dict) else {}),
            "name": name,
            "namespace": "default",
        }
        if "{namespace}" not in path:
            del body["metadata"]["namespace"]
    return path.replace("{namespace}", "default").replace("{name}", quote(name, safe=""))


@pytest.mark.timeout(60 + 60 * LONGER)
@pytest.mark.parametrize("place", PLACES)
def test_safety_no_object_that_fits_the_schema_is_answered_with_a_500(
    server: Running, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    caller = Caller(server)
    every = operations(caller, place)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=not LONGER,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(request=bodies(every), name=NAMES, right=st.integers(0, 4).map(bool))
    def fuzz(request: tuple[str, str, dict[str, Any]], name: str, right: bool) -> None:
        method, path, body = request
        where = named(path, body, name, right=right)
        status, answer = caller.ask(method.upper(), where, body, MEDIA.get(method, "application/json"))
        assert status < 500, (method, where, body, answer)
        if status >= 400:
            assert answer["kind"] == "Status" and answer["message"], answer
        if method == "post":
            made = answer["metadata"].get("name") if status == 201 else None
            where = f"{where}/{quote(made, safe='')}" if made else ""
        for after in ("GET", "DELETE") if where else ():
            status, answer = caller.ask(after, where)
            assert status < 500, (after, where, answer)

    with closing(caller), caplog.at_level(logging.ERROR, "petset"):
        fuzz()
        assert caller.ask("GET", "/api/v1/namespaces/default")[0] == 200
    assert not caplog.records
