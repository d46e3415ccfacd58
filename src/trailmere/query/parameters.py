"""``?`` in a statement, and what is put in its place: by position, as StartQuery's QueryParameters.

CloudTrail substitutes text, in quotes (``eventTime > '?'``) or not (``LIMIT ?``). Here a value never becomes more than
one token: a literal, or the name of a store in FROM. So it cannot change what the statement does, whatever it holds.
Where a statement holds no placeholders, nothing is looked at; what the statement means is for ``query.dialect``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from trailmere.errors import InvalidParameter
from trailmere.query.quoting import identifier, literal

PLACEHOLDER = "?"
_TOKEN = re.compile(
    r"""
      (?P<comment>--[^\n]*|/\*.*?\*/)
    | (?P<string>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<space>\s+)
    | (?P<word>\w+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(r"[+-]?[0-9]{1,38}(?:\.[0-9]{1,38})?", re.ASCII)
_WORDS = frozenset({"true", "false", "null"})
_STORE_FOLLOWS = frozenset({"FROM", "JOIN"})


def fill(statement: str, parameters: Sequence[str]) -> str:
    """The statement with each ``?`` replaced: ``'?'`` by a string, a bare ``?`` by a number, boolean, null or string,
    or by a store after FROM and JOIN. A ``?`` inside of a longer string, a quoted name or a comment is itself.

    Raises InvalidParameter where there are more or fewer placeholders than values.
    """
    if not parameters:
        return statement
    values = iter(parameters)
    pieces: list[str] = []
    before = ""
    found = 0
    for match in _TOKEN.finditer(statement):
        piece = match.group()
        if match.lastgroup == "string" and piece == f"'{PLACEHOLDER}'":
            found += 1
            piece = literal(next(values, ""))
        elif match.lastgroup == "other" and piece == PLACEHOLDER:
            found += 1
            value = next(values, "")
            piece = identifier(value) if before in _STORE_FOLLOWS else _bare(value)
        if match.lastgroup not in ("space", "comment"):
            before = match.group().upper()
        pieces.append(piece)
    if found != len(parameters):
        raise InvalidParameter(
            f"expected a value for each ? of the statement, which are {found}; got {len(parameters)}",
            hint="a ? counts where it stands alone or is all of a string: '?'",
        )
    return "".join(pieces)


def _bare(value: str) -> str:
    """A literal. In parentheses, so that it cannot grow together with what stands beside it (``-?``, ``?1``)."""
    if _NUMBER.fullmatch(value):
        return f"({value})" if value[0] in "+-" else f" {value} "
    if value.lower() in _WORDS:
        return f" {value} "
    inside = value[1:-1] if len(value) > 1 and value[0] == value[-1] == "'" else None
    if inside is not None and "'" not in inside.replace("''", ""):
        return f"'{inside}'"
    return literal(value)
