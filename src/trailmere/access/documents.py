"""A policy's JSON text as plain objects, strictly: no repeated members, no numbers that are none, no depth, no excess.

Scalars come as text: a condition may write ``true`` and ``20`` without quotes, and means the same with them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from trailmere.errors import MalformedPolicy

Document = str | None | list["Document"] | dict[str, "Document"]

_HALF = re.compile("[\ud800-\udfff]")
_DEEPEST = 6  # Statement, its list, Condition, operator, key, list of values


class Scalar(str):
    """A number or boolean of the document, as it was written."""

    __slots__ = ()


def read_document(text: str, characters: int) -> dict[str, Document]:
    """The object that ``text`` is, of at most so many characters. Raises MalformedPolicy."""
    if len(text) > characters:
        raise MalformedPolicy(f"expected at most {characters:,} characters, got {len(text):,}")
    try:
        found = json.loads(
            text,
            object_pairs_hook=_without_repeats,
            parse_int=Scalar,
            parse_float=Scalar,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise MalformedPolicy(f"expected JSON: {error.msg}", place=place) from error
    except RecursionError:
        raise MalformedPolicy("expected a policy, got JSON that is nested far deeper than any policy is") from None
    plain = _plain(found, _DEEPEST)
    if not isinstance(plain, dict):
        raise MalformedPolicy("expected a policy, which is a JSON object")
    return plain


def _without_repeats(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise MalformedPolicy(f"expected each member once, got {name[:100]!r} again: which one is meant?")
        members[name] = value
    return members


def _no_constant(name: str) -> None:
    raise MalformedPolicy(f"expected JSON, got {name}, which is no JSON number")


def _plain(value: object, left: int) -> Document:
    if left < 0:
        raise MalformedPolicy("expected a policy, got JSON that is nested deeper than any policy is")
    if isinstance(value, dict):
        return {str(_plain(name, 0)): _plain(inner, left - 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, left - 1) for inner in value]
    if isinstance(value, bool):
        return Scalar("true" if value else "false")
    if isinstance(value, str) and not value.isascii() and _HALF.search(value):
        raise MalformedPolicy(f"expected Unicode text, got half of a surrogate pair in {value[:100]!r}")
    return value if value is None or isinstance(value, str) else str(value)
