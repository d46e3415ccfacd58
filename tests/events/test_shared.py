"""Records with parts in common: read once, built once, and each row as if it had been read alone."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events.test_decode import row_of
from tests.events.texts import record_text
from trailmere.events import structs
from trailmere.events.decode import Event, EventDecoder, RowBuilder
from trailmere.events.formats import Defect, RecordText
from trailmere.events.shared import SharingDecoder

PARTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "userIdentity": st.sampled_from(
            [None, {}, {"type": "Root"}, {"arn": "a", "sessionContext": {"sourceIdentity": "é"}}, {"new": 1}, "x"]
        ),
        "tlsDetails": st.sampled_from([None, {"tlsVersion": "TLSv1.3"}, {"tlsVersion": 13}]),
        "resources": st.sampled_from([None, [], [{"ARN": "a"}, None, {"arn": "b"}], {"ARN": "c"}]),
        "eventContext": st.sampled_from([{"requestContext": {"k": 1.10}}, {"requestContext": None}]),
    },
)


@given(PARTS)
def test_what_is_shared_is_read_as_the_strict_decoder_reads_it(parts: dict[str, Any]) -> None:
    text = record_text(**parts)
    sharing, strict = SharingDecoder("cloudtrail"), structs.decoder("cloudtrail", strict=True)
    try:
        expected = strict.decode(text)
    except ValueError:
        expected = None

    for _ in range(2):  # the second time from memory
        try:
            actual = sharing.decode(text)
        except ValueError:
            actual = None
        assert _plain(expected) == _plain(actual)


@settings(deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=30))
def test_rows_that_share_parts_are_the_rows_of_each_record_alone(records: list[dict[str, Any]]) -> None:
    texts = [record_text(**parts) for parts in records]
    decoder, builder = EventDecoder(), RowBuilder("cloudtrail")
    for text in texts:
        event = decoder.decode(RecordText(3, 0, text))
        assert isinstance(event, Event)
        builder.add(event, RecordText(3, 0, text), delivery_id="d", delivery_row=0)
    table = builder.finish().table

    table.validate(full=True)
    assert [row_of(text) for text in texts] == table.to_pylist()


def test_a_member_that_no_column_declares_is_noticed_in_a_part_seen_before() -> None:
    decoder = EventDecoder()
    record = RecordText(0, 0, record_text(userIdentity={"type": "Root", "shoeSize": 43}))

    found = [decoder.decode(record) for _ in range(2)]

    assert [e.unknown_fields for e in found if not isinstance(e, Defect)] == [("userIdentity.shoeSize",)] * 2


def _plain(value: Any) -> Any:
    """Structs as dicts, so that structs of different types can be compared; raw texts as bytes."""
    if hasattr(value, "__struct_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: bytes(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
