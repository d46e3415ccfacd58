"""Log files cut at the seams between their records: what the careful splitter finds, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events.batches import batch_of
from tests.events.texts import envelope, record_text, record_texts
from trailmere.events.batch import BatchDecoder
from trailmere.events.formats import RecordText, split
from trailmere.events.seams import are_values, cut, offsets

SPACE = st.text(" \t\r\n", max_size=3).map(str.encode)
SEAM = b'"},{"eventVersion":"'


def proven(content: bytes, max_depth: int = 256) -> list[RecordText] | None:
    """The records of a file that was cut, where decoding proves the cut; else None."""
    found = cut(content, max_depth=max_depth)
    if found is None:
        return None
    first, texts = found
    decoder = BatchDecoder()
    if not are_values(decoder.refused(texts, decoder.read(texts))):
        return None
    places = zip(offsets(first, texts), texts, strict=False)
    return [RecordText(number, *place) for number, place in enumerate(places)]


def test_a_file_as_cloudtrail_writes_it_is_cut_into_its_records() -> None:
    content = envelope(*(record_text(eventID=str(number)) for number in range(5)))

    assert proven(content) == split(content, max_depth=256).records


@settings(max_examples=200, deadline=None)
@given(
    st.lists(record_texts() | st.just(record_text()), min_size=1, max_size=6), st.lists(SPACE, min_size=6, max_size=6)
)
def test_what_is_cut_is_what_the_splitter_finds(texts: list[bytes], spaces: list[bytes]) -> None:
    parts = [b"{", b'"Records"', b":", b"[", b",".join(texts), b"]", b"}"]
    content = b"".join(part for pair in zip(parts, [*spaces, b""], strict=True) for part in pair)
    found = proven(content)

    if found is not None:
        assert found == split(content, max_depth=256).records


@pytest.mark.parametrize(
    "content",
    [
        envelope(record_text(requestParameters={"list": [{"eventVersion": "1"}, {"eventVersion": "2"}]})),
        envelope(record_text(requestParameters=[{"eventVersion": "1"}, {"eventVersion": "2"}]), record_text()),
        envelope(record_text(), record_text()[:-1]),
        envelope(record_text(), b'{"eventVersion":"1.0"},,{"eventVersion":"1.0"}'),
        envelope(record_text(), b'{"eventVersion":"1.0"}]},{"eventVersion":[{"a":"b"}'),
        envelope(record_text(), b'{"eventVersion":"\xff"}'),
        envelope(record_text(a=[[[]]] * 200)),
        envelope(),
        envelope(b"1", record_text()),
        b"\xef\xbb\xbf" + envelope(record_text()),
        envelope(record_text()) + b"{}",
        b'{"Records":[' + record_text() + b'],"Records":[]}',
        b'{"Records":[],"Records":[' + record_text() + b"]}",
        b"[" + record_text() + b"]",
        record_text(),
        b"",
    ],
)
def test_what_is_not_plainly_a_log_file_is_left_to_the_splitter(content: bytes) -> None:
    assert proven(content) is None


def test_a_seam_inside_of_a_string_is_none() -> None:
    text = record_text(errorMessage='"},{"eventVersion":"1.0"}')

    assert proven(envelope(text, text)) == split(envelope(text, text), max_depth=256).records


def test_what_the_strict_decoder_refuses_is_a_record_all_the_same() -> None:
    texts = [record_text(), record_text(new=1), record_text(new={"eventVersion": [1]}), record_text()]

    assert proven(envelope(*texts)) == split(envelope(*texts), max_depth=256).records
    assert list(batch_of(texts).odd) == [1, 2]


def test_notifications_are_left_to_the_splitter() -> None:
    notice = b'{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","eventTime":"x","s3":{}}'

    assert cut(envelope(notice, record_text()), max_depth=256) is None
