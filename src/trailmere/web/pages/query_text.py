"""The text of a statement as the editor holds it: its parameters, its layout, and what its parts mean for pages.

A parameter is ``:name``: bare it is a number, a boolean, NULL, a string or (after FROM and JOIN) a store, as
``trailmere.query.parameters`` reads a value; in quotes, ``':name'``, it is a string whatever the value looks like.
``:from`` and ``:to`` are the time range of the page. A value never becomes more than one token.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from trailmere.errors import InvalidParameter
from trailmere.query.parameters import fill

if TYPE_CHECKING:
    from trailmere.query.records import Catalog
    from trailmere.web.ranges import TimeRange

FROM, TO = "from", "to"
RANGE = (FROM, TO)
_TOKEN = re.compile(
    r"""
      (?P<comment>--[^\n]*|/\*.*?\*/)
    | ':(?P<text>[A-Za-z_]\w*)'(?!')
    | (?P<string>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?<!:):(?P<bare>[A-Za-z_]\w*)
    | (?P<space>\s+)
    | (?P<word>\w+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_STAND_IN = "__parameter_{}__"
_STOOD_IN = re.compile(r'"__parameter_(\w+?)__"')
_BARE_AGAIN = re.compile(
    r"'(?:[^']|'')*'|/\*.*?\*/|\"([0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})\"", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Filled:
    """A statement with values in the place of its parameters, and the way back to where somebody typed."""

    text: str
    typed: str
    starts: tuple[int, ...]  # of pieces in ``text``, ascending
    origins: tuple[tuple[int, bool], ...]  # of the same pieces in ``typed``, and whether it is a value

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Line and column, from 1, in what was typed, of those in what was filled in."""
        lines = self.text.split("\n")
        offset = sum(len(one) + 1 for one in lines[: line - 1]) + column - 1
        piece = max(0, bisect.bisect_right(self.starts, offset) - 1)
        if not self.starts:
            return line, column
        origin, is_value = self.origins[piece]
        at = origin if is_value else origin + offset - self.starts[piece]
        at = min(at, len(self.typed))
        return self.typed.count("\n", 0, at) + 1, at - self.typed.rfind("\n", 0, at)


def parameter_names(sql: str) -> tuple[str, ...]:
    """The names of the parameters, each once, in their order."""
    return tuple(dict.fromkeys(name for _piece, name, _before in _pieces(sql) if name))


def range_values(span: TimeRange) -> dict[str, str]:
    """The values of ``:from`` and ``:to``, as CloudTrail Lake prints times."""
    return {
        name: moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        for name, moment in ((FROM, span.start), (TO, span.end))
    }


def fill_in(sql: str, values: Mapping[str, str]) -> Filled:
    """The statement with the values. Raises InvalidParameter for a parameter without one."""
    missing = [name for name in parameter_names(sql) if not values.get(name)]
    if missing:
        raise InvalidParameter(f"Give a value for :{missing[0]}.", hint="its field is below the statement")
    out: list[str] = []
    starts: list[int] = []
    origins: list[tuple[int, bool]] = []
    length = typed = 0
    for piece, name, before in _pieces(sql):
        text = piece if name is None else _value(piece, values[name], before)
        starts.append(length)
        origins.append((typed, name is not None))
        out.append(text)
        length += len(text)
        typed += len(piece)
    return Filled("".join(out), sql, tuple(starts), tuple(origins))


def ran_as(sql: str, values: Mapping[str, str], statement: str) -> dict[str, str] | None:
    """The range of time with which a statement ran, where it is this one with these values; None where it is not."""
    pattern: list[str] = []
    named: set[str] = set()
    for piece, name, before in _pieces(sql):
        if name is None:
            pattern.append(re.escape(piece))
        elif name in RANGE:
            pattern.append(f"(?P={name})" if name in named else f"(?P<{name}>'[^']*')")
            named.add(name)
        elif not values.get(name):
            return None
        else:
            pattern.append(re.escape(_value(piece, values[name], before)))
    match = re.fullmatch("".join(pattern), statement)
    return None if match is None else {name: match[name].strip("'") for name in named}


def with_placeholders(sql: str, values: Mapping[str, str], named: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The statement with ``?`` for the parameters of ``named``, their names there, and the values of all others."""
    out, names = [], []
    for piece, name, before in _pieces(sql):
        if name is not None and name in named:
            names.append(named[name])
            out.append("'?'")
        else:
            out.append(piece if name is None else _value(piece, values[name], before))
    return "".join(out), tuple(names)


def stores_by_id(sql: str, catalog: Catalog) -> str:
    """The statement with ids where it names stores otherwise. Raises StatementInvalid and its kin."""
    from sqlglot import exp

    from trailmere.query.dialect import grammar, text

    source = text.read(sql, text.Limits(), lambda name: catalog.find(name) is not None)
    parsed = source.parsed
    places = []
    for table in grammar.parse(source).find_all(exp.Table):
        found, meta = catalog.find(table.name), table.this.meta
        if found is not None and not table.args.get("db") and "start" in meta:
            places.append((meta["start"], meta["end"] + 1, found.id))
    for start, end, id in sorted(places, reverse=True):
        parsed = f"{parsed[:start]}{id}{parsed[end:]}"
    return parsed


def laid_out(sql: str, catalog: Catalog) -> str:
    """The statement in one clause a line, ids of stores bare as they were. Raises StatementInvalid and its kin."""
    from trailmere.query.dialect import grammar, text

    stood_in = "".join(
        piece if name is None or piece.startswith("'") else f'"{_STAND_IN.format(name)}"'
        for piece, name, _before in _pieces(sql)
    )
    source = text.read(stood_in, text.Limits(), lambda name: catalog.find(name) is not None)
    pretty = grammar.parse(source).sql(dialect="trino", pretty=True, normalize_functions=False, max_text_width=100)
    bare = _BARE_AGAIN.sub(lambda match: match[1] or match[0], pretty)
    return _STOOD_IN.sub(lambda match: f":{match[1]}", bare)


def conditions_of(sql: str, catalog: Catalog) -> list[str]:
    """What the outermost WHERE asks, each condition by itself."""
    from sqlglot import exp

    from trailmere.query.dialect import grammar, text

    source = text.read(sql, text.Limits(), lambda name: catalog.find(name) is not None)
    where = grammar.parse(source).args.get("where")
    if where is None:
        return []
    parts = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
    return [one.sql(dialect="trino", normalize_functions=False) for one in parts]


def column_paths(sql: str, known: Mapping[str, str], catalog: Catalog) -> list[str]:
    """For each expression of the outermost SELECT the column of events that it is, as people write it; else "".

    ``known``: paths in small letters -> as people write them. What cannot be read has none.
    """
    from sqlglot import exp

    from trailmere.errors import TrailmereError
    from trailmere.query.dialect import grammar, text

    try:
        source = text.read(sql, text.Limits(), lambda name: catalog.find(name) is not None)
        tree = grammar.parse(source)
    except TrailmereError:
        return []
    if not isinstance(tree, exp.Select):
        return []
    return [_path(one.unalias(), known) for one in tree.expressions]


def _path(node: object, known: Mapping[str, str]) -> str:
    from sqlglot import exp

    if isinstance(node, exp.Anonymous) and node.name.lower() == "element_at" and len(node.expressions) == 2:
        owner, key = _path(node.expressions[0], known), node.expressions[1]
        return f"{owner}.{key.name}" if owner and key.is_string else ""
    if not isinstance(node, exp.Column | exp.Dot):
        return ""
    parts = [part.name for part in node.parts]
    for skip in (0, 1):  # the alias of a store may come first
        found = known.get(".".join(parts[skip:]).lower())
        if found:
            return found
    return ""


def _value(piece: str, value: str, before: str) -> str:
    """A value as SQL. ``before``: the word that comes before it."""
    if piece.startswith("'"):
        return fill("'?'", [value])
    return fill(f"{before} ?", [value])[len(before) + 1 :].strip() if before else fill("?", [value]).strip()


def _pieces(sql: str) -> Iterator[tuple[str, str | None, str]]:
    """Each token, the parameter that it is, and FROM or JOIN where that came before it."""
    before = ""
    for match in _TOKEN.finditer(sql):
        kind, piece = match.lastgroup, match[0]
        yield piece, match["text"] or match["bare"], before
        if kind not in ("space", "comment"):
            before = piece.upper() if piece.upper() in ("FROM", "JOIN") else ""
