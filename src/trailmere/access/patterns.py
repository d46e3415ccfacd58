"""Text of policies that stands for many: wildcards, policy variables, ARNs of six parts.

``*`` is any text, ``?`` any character, ``${aws:username}`` what the call tells, ``${*}``, ``${?}`` and ``${$}`` the
characters themselves. Nothing here backtracks: the pieces between asterisks are looked for from left to right, each
where it first occurs, so that a pattern takes at most its length times that of the text. What a variable stands for is
taken letter by letter; a variable without a value makes the pattern match nothing. Source: IAM user guide, "IAM policy
elements: Variables and tags" and "IAM JSON policy elements: Resource".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from trailmere.access.condition_keys import closest, find

Context = Mapping[str, tuple[str, ...]]  # what a call tells: condition key in small letters -> values

ARN_PARTS = ("arn", "partition", "service", "Region", "account", "resource")
_VARIABLE = re.compile(r"\$\{(?:([*?$])|\s*([^\s,'{}]+)\s*(?:,\s*'([^']*)'\s*)?)\}")


class Wild(Enum):
    """What a wildcard stands for."""

    TEXT = "*"
    CHARACTER = "?"


@dataclass(frozen=True, slots=True)
class Variable:
    """``${key, 'default'}``; ``key`` in small letters."""

    key: str
    default: str | None = None


Piece = str | Wild | Variable


class PatternError(ValueError):
    """A pattern that cannot be read; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Text of a fixed length, in which some characters may be any."""

    length: int
    text: str | None  # None where some may
    expression: re.Pattern[str] | None  # characters and dots, nothing that repeats

    def find(self, value: str, start: int, end: int) -> int:
        """Where it first occurs, else -1."""
        if self.text is not None:
            return value.find(self.text, start, end)
        assert self.expression is not None
        found = self.expression.search(value, start, end)
        return -1 if found is None else found.start()

    def stands_at(self, value: str, place: int) -> bool:
        """Whether it occurs there."""
        return place >= 0 and self.find(value, place, place + self.length) == place


class Glob:
    """Pieces without variables, ready to be matched."""

    def __init__(self, pieces: Sequence[str | Wild]) -> None:
        texts = [piece for piece in pieces if isinstance(piece, str)]
        self._text = "".join(texts) if len(texts) == len(pieces) else None  # most have no wildcard at all
        self._runs = [] if self._text is not None else [_run(run) for run in _between_asterisks(pieces)]
        self._length = sum(run.length for run in self._runs)

    def matches(self, value: str) -> bool:
        """Whether the whole of ``value`` is one of the texts that the pattern stands for."""
        if self._text is not None:
            return value == self._text
        first, last = self._runs[0], self._runs[-1]
        if len(self._runs) == 1:
            return len(value) == first.length and first.stands_at(value, 0)
        if len(value) < self._length or not first.stands_at(value, 0):
            return False
        place, end = first.length, len(value) - last.length
        for run in self._runs[1:-1]:
            found = run.find(value, place, end)
            if found < 0:
                return False
            place = found + run.length
        return last.stands_at(value, end)


class Pattern:
    """A pattern as it is written (``text``), with its variables."""

    def __init__(self, text: str, pieces: Sequence[Piece]) -> None:
        self.text = text
        self.pieces = tuple(pieces)
        fixed = [piece for piece in self.pieces if not isinstance(piece, Variable)]
        self._glob = Glob(fixed) if len(fixed) == len(self.pieces) else None

    def matches(self, value: str, context: Context) -> bool:
        """Whether ``value`` is one of the texts that it stands for in a call that tells ``context``."""
        if self._glob is not None:
            return self._glob.matches(value)
        filled = fill(self.pieces, context)
        return filled is not None and Glob(filled).matches(value)


class ArnPattern:
    """A pattern of ARNs: each of the six parts by itself, so that no wildcard reaches across a colon; or just ``*``."""

    def __init__(self, text: str, parts: Sequence[Pattern] | None) -> None:
        self.text = text
        self.parts = parts

    @property
    def type_text(self) -> str | None:
        """What stands before the first slash of the resource, None where no text does: ``eventdatastore``."""
        first = self.parts[5].pieces[0] if self.parts is not None else None
        return first.partition("/")[0] if isinstance(first, str) and "/" in first else None

    def matches(self, value: str, context: Context) -> bool:
        """Whether ``value`` is an ARN that it stands for; ``*`` stands for what is no ARN too."""
        if self.parts is None:
            return True
        given = value.split(":", len(ARN_PARTS) - 1)
        return len(given) == len(ARN_PARTS) and all(
            part.matches(text, context) for part, text in zip(self.parts, given, strict=True)
        )


def read(text: str, *, variables: bool, wildcards: bool = True) -> Pattern:
    """``text`` as a pattern; without ``wildcards``, ``*`` and ``?`` are letters. Raises PatternError."""
    return Pattern(text, list(_pieces(text, variables=variables, wildcards=wildcards)))


def read_arn(text: str, *, variables: bool) -> ArnPattern:
    """``text`` as a pattern of ARNs. Raises PatternError."""
    if text == "*":
        return ArnPattern(text, None)
    parts: list[list[Piece]] = [[]]
    for piece in _pieces(text, variables=variables):
        if not isinstance(piece, str):
            parts[-1].append(piece)
            continue
        room = len(ARN_PARTS) - len(parts)
        first, *others = piece.split(":", room)
        parts[-1].append(first)
        parts += [[other] for other in others]
    if len(parts) < len(ARN_PARTS) or parts[0] != ["arn"] or parts[5] in ([], [""]):
        raise PatternError(f"expected {':'.join(ARN_PARTS)} or *, got {text[:200]!r}")
    return ArnPattern(text, [Pattern(text, part) for part in parts])


def fill(pieces: Sequence[Piece], context: Context) -> list[str | Wild] | None:
    """The pieces with the values of their variables, None where one has no value."""
    filled: list[str | Wild] = []
    for piece in pieces:
        value = _value(piece, context) if isinstance(piece, Variable) else piece
        if value is None:
            return None
        filled.append(value)
    return filled


def _value(variable: Variable, context: Context) -> str | None:
    values = context.get(variable.key, ())
    return values[0] if len(values) == 1 else variable.default


def _pieces(text: str, *, variables: bool, wildcards: bool = True) -> Iterator[Piece]:
    place = 0
    while variables and (start := text.find("${", place)) >= 0:
        yield from _plain(text[place:start], wildcards)
        found = _VARIABLE.match(text, start)
        if found is None:
            raise PatternError(f"expected ${{key}} or ${{key, 'default'}}, got {text[start : start + 60]!r}")
        character, key, default = found.groups()
        yield character or _variable(key, default)
        place = found.end()
    yield from _plain(text[place:], wildcards)


def _plain(text: str, wildcards: bool) -> Iterator[Piece]:
    if not wildcards:
        yield text
        return
    for part in re.split(r"([*?])", text):
        if part in ("*", "?"):
            yield Wild(part)
        elif part:
            yield part


def _variable(key: str, default: str | None) -> Variable:
    known = find(key)
    if known is None or known.multivalued:
        meant = closest(key)
        raise PatternError(
            f"no call tells a value of ${{{key[:100]}}}" + (f"; do you mean ${{{meant}}}?" if meant else "")
        )
    return Variable(key.lower(), default)


def _between_asterisks(pieces: Sequence[str | Wild]) -> Iterator[Sequence[str | Wild]]:
    start = 0
    for place, piece in enumerate(pieces):
        if piece is Wild.TEXT:
            yield pieces[start:place]
            start = place + 1
    yield pieces[start:]


def _run(pieces: Sequence[str | Wild]) -> _Run:
    texts = [piece for piece in pieces if isinstance(piece, str)]
    length = sum(len(text) for text in texts) + len(pieces) - len(texts)
    if len(texts) == len(pieces):
        return _Run(length, "".join(texts), None)
    written = "".join(re.escape(piece) if isinstance(piece, str) else "." for piece in pieces)
    return _Run(length, None, re.compile(written, re.DOTALL))
