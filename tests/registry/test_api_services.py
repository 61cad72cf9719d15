"""What an APIService may say, and what is said of it."""

from typing import Any

import pytest
from registry.given import PLAIN, create, merge, meta, play

from petset.api import objects
from petset.api.errors import Conflict, Invalid
from petset.api.kinds import by_model
from petset.api.models import apiregistration_v1
from petset.testing.plane import Plane

KIND = by_model(apiregistration_v1.APIService)
METRICS = apiregistration_v1.ServiceReference(name="metrics-server", namespace="kube-system")


def service(name: str = "v1beta1.metrics.k8s.io", **spec: Any) -> apiregistration_v1.APIService:
    given = {"group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100}
    spec = {**given, **spec}
    return apiregistration_v1.APIService(metadata=meta(name), spec=apiregistration_v1.APIServiceSpec(**spec))


def told(found: apiregistration_v1.APIService) -> tuple[str, str | None]:
    assert found.status is not None and found.status.conditions is not None
    (condition,) = found.status.conditions
    assert condition.type == "Available"
    return condition.status, condition.reason


FAULTS: list[tuple[Any, str]] = [
    (
        service("metrics"),
        'metadata.name: Invalid value: "metrics": must be `spec.version+"."+spec.group`: "v1beta1.met',
    ),
    (service("a/b"), "metadata.name: Invalid value: \"a/b\": may not contain '/'"),
    (
        service("v2.", group="", version="v2"),
        "spec.group: Required value: only v1 may have an empty group and it bett",
    ),
    (
        service("v1.A", group="A", version="v1"),
        'spec.group: Invalid value: "A": a lowercase RFC 1123 subdomain must',
    ),
    (service("1.a", group="a", version="1"), 'spec.version: Invalid value: "1": a DNS-1035 label must consist of'),
    (
        service(groupPriorityMinimum=0),
        "spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20",
    ),
    (
        service(versionPriority=1001),
        "spec.versionPriority: Invalid value: 1001: must be positive and less than 1000",
    ),
    (
        service(caBundle="eHh4"),
        'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
    ),
    (
        service(insecureSkipTLSVerify=True),
        "spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not",
    ),
    (service(service=apiregistration_v1.ServiceReference(name="a")), "spec.service.namespace: Required value"),
    (service(service=apiregistration_v1.ServiceReference(namespace="a")), "spec.service.name: Required value"),
    (
        service(service=METRICS, insecureSkipTLSVerify=True, caBundle="eHh4"),
        "spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present",
    ),
]


@pytest.mark.parametrize(("wrong", "fault"), FAULTS, ids=[fault[:50] for _, fault in FAULTS])
def test_an_api_service_that_means_nothing_is_refused(wrong: Any, fault: str) -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(Invalid) as refused:
            await create(p, wrong)
        assert fault in str(refused.value)

    play(story)


def test_what_is_served_here_is_available_and_what_would_be_elsewhere_is_not() -> None:
    async def story(p: Plane) -> None:
        assert told(await create(p, service("v1.", group="", version="v1"))) == ("True", "Local")
        elsewhere = await create(p, service(service=METRICS))
        assert told(elsewhere) == ("False", "NotAggregated")
        assert elsewhere.spec.service.port == 443

    play(story)


def test_a_change_of_where_requests_go_is_told_at_once_and_no_other_touches_the_status() -> None:
    async def story(p: Plane) -> None:
        name = objects.name_of(await create(p, service()))
        for patch, expected in [
            ({"metadata": {"labels": {"a": "b"}}}, ("True", "Local")),
            ({"spec": {"service": {"name": "a", "namespace": "b"}}, "status": None}, ("False", "NotAggregated")),
        ]:
            record = await p.registry.patch(KIND, "", name, merge(patch), PLAIN)
            assert told(p.registry.decode(KIND, record)) == expected

    play(story)


def test_a_status_is_written_by_itself_and_may_say_what_statuses_say() -> None:
    async def story(p: Plane) -> None:
        name = objects.name_of(await create(p, service()))
        given = {"type": "Available", "status": "Perhaps"}
        with pytest.raises(Invalid, match="Unsupported value"):
            await p.registry.patch(KIND, "", name, merge({"status": {"conditions": [given]}}), PLAIN, "status")
        change = {"metadata": {"labels": {"a": "b"}}, "status": {"conditions": [{**given, "status": "False"}]}}
        record = await p.registry.patch(KIND, "", name, merge(change), PLAIN, "status")
        found = p.registry.decode(KIND, record)
        assert (told(found), objects.meta(found).labels) == (("False", None), None)

    play(story)


def test_an_update_names_the_version_that_it_changes() -> None:
    async def story(p: Plane) -> None:
        found = objects.copy(await create(p, service()))
        for version, refusal in [("", Invalid), ("1", Conflict)]:
            stale = objects.copy(found)
            objects.meta(stale).resourceVersion = version
            with pytest.raises(refusal):
                await p.registry.update(KIND, "", objects.name_of(found), stale, PLAIN)

    play(story)
