"""`/metrics` in the format that scrapers read, and in no other."""

import asyncio

from prometheus_client.parser import text_string_to_metric_families

from petset.aio.measures import Family, Histogram, Sample
from petset.apiserver.messages import Reply
from petset.apiserver.metrics import MetricsPage

TEXT = "text/plain;version=0.0.4"


def histogram() -> Histogram:
    made = Histogram()
    made.observe(0.5)
    return made


FAMILIES = (
    Family("counter", "adds_total", "Adds", ("name",), (Sample(('say "a"\n',), 3),)),
    Family("gauge", "depth", "Depth", (), (Sample((), 2.5),)),
    Family("histogram", "work_seconds", "Work", ("name",), (Sample(("a",), histogram()),)),
)


def scrape(path: str = "/metrics", accept: str = TEXT) -> Reply | None:
    return asyncio.run(MetricsPage(lambda: FAMILIES).get(path, b"", accept))


def test_every_family_is_told_with_its_labels_escaped() -> None:
    reply = scrape()
    assert reply is not None
    assert reply.content_type.startswith("text/plain; version=0.0.4")
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(reply.body.decode())
        for sample in family.samples
    }
    assert found["adds_total", 'say "a"\n'] == 3
    assert found["depth",] == 2.5
    assert found["work_seconds_bucket", "0.1", "a"] == 0
    assert found["work_seconds_bucket", "1", "a"] == found["work_seconds_count", "a"] == 1


def test_openmetrics_is_spoken_to_those_who_ask_for_it() -> None:
    reply = scrape(accept="application/openmetrics-text; version=1.0.0")
    assert reply is not None
    assert reply.content_type.startswith("application/openmetrics-text")
    assert reply.body.endswith(b"# EOF\n")


def test_another_path_is_anothers() -> None:
    assert scrape("/metrics/cadvisor") is None
