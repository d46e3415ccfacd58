"""Broken content: whole records are kept, each unreadable stretch is one defect, and hostile text costs little."""

from __future__ import annotations

import json
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events.texts import envelope, record_text, record_texts
from trailmere.events.formats import split

RECORDS = [
    record_text(eventName="One"),
    record_text(eventName="Two", requestParameters={"a": [{"b": 'c"}]{'}]}, resources=[{"ARN": "x"}]),
    record_text(eventName="Three \u00e9\U0001f600", additionalEventData={"k": "\\"}),
    json.dumps(json.loads(record_text(eventName="Four")), indent=2).encode(),
]
FILE = envelope(*RECORDS)
LINES = b"\n".join(text.replace(b"\n", b" ") for text in RECORDS) + b"\n"
ARRAY = b"[\n" + b",\n".join(RECORDS) + b"\n]"


def ends_of(content: bytes, texts: list[bytes]) -> list[int]:
    ends: list[int] = []
    for text in texts:
        ends.append(content.index(text, ends[-1] if ends else 0) + len(text))
    return ends


@pytest.mark.parametrize("content", [FILE, ARRAY, LINES], ids=["log file", "array", "lines"])
def test_a_file_cut_at_any_byte_keeps_its_whole_records_and_one_rest(content: bytes) -> None:
    texts = [text if text in content else text.replace(b"\n", b" ") for text in RECORDS]
    ends = ends_of(content, texts)
    for cut in range(1, len(content)):
        found = split(content[:cut], max_depth=64)
        whole = [text for text, end in zip(texts, ends, strict=True) if end <= cut]

        assert [record.text for record in found.records] == whole
        assert len(found.defects) <= 1
        assert all(defect.reason == "truncated" for defect in found.defects)
        assert found.defects or content is LINES


@settings(max_examples=50)
@given(st.lists(record_texts(), min_size=1, max_size=4), st.data())
def test_any_file_cut_anywhere_keeps_its_whole_records(texts: list[bytes], data: st.DataObject) -> None:
    content = envelope(*texts)
    cut = data.draw(st.integers(1, len(content) - 1))
    found = split(content[:cut], max_depth=64)

    ends = [12 + sum(map(len, texts[: number + 1])) + number for number in range(len(texts))]
    assert [record.text for record in found.records] == [t for t, end in zip(texts, ends, strict=True) if end <= cut]


def test_a_cut_exactly_between_records_still_tells_that_the_list_was_not_closed() -> None:
    found = split(FILE[: ends_of(FILE, RECORDS)[1]], max_depth=64)

    assert [(defect.reason, defect.text) for defect in found.defects] == [("truncated", b"")]
    assert found.defects[0].ordinal == 2


@pytest.mark.parametrize(
    "spoilt",
    [
        b'{"eventVersion":"1.08",tru}',
        b'{"eventVersion:"1.08","eventTime":"2026-01-01T00:00:00Z"}',
        b'{"eventVersion":"1.08","eventName":"x}',
        b'{"eventVersion":"1.08","userIdentity":{"type":"x"}',
        b'{"eventVersion":"1.08"}}',
        b'"eventVersion":"1.08"}',
        b"rubbish",
    ],
)
@pytest.mark.parametrize("join", [lambda texts: envelope(*texts), b"\n".join], ids=["log file", "lines"])
def test_a_spoilt_record_costs_only_itself(spoilt: bytes, join: object) -> None:
    assert callable(join)
    texts = [RECORDS[0], RECORDS[1], spoilt, RECORDS[2], RECORDS[0]]
    found = split(join(texts), max_depth=64)

    kept = [record.text for record in found.records]
    assert kept == [RECORDS[0], RECORDS[1], RECORDS[2], RECORDS[0]]
    assert b"".join(defect.text for defect in found.defects).startswith(spoilt[:20])


def test_every_byte_of_a_damaged_file_is_in_a_record_or_a_defect() -> None:
    chance = random.Random(11)
    for _ in range(200):
        spoilt = bytearray(FILE)
        for _ in range(chance.randrange(1, 4)):
            spoilt[chance.randrange(len(spoilt))] = chance.choice(b'{}[]",:\\ x1\n')
        content = bytes(spoilt)
        found = split(content, max_depth=64)
        covered = bytearray(content)
        for offset, text in [(r.offset, r.text) for r in found.records] + [(d.offset, d.text) for d in found.defects]:
            assert content[offset : offset + len(text)] == text
            covered[offset : offset + len(text)] = b" " * len(text)
        head = covered[: len(b'{"Records":[')]

        assert bytes(covered[len(head) :]).strip(b" \n\r\t,[]}") == b""


def test_many_broken_lines_cost_none_of_the_others() -> None:
    lines = [record_text(eventName=f"Number{number}") for number in range(400)]
    broken = [line[:-1] if number % 4 == 0 else line for number, line in enumerate(lines)]
    found = split(b"\n".join(broken), max_depth=64)

    assert [record.text for record in found.records] == [line for n, line in enumerate(lines) if n % 4]
    assert len(found.defects) == 100


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 300_000,
        b'{"a":' * 100_000,
        b'[{"eventVersion":' * 50_000,
        b'{"Records":[' * 50_000,
        (record_text() + b"{") * 2_000,
        b'{"eventVersion":"1"' + b',"a":{"b":{}}' * 50_000,
        b'"' * 200_000,
        b"{" + b'"a":{},' * 100_000,
        b"\\" * 200_000,
        b",\n{" * 100_000,
        b'{"Records":[' * 200 + b"]}" * 200,
        b'{"Records":[' * 240 + b'{"eventSource":"aws:s3"}' + b"]}" * 240 + b"x",
        b'{"detail":' * 400 + b"{}" + b"}" * 400,
    ],
    ids=range(13),
)
def test_hostile_text_is_done_with_in_seconds(content: bytes) -> None:
    begin = time.process_time()
    found = split(content, max_depth=64)

    assert found.defects
    assert time.process_time() - begin < 20
