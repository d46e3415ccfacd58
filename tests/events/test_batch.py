"""Batches: what is decoded and built at once is, record by record, what each is by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events.batches import batch_of, plain_content_key, plain_row, rows_of
from tests.events.texts import compact, record_text, record_texts, values
from trailmere.events.batch import Batch, BatchDecoder
from trailmere.events.decode import EventDecoder
from trailmere.events.event import SELECTOR_FIELDS, Event
from trailmere.events.formats import Defect, RecordText
from trailmere.events.keys import event_key
from trailmere.events.rows import Origin, RowBuilder
from trailmere.events.selection import compile_for_batches, compile_selectors
from trailmere.events.selector_templates import template
from trailmere.events.selectors import AdvancedEventSelector, FieldSelector

ODD_TEXTS = [
    record_text(brandNew=1),
    record_text(userIdentity={"type": "Root", "shoeSize": 43}),
    record_text(userIdentity="x", tlsDetails={"tlsVersion": 13}),
    record_text(eventTime="yesterday"),
    record_text(eventTime=None),
    record_text(eventTime="2026-03-04T05:06:60Z"),
    record_text(eventTime="2026-03-04T05:06:07.123+01:00"),
    record_text(eventTime="2026-02-30T00:00:00Z"),
    record_text(eventCategory=None, managementEvent=False),
    record_text(eventCategory="Insight", insightDetails={"state": "Start"}),
    record_text(eventCategory="ActivityAuditLog", eventData={"UID": "u"}),
    record_text(eventCategory="Aggregated"),
    record_text(eventSource="aws:s3"),
    record_text(eventID=None),
    record_text(eventID="id-é" * 30),
    record_text(readOnly="maybe"),
    record_text(requestParameters={"a": "HERE"}).replace(b"HERE", b"\\ud800"),
    record_text()[:-1] + b',"requestParameters":{"a":1.10,"b":"\\u0041\\/","c":[1, 2],"a":{"x" : "y z"}}}',
    record_text(requestParameters={"n": 10**30, "f": 1e300, "t": True, "o": {}, "e": "", "z": None}),
    record_text(requestParameters={}, responseElements=None, additionalEventData="x"),
    record_text(resources=[{"ARN": "a"}, None, {"arn": "b", "new": 1}]),
    record_text(resources={"ARN": "c"}),
    record_text(eventContext={"requestContext": {"k": 1}, "tagContext": {"resourceTags": [{"arn": "a", "tags": {}}]}}),
    compact({"eventVersion": "1.0", "eventTime": "2026-01-01T00:00:00Z"}),
    b"{}",
]
TEXTS = st.lists(st.sampled_from([record_text(), *ODD_TEXTS]) | record_texts(), min_size=1, max_size=30)
PARTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "userIdentity": st.sampled_from(
            [None, {}, {"type": "Root"}, {"arn": "a", "sessionContext": {"sourceIdentity": "é"}}, {"new": 1}, "x"]
        ),
        "tlsDetails": st.sampled_from([None, {"tlsVersion": "TLSv1.3"}, {"tlsVersion": 13}]),
        "resources": st.sampled_from([None, [], [{"ARN": "a"}, None, {"arn": "b"}], {"ARN": "c"}]),
        "eventContext": st.sampled_from([{"requestContext": {"k": 1.10}}, {"requestContext": None}]),
        "requestParameters": st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), values, max_size=4),
    },
)


def test_odd_records_among_usual_ones_have_the_rows_that_they_have_alone() -> None:
    texts = [text for odd in ODD_TEXTS for text in (record_text(), odd)]

    _same_rows(texts)


@settings(deadline=None)
@given(TEXTS)
def test_the_rows_of_a_batch_are_the_plain_rows_of_its_events(texts: list[bytes]) -> None:
    _same_rows(texts)


@settings(deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=30))
def test_records_with_parts_in_common_have_the_rows_that_they_have_alone(records: list[dict[str, Any]]) -> None:
    _same_rows([record_text(**parts) for parts in records])


@settings(deadline=None)
@given(TEXTS)
def test_a_batch_says_of_each_record_what_the_decoder_of_one_says(texts: list[bytes]) -> None:
    batch, one = batch_of(texts), EventDecoder()

    for number, text in enumerate(texts):
        expected = one.decode(RecordText(number, 100 * number, text))
        actual = batch.odd.get(number) or batch.usual_event(number)
        assert type(expected) is type(actual)
        if isinstance(expected, Event) and isinstance(actual, Event):
            assert _seen(expected) == _seen(actual)
        else:
            assert expected == actual


def test_a_member_that_no_column_declares_is_noticed_in_a_part_seen_before() -> None:
    decoder = BatchDecoder()
    text = record_text(userIdentity={"type": "Root", "shoeSize": 43})

    for _ in range(2):
        odd = batch_of([text, record_text()], decoder).odd
        assert [event.unknown_fields for event in odd.values() if isinstance(event, Event)] == [
            ("userIdentity.shoeSize",)
        ]


def test_a_builder_keeps_the_order_over_many_batches_and_starts_anew() -> None:
    builder, decoder = RowBuilder("cloudtrail"), BatchDecoder()
    texts = [record_text(eventID=f"id-{number}") for number in range(600)]
    for first in range(0, 600, 200):
        rows = np.arange(first, first + 200, dtype=np.int32) % 7
        origin = Origin(np.arange(first, first + 200), rows, {row: f"delivery {row}" for row in range(7)})
        builder.add(batch_of(texts[first : first + 200], decoder), origin, np.ones(200, np.bool_))
    assert len(builder) == 600
    found = builder.finish()

    assert found.table.column("eventid").to_pylist() == [f"id-{number}" for number in range(600)]
    assert found.table.column("deliveryid").to_pylist() == [f"delivery {number % 7}" for number in range(600)]
    assert found.table.column("deliveryordinal").to_pylist() == list(range(600))
    assert found.event_keys.tolist() == [event_key(f"id-{number}") for number in range(600)]
    assert found.content_keys.tolist() == [plain_content_key(text) for text in texts]
    assert found.delivery_rows.tolist() == [number % 7 for number in range(600)]
    assert [array.dtype for array in (found.event_keys, found.delivery_rows)] == [np.dtype("u8"), np.dtype("i4")]
    assert len(builder) == 0


@pytest.mark.parametrize("family", ["insight", "activityauditlog"])
def test_events_of_other_families_are_rows_of_theirs(family: str) -> None:
    rows = rows_of([record_text(), *ODD_TEXTS], family)

    rows.table.validate(full=True)
    assert rows.table.num_rows == 1
    assert rows.table.to_pylist()[0]["eventid"] == "0f0e0d0c-0000-4000-8000-000000000001"


OPERATORS = st.sampled_from(["equals", "starts_with", "ends_with", "not_equals", "not_starts_with", "not_ends_with"])
FIELDS = st.builds(
    lambda field, operator, said: FieldSelector(field, **{operator: (said,)}),
    st.sampled_from([*sorted(SELECTOR_FIELDS), "requestParameters"]),
    OPERATORS,
    st.sampled_from(["Data", "Management", "s3.amazonaws.com", "GetObject", "true", "false", "a", "arn:", "A"]),
)
SELECTORS = st.lists(st.builds(AdvancedEventSelector, st.lists(FIELDS, max_size=3).map(tuple)), max_size=3).map(tuple)


@settings(deadline=None)
@given(TEXTS, SELECTORS | st.sampled_from([template("everything"), template("management-events")]))
def test_of_a_batch_is_selected_what_is_selected_of_each_event(
    texts: list[bytes], selectors: tuple[AdvancedEventSelector, ...]
) -> None:
    batch, wanted = batch_of(texts), compile_selectors(selectors)

    for family in ("cloudtrail", "insight"):
        selected = compile_for_batches(family, selectors)(batch)
        assert [_is_wanted(batch, number, family, wanted) for number in range(len(texts))] == selected.tolist()


def _is_wanted(batch: Batch, number: int, family: str, wanted: Any) -> bool:
    told = batch.odd.get(number) or batch.usual_event(number)
    return isinstance(told, Event) and told.family == family and wanted(told)


def _seen(event: Event) -> tuple[Any, ...]:
    fields = {field: event.values(field) for field in sorted(SELECTOR_FIELDS)}
    return event.family, event.category, event.time, event.unknown_fields, fields


def _same_rows(texts: list[bytes]) -> None:
    for family in ("cloudtrail", "insight"):
        rows = rows_of(texts, family)
        rows.table.validate(full=True)
        one = EventDecoder()
        records = [RecordText(number, 100 * number, text) for number, text in enumerate(texts)]
        told = [(record, one.decode(record)) for record in records]
        kept = [record for record, event in told if not isinstance(event, Defect) and event.family == family]
        assert [plain_row(record, "d") for record in kept] == rows.table.to_pylist()
        assert [plain_content_key(record.text) for record in kept] == rows.content_keys.tolist()
