"""Content to exact record texts: every wrapper, every kind of damage, every neighbour in the bucket."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events.texts import compact, envelope, record_text, record_texts
from trailmere.events.formats import REASONS, Split, split

ONE, TWO, THREE = (record_text(eventName=name) for name in ("One", "Two", "Three"))
PRETTY = json.dumps(json.loads(ONE), indent=4).encode()


def texts(found: Split) -> list[bytes]:
    return [record.text for record in found.records]


def reasons(found: Split) -> list[str]:
    return [defect.reason for defect in found.defects]


def quoted(text: bytes) -> bytes:
    return json.dumps(text.decode()).encode()


WRAPPERS: dict[str, tuple[str, Callable[[bytes, bytes], bytes]]] = {
    "a log file": ("records", lambda a, b: envelope(a, b)),
    "a log file with white space": (
        "records",
        lambda a, b: b' {\n "Records" : [\r\n\t' + a + b" ,\n " + b + b"\n]\n}\n",
    ),
    "a log file with members before": ("records", lambda a, b: b'{"x":{"y":[1]},"Records":[' + a + b"," + b + b"]}"),
    "a log file with members after": ("records", lambda a, b: b'{"Records":[' + a + b"," + b + b'],"x":"]}"}'),
    "two lists of one name": ("records", lambda a, b: b'{"Records":[' + a + b'],"Records":[' + b + b"]}"),
    "a JSON array": ("array", lambda a, b: b"[" + a + b",\n" + b + b"]"),
    "JSON lines": ("json-lines", lambda a, b: a.replace(b"\n", b" ") + b"\n" + b.replace(b"\n", b" ") + b"\n"),
    "JSON lines with carriage returns": ("json-lines", lambda a, b: a + b"\r\n\r\n" + b),
    "documents on one line": ("json-lines", lambda a, b: a + b + b" "),
    "log files behind one another": ("json-lines", lambda a, b: envelope(a) + b"\n" + envelope(b)),
    "a LookupEvents response": (
        "lookup-events",
        lambda a, b: (
            b'{"Events":[{"EventId":"1","CloudTrailEvent":' + quoted(a) + b'},{"CloudTrailEvent":' + quoted(b) + b"}]}"
        ),
    ),
    "EventBridge envelopes": (
        "json-lines",
        lambda a, b: b"".join(
            b'{"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.s3","detail":' + text + b"}\n"
            for text in (a, b)
        ),
    ),
    "CloudWatch Logs events": (
        "wrapped",
        lambda a, b: (
            b'{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","message":'
            + quoted(a)
            + b'},{"message":'
            + quoted(b)
            + b"}]}"
        ),
    ),
    "records under some tool's name": ("json-lines", lambda a, b: b'{"n":1,"record":' + a + b'}\n{"raw":' + b + b"}"),
    "a log file under a member": ("wrapped", lambda a, b: b'{"data":' + envelope(a, b) + b',"expected":true}'),
    "messages of a queue": (
        "records",
        lambda a, b: envelope(
            *(b'{"eventSource":"aws:sqs","messageId":"1","body":' + quoted(text) + b"}" for text in (a, b))
        ),
    ),
}


@pytest.mark.parametrize(("format", "wrap"), WRAPPERS.values(), ids=WRAPPERS)
def test_records_come_out_of_every_wrapper_with_their_exact_text(
    format: str, wrap: Callable[[bytes, bytes], bytes]
) -> None:
    found = split(wrap(ONE, TWO), max_depth=64)

    assert texts(found) == [ONE, TWO]
    assert found.defects == []
    assert (found.format, found.other) == (format, None)


@pytest.mark.parametrize("wrap", [wrap for _, wrap in WRAPPERS.values()], ids=WRAPPERS)
@settings(max_examples=25)
@given(first=record_texts(), second=record_texts())
def test_any_json_object_comes_out_of_every_wrapper_as_it_went_in(
    wrap: Callable[[bytes, bytes], bytes], first: bytes, second: bytes
) -> None:
    content = wrap(first, second)
    found = split(content, max_depth=64)

    assert texts(found) == [text.replace(b"\n", b" ") for text in (first, second)] or texts(found) == [first, second]
    assert found.defects == []


@pytest.mark.parametrize(
    "exact",
    [
        b'"n":18446744073709551616',
        b'"n":' + b"9" * 5000,
        b'"n":1.10',
        b'"n":-0.0,"m":1E400,"k":1e-7',
        b'"n":1,"n":2,"n":{"n":3,"n":4}',
        b'"s":"\\ud800"',
        b'"s":"\\uDFFF\\ud83d\\ude00\\\\ud800"',
        b'"s":"\\/\\u0041\\u000a\\b\\f"',
        '"s":"\u2028\x7f\U0001f600"'.encode(),
        b'"\\u0061\\ud800":1',
    ],
)
@pytest.mark.parametrize("wrap", [wrap for _, wrap in WRAPPERS.values()], ids=WRAPPERS)
def test_hostile_values_survive_byte_for_byte(wrap: Callable[[bytes, bytes], bytes], exact: bytes) -> None:
    hostile = ONE[:-1] + b"," + exact + b"}"
    found = split(wrap(hostile, TWO), max_depth=64)

    assert texts(found) == [hostile, TWO]


def test_a_pretty_printed_record_is_kept_as_it_is_printed() -> None:
    found = split(PRETTY, max_depth=64)

    assert (found.format, texts(found)) == ("record", [PRETTY])


def test_a_byte_order_mark_is_passed_over_and_counted_in_offsets() -> None:
    found = split(b"\xef\xbb\xbf" + envelope(ONE, TWO), max_depth=64)

    assert [(record.ordinal, record.offset) for record in found.records] == [(0, 15), (1, 15 + len(ONE) + 1)]


@pytest.mark.parametrize("wrap", [wrap for _, wrap in WRAPPERS.values()], ids=WRAPPERS)
def test_offsets_point_at_the_record_or_at_the_string_that_holds_it(wrap: Callable[[bytes, bytes], bytes]) -> None:
    content = wrap(ONE, TWO)
    found = split(content, max_depth=64)

    for record in found.records:
        here = content[record.offset :]
        assert here.startswith((record.text, quoted(record.text)))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_one_defect(encoding: str) -> None:
    found = split(envelope(ONE).decode().encode(encoding), max_depth=64)

    assert (reasons(found), texts(found)) == (["encoding"], [])


@pytest.mark.parametrize("wrap", [WRAPPERS["a log file"][1], WRAPPERS["a JSON array"][1], WRAPPERS["JSON lines"][1]])
def test_bytes_that_are_no_utf_8_cost_only_their_own_record(wrap: Callable[[bytes, bytes], bytes]) -> None:
    latin = ONE.replace(b"One", b"\xe9t\xe9")
    found = split(wrap(latin, TWO), max_depth=64)

    assert texts(found) == [TWO]
    assert [(defect.reason, defect.ordinal, defect.text) for defect in found.defects] == [("encoding", 0, latin)]


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity", b"01", b"1.", b"+1", b"'x'", b"tru", b"0x10"])
@pytest.mark.parametrize("wrap", [WRAPPERS["a log file"][1], WRAPPERS["a JSON array"][1], WRAPPERS["JSON lines"][1]])
def test_what_is_no_json_costs_only_its_own_record(wrap: Callable[[bytes, bytes], bytes], literal: bytes) -> None:
    broken = ONE[:-1] + b',"x":' + literal + b"}"
    found = split(wrap(broken, TWO), max_depth=64)

    assert texts(found) == [TWO]
    assert [(defect.reason, defect.text) for defect in found.defects] == [("not-json", broken)]


def test_a_raw_control_character_in_a_string_is_no_json() -> None:
    broken = ONE.replace(b"One", b"O\tne")
    found = split(envelope(TWO, broken, THREE), max_depth=64)

    assert texts(found) == [TWO, THREE]
    assert [(defect.reason, defect.ordinal, defect.text) for defect in found.defects] == [("not-json", 1, broken)]


def test_a_raw_control_character_in_the_last_record_is_one_defect() -> None:
    found = split(envelope(TWO, ONE.replace(b"One", b"O\tne")), max_depth=64)

    assert texts(found) == [TWO]
    assert [(defect.reason, defect.ordinal) for defect in found.defects] == [("not-json", 1)]


@pytest.mark.parametrize("depth", [65, 501, 999, 1_001, 5_000, 100_000])
def test_a_record_that_nests_too_deeply_costs_only_itself(depth: int) -> None:
    deep = ONE[:-1] + b',"x":' + b"[" * depth + b"]" * depth + b"}"
    found = split(envelope(TWO, deep, THREE), max_depth=64)

    assert texts(found) == [TWO, THREE]
    assert [(defect.reason, defect.ordinal, defect.text) for defect in found.defects] == [("depth", 1, deep)]


def test_depth_at_the_limit_is_taken() -> None:
    deep = ONE[:-1] + b',"x":' + b"[" * 63 + b"]" * 63 + b"}"

    assert texts(split(envelope(deep), max_depth=64)) == [deep]
    assert reasons(split(envelope(deep), max_depth=63)) == ["depth"]


@given(st.integers(0, 39), st.integers(0, 39))
def test_a_record_that_nests_too_deeply_is_found_wherever_it_stands_among_others(before: int, behind: int) -> None:
    deep = ONE[:-1] + b',"x":' + b"[" * 64 + b"]" * 64 + b"}"
    found = split(envelope(*[TWO] * before, deep, *[TWO] * behind), max_depth=64)

    assert [(defect.reason, defect.ordinal) for defect in found.defects] == [("depth", before)]
    assert len(found.records) == before + behind


def test_many_brackets_side_by_side_are_not_deep() -> None:
    wide = ONE[:-1] + b',"x":[' + b",".join([b"[]"] * 1000) + b"]}"

    assert texts(split(envelope(wide), max_depth=8)) == [wide]


def test_elements_that_are_no_objects_are_defects_in_their_place() -> None:
    found = split(envelope(b"1", ONE, b"null", b'"x"', TWO, b"[]"), max_depth=64)

    assert [(record.ordinal, record.text) for record in found.records] == [(1, ONE), (4, TWO)]
    assert [(defect.ordinal, defect.reason) for defect in found.defects] == [
        (ordinal, "not-an-object") for ordinal in (0, 2, 3, 5)
    ]


NEIGHBOURS = {
    "digest": compact(
        {"awsAccountId": "1", "digestStartTime": "t", "digestEndTime": "t", "digestS3Object": "k", "logFiles": []}
    ),
    "config": compact({"fileVersion": "1.0", "configSnapshotId": "x", "configurationItems": [{"resourceId": "i"}]}),
    "s3-notification": compact(
        {"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {}}]}
    ),
    "cloudtrail-notification": compact({"s3Bucket": "b", "s3ObjectKey": ["k"]}),
    "vpc-flow-log": b"version account-id interface-id srcaddr dstaddr\n2 111122223333 eni-1 10.0.0.1 10.0.0.2 OK\n",
    "empty": b" \n",
}


@pytest.mark.parametrize(("name", "content"), NEIGHBOURS.items(), ids=NEIGHBOURS)
def test_neighbours_in_the_bucket_are_named_and_left_alone(name: str, content: bytes) -> None:
    found = split(content, max_depth=64)

    assert found == Split(name, other=name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config", compact({"fileVersion": "1.0", "configurationItems": [{"resourceType": "AWS::S3::Bucket"}]})),
        ("config", compact({"messageType": "ConfigurationItemChangeNotification", "configurationItem": {}})),
        ("config", compact({"messageType": "ConfigurationHistoryDeliveryCompleted", "s3ObjectKey": "k"})),
        ("s3-notification", compact({"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "t"})),
        ("s3-notification", compact({"detail-type": "Object Created", "source": "aws.s3", "detail": {"bucket": {}}})),
        ("vpc-flow-log", b"2 111122223333 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1 2 ACCEPT OK\n"),
        ("vpc-flow-log", b"2 111122223333 eni-1 - - - - - - - 1 2 - NODATA\n"),
        ("empty", b"{}"),
        ("empty", b"[]"),
    ],
)
def test_other_forms_of_neighbours_are_known(name: str, content: bytes) -> None:
    assert split(content, max_depth=64).other == name


def test_nothing_but_nul_bytes_is_a_file_that_was_lost_not_an_empty_one() -> None:
    found = split(b"\0\0\0", max_depth=64)

    assert [(defect.reason, defect.text) for defect in found.defects] == [("not-json", b"\0\0\0")]


def test_a_neighbour_among_records_is_a_defect_not_a_silence() -> None:
    found = split(ONE + b"\n" + NEIGHBOURS["digest"], max_depth=64)

    assert texts(found) == [ONE]
    assert [(defect.reason, "digest" in defect.message) for defect in found.defects] == [("not-cloudtrail", True)]


@pytest.mark.parametrize(
    "content", [b'{"a":1}', b'[{"a":1}]', b'"text"', b"17", b'{"detail":{"x":1},"detail-type":"y"}']
)
def test_other_json_is_a_defect(content: bytes) -> None:
    assert reasons(split(content, max_depth=64)) == ["not-cloudtrail"]


def test_an_object_of_a_list_of_records_that_is_none_is_a_record_for_the_decoder_to_judge() -> None:
    found = split(envelope(b'{"a":1}'), max_depth=64)

    assert texts(found) == [b'{"a":1}']


def test_records_of_all_categories_are_known_by_their_members() -> None:
    head = {"eventVersion": "1.08", "eventTime": "2026-01-01T00:00:00Z"}
    insight = compact(head | {"eventType": "AwsCloudTrailInsight", "insightDetails": {}})
    item = compact(head | {"eventCategory": "ConfigurationItem", "eventData": {"configuration": {}}})
    total = compact({"eventVersion": "1.0", "eventType": "AwsAggregatedEvent", "timeWindow": {}, "summary": {}})

    assert texts(split(b"\n".join([insight, item, total]), max_depth=64)) == [insight, item, total]


def test_a_record_inside_a_record_stays_inside() -> None:
    outer = record_text(requestParameters={"event": json.loads(ONE), "events": [json.loads(TWO)]})

    assert texts(split(outer, max_depth=64)) == [outer]


def test_every_defect_has_a_known_reason_and_a_place() -> None:
    found = split(envelope(ONE, b"1") + b"rubbish", max_depth=64)

    assert found.defects
    assert all(defect.reason in REASONS for defect in found.defects)
    assert found.defects[0].place == f"record 1, byte {12 + len(ONE) + 1:,}"


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    found = split(content, max_depth=64)

    assert found.records or found.defects or found.other


@given(st.text(alphabet='{}[]",:\\ \n1a', max_size=200))
def test_no_text_made_of_json_signs_makes_it_raise(content: str) -> None:
    found = split(content.encode(), max_depth=64)

    numbers = [record.ordinal for record in found.records] + [defect.ordinal for defect in found.defects]
    assert sorted(numbers, key=lambda number: number or 0) == list(range(len(numbers)))
