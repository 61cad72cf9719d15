"""Whatever is asked, however oddly: the answer is a Kubernetes document, and never that we do not know why."""

from typing import Any

from apiserver.asgi import ADMIN, CONFIG_MAPS, PODS, SETS, Site, config_map, pod, stateful_set
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from petset.api.kinds import KINDS
from petset.testing.loop import run
from petset.testing.plane import plane

WORDS = st.sampled_from(
    [
        "api",
        "apis",
        "v1",
        "apps",
        "namespaces",
        "default",
        "kube-system",
        "openapi",
        "v3",
        "%2e",
        "",
        "x" * 300,
        "ü",
    ]
    + [kind.resource for kind in KINDS]
    + [sub for kind in KINDS for sub in kind.subresources]
)
FREE_PATHS = st.lists(WORDS, max_size=8).map(lambda parts: "/" + "/".join(parts))
NAMES = st.sampled_from(["", "/kubernetes", "/default", "/standard", "/web", "/A_b!"])


@st.composite
def resource_paths(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(KINDS))
    root = f"/apis/{kind.api_version}" if kind.group else "/api/v1"
    where = "/namespaces/default" if kind.namespaced else ""
    name = draw(NAMES)
    sub = draw(st.sampled_from(["", *(f"/{s}" for s in kind.subresources)])) if name else ""
    return f"{root}{where}/{kind.resource}{name}{sub}"


PARAMETERS = [
    "limit", "continue", "labelSelector", "fieldSelector", "resourceVersion", "resourceVersionMatch", "dryRun",
    "timeoutSeconds", "fieldValidation", "propagationPolicy", "gracePeriodSeconds", "pretty", "includeObject",
    "tailLines", "sinceSeconds", "sinceTime", "container", "command", "sendInitialEvents",
]  # fmt: skip
VALUES = st.sampled_from(
    ["", "0", "1", "-1", "true", "All", "a=b", "a in (b", "!", "Exact", "%00", "%ff", str(2**62), "9" * 30]
)
QUERIES = st.lists(st.tuples(st.sampled_from(PARAMETERS), VALUES), max_size=4).map(
    lambda pairs: "&".join(f"{key}={value}" for key, value in pairs)
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["metadata", "spec", "name", "status", "data", "op", "x"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
BODIES = st.one_of(st.binary(max_size=20), JSON)
TYPES = st.sampled_from(
    ["", "application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "text/plain", ";;"]
    + [f"application/{kind}-patch+json" for kind in ("json", "merge", "strategic-merge")]
)
ACCEPTED = st.sampled_from(
    ["", "*/*", "application/json;as=Table;v=v1;g=meta.k8s.io", "application/yaml", ",;q=x,", "a;b=c;q=0"]
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(METHODS, resource_paths() | FREE_PATHS, QUERIES, BODIES, TYPES, ACCEPTED), min_size=1, max_size=3
    )
)
def test_safety_no_request_whatever_is_answered_with_a_500(
    requests: list[tuple[str, str, str, Any, str, str]],
) -> None:
    async def body() -> None:
        async with plane() as p:
            site = Site(p)
            await site.made(PODS, pod("web", nodeName="n1"))
            await site.made(SETS, stateful_set("web"))
            await site.made(CONFIG_MAPS, config_map("web"))
            for method, path, query, document, media_type, accept in requests:
                answer = await site.ask(
                    method, f"{path}?{query}", document, peer=ADMIN, content_type=media_type, accept=accept
                )
                assert answer.status != 500, answer
                if answer.status >= 400 and method != "HEAD":
                    assert answer.json["kind"] == "Status" and answer.json["message"], answer

    run(body())
