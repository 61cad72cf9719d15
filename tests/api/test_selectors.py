"""Selectors mean what kubectl and controllers mean by them."""

from typing import Any

import pytest
from api.documents import EVENT, NODE, POD, SECRET, STATEFULSET, pod, stored
from hypothesis import given
from hypothesis import strategies as st

from petset.api.errors import BadRequest
from petset.api.field_selectors import parse_fields
from petset.api.models import meta_v1
from petset.api.selectors import Selector, parse_labels

LABELS = {"app": "web", "tier": "front", "weight": "10", "empty": ""}
MATCHES = [
    ("", True), ("app=web", True), ("app==web", True), ("app = web , tier=front", True), ("app!=web", False),
    ("absent!=x", True), ("app in (web, db)", True), ("app notin (web)", False), ("absent notin (a)", True),
    ("app", True), ("!app", False), ("! absent", True), ("weight>9", True), ("weight<10", False), ("app>1", False),
    ("empty=", True), ("empty in (,x)", True), ("absent=", False), ("app=web,tier!=front", False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MATCHES)
def test_a_label_selector_matches(text: str, expected: bool) -> None:
    assert parse_labels(text).matches(LABELS) is expected


@pytest.mark.parametrize(
    "text", ["=", "a in", "a in (", "a in x", "a=b c", "!", "a,,b", "a=b,", "a>x", "-a=b", "a=b="]
)
def test_a_malformed_label_selector_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="unable to parse requirement"):
        parse_labels(text)


def test_no_struct_selects_nothing_and_an_empty_one_everything() -> None:
    assert not Selector.from_struct(None).matches(LABELS)
    assert Selector.from_struct(meta_v1.LabelSelector()).matches({})


def test_a_struct_needs_all_of_its_parts() -> None:
    struct = meta_v1.LabelSelector(
        matchLabels={"app": "web"},
        matchExpressions=[meta_v1.LabelSelectorRequirement(key="tier", operator="In", values=["front", "back"])],
    )
    selector = Selector.from_struct(struct)
    assert selector.matches(LABELS)
    assert not selector.matches({"app": "web"})
    assert str(selector) == "app=web,tier in (back,front)"


def test_an_unknown_operator_is_a_mistake() -> None:
    wrong = meta_v1.LabelSelectorRequirement(key="a", operator="Near")
    with pytest.raises(ValueError, match='"Near" is not a valid label selector operator'):
        Selector.from_struct(meta_v1.LabelSelector(matchExpressions=[wrong]))


words = st.text("abc", min_size=1, max_size=2)
terms = st.one_of(
    st.builds("{}={}".format, words, words),
    st.builds("{}!={}".format, words, words),
    st.builds("{} in ({},{})".format, words, words, words),
    words,
    words.map("!{}".format),
)


@given(st.lists(terms, max_size=3).map(",".join), st.dictionaries(words, words, max_size=3))
def test_the_text_of_a_selector_selects_the_same(text: str, labels: dict[str, str]) -> None:
    selector = parse_labels(text)
    assert parse_labels(str(selector)).matches(labels) is selector.matches(labels)


RUNNING = pod(metadata__name="a", spec__nodeName="n1", status={"phase": "Running"})
FIELDS: list[tuple[Any, Any, str, bool]] = [
    (POD, RUNNING, "status.phase=Running,spec.nodeName=n1", True),
    (POD, RUNNING, "status.phase!=Running", False),
    (POD, RUNNING, "metadata.name=a,metadata.namespace=shop", True),
    (POD, RUNNING, "metadata.name==b", False),
    (POD, pod(), "spec.nodeName=", True),
    (POD, pod(), "spec.hostNetwork=false", True),
    (NODE, stored(NODE, {"metadata": {"name": "n"}}), "spec.unschedulable=false", True),
    (SECRET, stored(SECRET, {"metadata": {"name": "s"}}), "type=Opaque", True),
]


@pytest.mark.parametrize(("kind", "obj", "text", "expected"), FIELDS)
def test_a_field_selector_matches(kind: Any, obj: Any, text: str, expected: bool) -> None:
    assert parse_fields(kind, text).matches(obj) is expected


def test_events_are_found_by_what_they_are_about() -> None:
    document = {"metadata": {"name": "e"}, "involvedObject": {"kind": "Pod", "name": "a"}, "reason": "Pulled"}
    event = stored(EVENT, document)
    assert parse_fields(EVENT, "involvedObject.kind=Pod,involvedObject.name=a,reason=Pulled").matches(event)


def test_a_field_that_the_kind_does_not_offer_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"field label not supported: spec\.colour"):
        parse_fields(POD, "spec.colour=red")
    with pytest.raises(BadRequest, match=r"metadata\.namespace"):
        parse_fields(NODE, "metadata.namespace=x")


def test_a_kind_with_no_fields_of_its_own_offers_name_and_namespace() -> None:
    with pytest.raises(BadRequest) as refusal:
        parse_fields(STATEFULSET, "spec.replicas=3")
    assert refusal.value.message == (
        '"spec.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"'
    )


def test_a_list_of_one_name_can_be_a_get() -> None:
    assert parse_fields(POD, "metadata.name=a").exactly("metadata.name") == "a"
    assert parse_fields(POD, "metadata.name!=a").exactly("metadata.name") is None
