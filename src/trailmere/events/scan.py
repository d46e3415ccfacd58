"""Exact JSON text: where values begin and end, without rendering anything again.

msgspec judges what is JSON (RFC 8259) and finds values at C speed; the scanner here finds them where msgspec cannot
say: in broken text, behind duplicate keys, in keys that hold lone surrogates. It matches brackets with an explicit
stack, so depth costs memory and never the process. Nothing here knows what CloudTrail is.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

import msgspec

STRING = rb'"[^"\\\x00-\x1f]*(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*)*"'
WHITESPACE = rb"[ \t\r\n]*"

_STRING_START = re.compile(STRING[:-1])
_TOKEN = re.compile(STRING + rb'|[{}\[\]"]')
_SPACE = re.compile(WHITESPACE)
_KEY = re.compile(WHITESPACE + rb"(" + STRING + rb")" + WHITESPACE + rb":" + WHITESPACE)
_VALUE = re.compile(STRING + rb"|[^ \t\r\n,:\[\]{}\"]+")
_SEPARATOR = re.compile(WHITESPACE + rb",?" + WHITESPACE)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_SPACED = re.compile(rb"[\t\r\n]")
_STRING_OR_SPACE = re.compile(rb"(" + STRING + rb")|[ \t\r\n]+")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

_PLACE = re.compile(r"(?:JSON is malformed: )?(.*) \(byte (\d+)\)")

TOO_DEEP = "nested too deeply"
SAFE_DEPTH = 500  # msgspec stops near the interpreter's recursion limit of 1,000; callers stand on that stack too

_QUOTE, _OPEN, _CLOSE = b'"'[0], b"{[", b"}]"
_CLOSER = {b"{"[0]: b"}"[0], b"["[0]: b"]"[0]}

_RAW = msgspec.json.Decoder(msgspec.Raw)
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_DOCUMENTS = msgspec.json.Decoder(msgspec.Raw)
_MAPPING = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)


class Extent(NamedTuple):
    """A value in brackets: from ``start`` to ``end`` (exclusive), ``depth`` brackets deep."""

    start: int
    end: int
    depth: int


class Broken(NamedTuple):
    """Text that is no value: the byte where it fails and what is wrong there."""

    offset: int
    message: str


class Member(NamedTuple):
    """A member of an object: its key, unescaped, and the exact text of its value with its offset."""

    key: str
    offset: int
    text: bytes


class Element(NamedTuple):
    """An element of an array: its exact text and offset."""

    offset: int
    text: bytes


def bracketed(content: bytes, start: int, stop: int | None = None) -> Extent | Broken:
    """The extent of the object or array that begins at ``start``; only strings and brackets are looked at.

    Gives up, as broken, where it has not ended by ``stop``.
    """
    stack = bytearray()
    depth = 0
    for token in _TOKEN.finditer(content, start):
        at = token.start()
        if stop is not None and at >= stop:
            return Broken(stop, "the value does not end here")
        first = content[at]
        if first == _QUOTE:
            if token.end() == at + 1:
                return _broken_string(content, at)
        elif first in _OPEN:
            stack.append(_CLOSER[first])
            depth = max(depth, len(stack))
        elif not stack or stack.pop() != first:
            return Broken(at, f"an unexpected {chr(first)}")
        elif not stack:
            return Extent(start, token.end(), depth)
    return Broken(len(content), "the text ends before the value does")


def _broken_string(content: bytes, start: int) -> Broken:
    sound = _STRING_START.match(content, start)
    end = sound.end() if sound else start
    if end >= len(content) - 1:
        return Broken(len(content), "the text ends inside a string")
    return Broken(end, "a raw control character in a string")


def depth_of(text: bytes) -> int:
    """How deep the brackets of a valid JSON text nest; 0 for a scalar."""
    extent = bracketed(text, 0) if text[:1] in (b"{", b"[") else None
    return extent.depth if isinstance(extent, Extent) else 0


def mask_surrogates(text: bytes) -> bytes:
    """The text with each escape of a surrogate made harmless, byte for byte as long.

    msgspec refuses lone surrogates even where a value is only passed over. Masked text has the same offsets, so what
    is found in it is cut from the original.
    """
    return _SURROGATE.sub(rb"\\u0041", text) if b"\\ud" in text or b"\\uD" in text else text


def fault(text: bytes) -> Broken | None:
    """What keeps this text from being one JSON value in UTF-8, or None. Depth must have been checked before."""
    try:
        _RAW.decode(mask_surrogates(text))
    except msgspec.DecodeError as error:
        message, at = _place_in(str(error), len(text))
        return Broken(at, message)
    except RecursionError:
        return Broken(0, TOO_DEEP)
    return None


def is_utf8(text: bytes) -> bool:
    """Whether the bytes are UTF-8 (RFC 3629)."""
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def documents(content: bytes) -> list[Element] | None:
    """The JSON values that follow one another in the content, or None where any of it is not JSON."""
    masked = mask_surrogates(content)
    try:
        raws = _DOCUMENTS.decode_lines(masked)
    except (msgspec.DecodeError, RecursionError):
        return None
    found = []
    position = 0
    for raw in raws:
        position = _skip_space(masked, position)
        size = len(memoryview(raw))
        found.append(Element(position, content[position : position + size]))
        position += size
    return found


def follow(content: bytes, masked: bytes, position: int, raws: list[msgspec.Raw]) -> tuple[list[Element], int] | None:
    """Find again where in the content the elements of an array lie, the first of them at ``position``.

    ``raws`` come from a decoder that read the masked content; each must follow the one before it with only a comma
    between. None where they do not: then the decoder saw another array (a duplicate key). Returns the elements, cut
    from the content, and the offset behind the last one.
    """
    found: list[Element] = []
    for text in map(bytes, raws):
        if found:
            position += 1  # the comma, in text that has no white space
        if not masked.startswith(text, position):
            position = _skip_separator(masked, position - 1 if found else position)
            if not masked.startswith(text, position):
                return None
        end = position + len(text)
        found.append(Element(position, text if masked is content else content[position:end]))
        position = end
    return found, position


def elements(text: bytes, offset: int = 0) -> list[Element]:
    """The elements of a valid JSON array, with their offsets counted from ``offset``."""
    masked = mask_surrogates(text)
    found = follow(text, masked, _skip_space(text, 1), _RAWS.decode(masked))
    if found is None:  # pragma: no cover - a valid array is always followed to its end
        raise ValueError("expected a JSON array")
    return [Element(offset + element.offset, element.text) for element in found[0]]


def members(text: bytes, offset: int = 0) -> list[Member]:
    """The members of a valid JSON object in order, duplicates included, offsets counted from ``offset``."""
    return _members_at_once(text, offset) or _members_step_by_step(text, offset)


def _members_at_once(text: bytes, offset: int) -> list[Member]:
    """The members if msgspec can read the object and no key stands twice in it, else nothing.

    The walk takes one member of the text for each that msgspec found; had a key stood twice, some text would be left.
    """
    try:
        values = _MAPPING.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    found: list[Member] = []
    position = 1
    for key, value in zip(values, map(bytes, values.values()), strict=True):
        place = _KEY.match(text, position)
        if place is None or not text.startswith(value, place.end()):
            return []
        found.append(Member(key, offset + place.end(), value))
        position = _skip_separator(text, place.end() + len(value))
    return found if text.startswith(b"}", position) else []


def _members_step_by_step(text: bytes, offset: int) -> list[Member]:
    found: list[Member] = []
    position = 1
    while (key := _KEY.match(text, position)) is not None:
        start = key.end()
        end = _end_of_value(text, start)
        found.append(Member(string(key[1]), offset + start, text[start:end]))
        position = _skip_separator(text, end)
    return found


def mapping(text: bytes) -> dict[str, bytes]:
    """Key and exact text of the members of a valid JSON object; of duplicate keys the last, as parsers take it."""
    try:
        return {key: bytes(raw) for key, raw in _MAPPING.decode(text).items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # lone surrogates
        return {member.key: member.text for member in members(text)}


def string(text: bytes) -> str:
    """The value of a JSON string. A lone surrogate stays one (``tidy`` makes it presentable)."""
    if b"\\" not in text:
        return text[1:-1].decode("utf-8", "replace")
    try:
        return _TEXT.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return str(json.loads(text.decode("utf-8", "replace"), strict=False))


def tidy(value: str) -> str:
    """The string with each lone surrogate replaced by U+FFFD, so that it has a UTF-8 form."""
    return _LONE_SURROGATE.sub("\ufffd", value)


def compact(text: bytes) -> bytes:
    """The same JSON text without white space between its tokens; numbers and escapes are left as they are."""
    if b" " not in text and _SPACED.search(text) is None:
        return text
    try:
        return msgspec.json.format(text, indent=-1)
    except (msgspec.DecodeError, RecursionError):  # lone surrogates
        return _STRING_OR_SPACE.sub(rb"\1", text)


def _end_of_value(text: bytes, start: int) -> int:
    if text[start] in _OPEN:
        extent = bracketed(text, start)
        return extent.end if isinstance(extent, Extent) else len(text)
    value = _VALUE.match(text, start)
    return value.end() if value else len(text)


def _skip_space(text: bytes, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _skip_separator(text: bytes, position: int) -> int:
    separator = _SEPARATOR.match(text, position)
    return separator.end() if separator else position


def _place_in(message: str, default: int) -> tuple[str, int]:
    """msgspec's message without its frame, and the offset that it names: ``JSON is malformed: ... (byte 17)``."""
    place = _PLACE.fullmatch(message)
    return (place[1], int(place[2])) if place else (message, default)
