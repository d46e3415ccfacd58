"""JSON values to members of a shape and back: what is read, what is refused and with which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.model import Shape, ShapeResolver

from trailmere.api.errors import Fault
from trailmere.api.values import parse, read, write

SHAPES = {
    "Text": {"type": "string"},
    "Whole": {"type": "integer"},
    "Long": {"type": "long"},
    "Part": {"type": "double"},
    "Switch": {"type": "boolean"},
    "Time": {"type": "timestamp"},
    "Bytes": {"type": "blob"},
    "Texts": {"type": "list", "member": {"shape": "Text"}},
    "Names": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Whole"}},
    "All": {
        "type": "structure",
        "members": {"Name": {"shape": "Text"}, "Tags": {"shape": "Texts"}, "When": {"shape": "Time"}},
    },
}
NOON = datetime(2026, 5, 31, 12, 0, 0, tzinfo=UTC)


def shape(name: str) -> Shape:
    return ShapeResolver(SHAPES).get_shape_by_name(name)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("Text", "\u00e9", "\u00e9"),
        ("Whole", 3, 3),
        ("Whole", 3.0, 3),
        ("Whole", -(2**31), -(2**31)),
        ("Long", 2**40, 2**40),
        ("Part", 1, 1.0),
        ("Switch", False, False),
        ("Bytes", "AAE=", b"\0\1"),
        ("Texts", [], []),
        ("Names", {"a": 1}, {"a": 1}),
        ("Time", 1780228800, NOON),
        ("Time", 1780228800.25, NOON + timedelta(milliseconds=250)),
        ("Time", "1780228800", NOON),
        ("Time", "2026-05-31T12:00:00Z", NOON),
        ("Time", "2026-05-31T14:00:00.5+02:00", NOON + timedelta(milliseconds=500)),
        ("Time", "2026-05-31", NOON.replace(hour=0)),
        ("Time", "Sun, 31 May 2026 12:00:00 GMT", NOON),
        ("All", {"Name": "x", "Other": [1], "Tags": None}, {"Name": "x"}),
    ],
)
def test_a_value_is_read_by_its_shape(name: str, given: Any, expected: Any) -> None:
    assert expected == read(shape(name), given)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("Text", 3, "expected a string at 'x', got a number"),
        ("Text", "\ud800", "half of a surrogate pair"),
        ("Text", "a\0b", "without the character U+0000"),
        ("Whole", True, "expected a whole number at 'x', got true or false"),
        ("Whole", 3.5, "expected a whole number at 'x', got a number"),
        ("Whole", 2**31, "expected a whole number of 32 bits"),
        ("Long", 2**63, "expected a whole number of 64 bits"),
        ("Part", 10**400, "expected a number of 64 bits"),
        ("Part", "1", "expected a number at 'x', got a string"),
        ("Switch", "true", "expected true or false at 'x', got a string"),
        ("Switch", 1, "expected true or false at 'x', got a number"),
        ("Bytes", "AA=E", "expected base64"),
        ("Texts", {"a": "b"}, "expected a list at 'x', got an object"),
        ("Texts", ["a", None], "expected a string at 'x.2', got null"),
        ("Names", {"a": "b"}, "expected a whole number at 'x.value', got a string"),
        ("All", [], "expected an object at 'x', got a list"),
        ("All", {"Tags": [{}]}, "expected a string at 'x.Tags.1', got an object"),
        ("Time", "yesterday", "expected a time at 'x'"),
        ("Time", 1e20, "expected a time at 'x'"),
        ("Time", -1e12, "expected a time at 'x'"),
        ("Time", True, "expected a time at 'x'"),
        ("Time", [], "expected a time at 'x'"),
        ("Time", "nan", "expected a time at 'x'"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_its_place(name: str, given: Any, words: str) -> None:
    with pytest.raises(Fault) as caught:
        read(shape(name), given, "x")

    assert caught.value.code == "SerializationException"
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("Time", NOON, 1780228800),
        ("Time", NOON + timedelta(microseconds=250_999), 1780228800.25),
        ("Time", datetime(2026, 5, 31, 14, tzinfo=timezone(timedelta(hours=2))), 1780228800),
        ("Bytes", b"\0\1", "AAE="),
        ("All", {"Name": "x", "Tags": None, "When": NOON}, {"Name": "x", "When": 1780228800}),
        ("Names", {"a": 1}, {"a": 1}),
    ],
)
def test_a_member_is_written_as_clients_read_it(name: str, given: Any, expected: Any) -> None:
    assert expected == write(shape(name), given)


def test_a_member_that_the_shape_does_not_have_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        write(shape("All"), {"Nmae": "x"})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "expected a JSON document"),
        (b"", "expected a JSON document"),
        (b"{}{}", "expected a JSON document"),
        (b'{"a": 1, "a": 2}', "a name occurs twice"),
        (b'{"a": {"b": 1, "b": 1}}', "a name occurs twice"),
        (b'{"a": NaN}', "NaN is no JSON"),
        (b'{"a": -Infinity}', "-Infinity is no JSON"),
        (b'{"a": "\xff"}', "byte 7 is no UTF-8"),
        (b"\xef\xbb\xbf{}", "expected a JSON document"),
        ("{}".encode("utf-16"), "is no UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "expected a JSON document"),
        (b"{'a': 1}", "expected a JSON document"),
    ],
)
def test_a_body_that_is_not_strict_json_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(Fault) as caught:
        parse(body)

    assert caught.value.code == "SerializationException"
    assert words in caught.value.message
