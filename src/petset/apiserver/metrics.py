"""`/metrics`: the server's own numbers, for Prometheus.

The exposition format, with its escapes and its negotiation, is the `prometheus-client` library's; it is loaded at
the first scrape, so that nobody who never scrapes pays for it.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from petset.aio.measures import Family, Histogram
from petset.apiserver.messages import Reply

PATH = "/metrics"


class MetricsPage:
    """Asks `measures` anew at each scrape."""

    def __init__(self, measures: Callable[[], Iterable[Family]]) -> None:
        self._measures = measures

    async def get(self, path: str, query_string: bytes, accept: str) -> Reply | None:
        """All families, in the text format or in OpenMetrics as the client accepts; None for another path."""
        if path != PATH:
            return None
        from prometheus_client.exposition import choose_encoder

        write, content_type = choose_encoder(accept)
        return Reply(write(_Collector(self._measures())), 200, content_type)


class _Collector:
    """Families in the library's own shape; all it asks of a registry is this method."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        shapes = {
            "counter": CounterMetricFamily,
            "gauge": GaugeMetricFamily,
            "histogram": HistogramMetricFamily,
        }
        for family in self._families:
            shape: Any = shapes[family.kind](family.name, family.help, labels=family.labels)
            for sample in family.samples:
                if isinstance(sample.value, Histogram):
                    shape.add_metric(sample.labels, sample.value.cumulative(), sample.value.sum_seconds)
                else:
                    shape.add_metric(sample.labels, sample.value)
            yield shape
