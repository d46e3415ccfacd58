"""Exact text: what the scanner cuts out is what a JSON parser sees, byte for byte."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.events.texts import values
from trailmere.events import scan

SPACINGS = st.sampled_from([(",", ":"), (", ", ": "), (" , ", "\t:\n"), (",\r\n", " : ")])


@st.composite
def texts(draw: st.DrawFn, of: st.SearchStrategy[Any]) -> tuple[Any, bytes]:
    value = draw(of)
    text = json.dumps(value, separators=draw(SPACINGS), ensure_ascii=draw(st.booleans()))
    return value, text.encode("utf-8", "surrogatepass")


@given(texts(st.dictionaries(st.text(), values, max_size=5)))
def test_members_are_the_pairs_that_a_parser_sees_with_their_places(found: tuple[Any, bytes]) -> None:
    value, text = found
    members = scan.members(text, 1000)

    assert {member.key: json.loads(member.text) for member in members} == value
    assert all(text[member.offset - 1000 :].startswith(member.text) for member in members)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"b":1,"a":1}',
        b'{"a":1,"a":1,"b":1}',
        b'{"a":1,"a":12,"b":2}',
        b'{"a":{},"\\u0061":{}}',
    ],
)
def test_members_with_one_key_are_all_told(text: bytes) -> None:
    pairs = json.loads(text, object_pairs_hook=list)

    assert [(member.key, member.text) for member in scan.members(text)] == [
        (key, json.dumps(dict(value) if isinstance(value, list) else value).encode()) for key, value in pairs
    ]


@given(texts(st.lists(values, max_size=5)))
def test_elements_are_those_that_a_parser_sees_with_their_places(found: tuple[Any, bytes]) -> None:
    value, text = found
    elements = scan.elements(text, 1000)

    assert [json.loads(element.text) for element in elements] == value
    assert all(text[element.offset - 1000 :].startswith(element.text) for element in elements)


@given(texts(st.dictionaries(st.text(), values, max_size=5)))
def test_compact_text_has_no_space_between_tokens_and_the_same_tokens(found: tuple[Any, bytes]) -> None:
    value, text = found
    compacted = scan.compact(text)

    assert json.loads(compacted) == value
    assert scan.compact(compacted) == compacted


@pytest.mark.parametrize(
    ("text", "compacted"),
    [
        (b'{ "a" : 1.10 , "b" : [ 1e5 , -0 ] }', b'{"a":1.10,"b":[1e5,-0]}'),
        (b'[ "x , y" , "\\u0041 \\/" ]', b'["x , y","\\u0041 \\/"]'),
        (b'{ "a" : "\\ud800 x" }', b'{"a":"\\ud800 x"}'),
        (b'{"k" : 1, "k" : 2}', b'{"k":1,"k":2}'),
    ],
)
def test_compacting_renders_no_number_and_no_escape_again(text: bytes, compacted: bytes) -> None:
    assert scan.compact(text) == compacted


@pytest.mark.parametrize("depth", [1, 5, 100_000])
def test_brackets_are_matched_at_any_depth_without_recursion(depth: int) -> None:
    text = b'{"a":[' * depth + b"]}" * depth
    limit = sys.getrecursionlimit()

    assert scan.bracketed(text + b"rest", 0) == scan.Extent(0, len(text), 2 * depth)
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize(
    ("text", "offset"), [(b'{"a":1', 6), (b'{"a":"x', 7), (b'{"a":]', 5), (b'{"a":"\n"}', 6), (b'["\\', 3), (b"[}", 1)]
)
def test_broken_text_is_broken_at_its_first_fault(text: bytes, offset: int) -> None:
    found = scan.bracketed(text, 0)

    assert isinstance(found, scan.Broken)
    assert found.offset == offset


@pytest.mark.parametrize("text", [b'{"a":tru}', b"[1,]", b"[01]", b'["\\x"]', b"[NaN]", b'{"a" 1}', b"[1 2]"])
def test_text_that_is_no_json_has_a_fault(text: bytes) -> None:
    assert scan.fault(text) is not None


@given(texts(values))
def test_json_text_has_no_fault(found: tuple[Any, bytes]) -> None:
    assert scan.fault(found[1]) is None


@given(st.text())
def test_a_string_is_read_as_a_parser_reads_it(value: str) -> None:
    assert scan.string(json.dumps(value).encode()) == value
    assert scan.tidy(value).encode().decode() == scan.tidy(value)


@given(texts(values))
def test_masking_keeps_every_offset(found: tuple[Any, bytes]) -> None:
    assert len(scan.mask_surrogates(found[1])) == len(found[1])
