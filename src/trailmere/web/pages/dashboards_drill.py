"""From a row of a widget to the events behind it: what its columns mean, told by the widget's own statement.

A column that is a column of events, or one of the phrases that managed widgets use, becomes a filter; what the
statement demands of events does too, where a filter can say it. What cannot be said makes the link wider, and it says
so. Pure: statements and cells in, pairs of a query string out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

from sqlglot import exp

from trailmere.dashboards.library import phrases
from trailmere.errors import TrailmereError
from trailmere.events.columns import COLUMNS
from trailmere.query.dialect import grammar
from trailmere.query.dialect.text import Limits, read
from trailmere.web.pages.events_columns import reach

Pairs = tuple[tuple[str, str], ...]
WIDER = "Shows more than the row counts: not all of what the widget asks can be said as filters."
_AGGREGATES = frozenset(
    ("sum", "min", "max", "avg", "approx_distinct", "max_by", "min_by", "arbitrary", "array_agg", "approx_percentile")
)
_PATH = re.compile(r"[a-z]\w*(\.[\w:.\-]+)*", re.IGNORECASE | re.ASCII)
_UNITS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=31),
    "quarter": timedelta(days=92),
    "year": timedelta(days=366),
}


@dataclass(frozen=True, slots=True)
class Drill:
    """Where a row leads. ``event`` is the id of the one event that it is; else ``pairs`` (filters) and ``range``. No
    link where ``why`` says why not; ``wider`` where it shows more than the row counts."""

    event: str = ""
    pairs: Pairs = ()
    range: str | None = None
    wider: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a column of an answer is. ``kind``: ``column`` (then ``path``), ``bucket`` (of ``unit``), ``count``,
    ``amount``, ``unknown``, or a phrase."""

    kind: str
    path: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Meanings:
    """What a statement tells of its answer: columns by folded name, filters that hold for all rows, stores."""

    columns: Mapping[str, Meaning] = field(default_factory=dict)
    pairs: Pairs = ()
    wider: bool = False
    readable: bool = True
    stores: tuple[str, ...] = ()


def drill(meanings: Meanings, columns: Sequence[str], cells: Sequence[str]) -> Drill:
    """Where a row leads."""
    if not meanings.readable:
        return Drill(why="The statement joins or computes in a way that leads back to no events.")
    known = [
        (meanings.columns.get(name.casefold(), Meaning("unknown")), cell)
        for name, cell in zip(columns, cells, strict=True)
    ]
    for meaning, cell in known:
        if meaning == Meaning("column", "eventID") and cell:
            return Drill(event=cell)
    pairs: list[tuple[str, str]] = []
    span: str | None = None
    unsaid = 0
    for meaning, cell in known:
        if meaning.kind == "bucket" or meaning == Meaning("column", "eventTime"):
            span = _span(cell, meaning.unit)
        elif meaning.kind == "unknown":
            unsaid += 1
        elif meaning.kind not in ("count", "amount"):
            found = _SAID[meaning.kind](meaning, cell)
            unsaid += not found
            pairs += found
    if unsaid and not pairs and span is None:
        return Drill(why="No column of this row is a column of events.")
    whole = tuple(dict.fromkeys((*meanings.pairs, *pairs)))
    return Drill(pairs=whole, range=span, wider=meanings.wider or unsaid > 0)


def step_seconds(meanings: Meanings, label: str, value: str) -> int:
    """The seconds between two labels of a trend, where what is left out is zero: counts over equal buckets; else 0."""
    bucket = meanings.columns.get(label.casefold(), Meaning("unknown"))
    counted = meanings.columns.get(value.casefold(), Meaning("unknown")).kind == "count"
    equal = bucket.unit in ("second", "minute", "hour", "day", "week")
    return int(_UNITS[bucket.unit].total_seconds()) if counted and equal else 0


@lru_cache(maxsize=512)
def meanings_of(statement: str) -> Meanings:
    """What the columns of a statement mean. Nothing where it cannot be read, joins, or takes arrays apart."""
    tree = _parsed(statement)
    if tree is None:
        return Meanings(readable=False)
    try:
        sides = list(_innermost(tree))
        columns = {name.casefold(): _meaning(each) for name, each in _resolved(tree).items()}
    except _Unreadable:
        return Meanings(readable=False)
    found = [_conditions(side) for side in sides]
    pairs = tuple(pair for pair in found[0][0] if all(pair in other for other, _ in found))
    wider = any(unsaid or set(said) != set(pairs) for said, unsaid in found)
    stores = dict.fromkeys(_source(side).name for side in sides)
    return Meanings(columns, pairs, wider, stores=tuple(stores))


class _Unreadable(Exception):
    """The statement is not a chain of selects over stores."""


def _parsed(statement: str) -> exp.Expr | None:
    try:
        return grammar.parse(read(statement, Limits(), lambda _name: True))
    except TrailmereError:
        return None


def _innermost(tree: exp.Expr) -> Iterator[exp.Select]:
    """The selects that read stores, from the one that answers inwards; those between are conditions too."""
    if isinstance(tree, exp.Subquery):
        yield from _innermost(tree.this)
        return
    if isinstance(tree, exp.SetOperation):
        yield from _innermost(tree.this)
        yield from _innermost(tree.expression)
        return
    source = _source(tree)
    if isinstance(source, exp.Table):
        assert isinstance(tree, exp.Select)
        yield tree
    else:
        yield from _innermost(source)


def _source(tree: exp.Expr) -> exp.Expr:
    if (
        not isinstance(tree, exp.Select)
        or tree.args.get("joins")
        or tree.args.get("with_")
        or tree.args.get("laterals")
    ):
        raise _Unreadable
    begin = tree.args.get("from_") or tree.args.get("from")
    if begin is None or not isinstance(begin.this, (exp.Table, exp.Subquery)):
        raise _Unreadable
    source: exp.Expr = begin.this
    return source


def _resolved(tree: exp.Expr) -> dict[str, exp.Expr]:
    """Name -> expression over columns of events, of each column that a select gives."""
    if isinstance(tree, exp.Subquery):
        return _resolved(tree.this)
    if isinstance(tree, exp.SetOperation):
        return _resolved(tree.this)  # its sides give the same columns
    source = _source(tree)
    below = {} if isinstance(source, exp.Table) else {k.casefold(): v for k, v in _resolved(source).items()}
    assert isinstance(tree, exp.Select)
    given: dict[str, exp.Expr] = {}
    for each in tree.expressions:
        name = each.alias_or_name
        inner = each.this if isinstance(each, exp.Alias) else each
        given[name] = _replaced(inner.copy(), below)
    return given


def _replaced(tree: exp.Expr, below: Mapping[str, exp.Expr]) -> exp.Expr:
    if not below:
        return tree

    def swap(node: exp.Expr) -> exp.Expr:
        known = below.get(_text(node)) if isinstance(node, exp.Column) else None
        return node if known is None else known.copy()

    return tree.transform(swap)


def _meaning(tree: exp.Expr) -> Meaning:
    text = _text(tree)
    if text in _phrases():
        return Meaning(_phrases()[text])
    path = _path(tree)
    if path is not None:
        return Meaning("column", path)
    if unit := re.fullmatch(r"date_trunc\('(\w+)', eventtime\)", text):
        return Meaning("bucket", unit=unit[1])
    if re.match(r"(count|count_if)\(", text) and not tree.find(exp.Window):
        return Meaning("count")
    if tree.find(exp.Window) or any(_called(one) in _AGGREGATES for one in tree.find_all(exp.Func)):
        return Meaning("amount")
    return Meaning("unknown")


def _path(tree: exp.Expr) -> str | None:
    """The path of a column of events, as filters spell it."""
    text = tree.sql().replace('"', "")
    if key := re.fullmatch(r"element_at\((\w+), '([\w:.\-]+)'\)", text, re.IGNORECASE):
        text = f"{key[1]}.{key[2]}"
    if not _PATH.fullmatch(text):
        return None
    declared = next((path for path in _declared() if path.casefold() == text.casefold()), text)
    return declared if any(reach(declared, family) for family in COLUMNS) else None


@cache
def _declared() -> tuple[str, ...]:
    """Columns in their own spelling; members are found in any."""
    return tuple(dict.fromkeys(column.key or column.name for columns in COLUMNS.values() for column in columns))


def _conditions(side: exp.Select) -> tuple[Pairs, bool]:
    """What a select demands of events, as filters; and whether there is more that they cannot say."""
    where = side.args.get("where")
    parts = list(where.this.flatten() if isinstance(where.this, exp.And) else [where.this]) if where else []
    pairs: list[tuple[str, str]] = []
    unsaid = False
    for part in parts:
        if _text(part) in _failures():
            pairs.append(("f", "errorCode!="))
            unsaid = True
            continue
        said = _condition(part.unnest())
        unsaid = unsaid or said is None
        pairs += said or ()
    return tuple(pairs), unsaid


def _condition(part: exp.Expr) -> Pairs | None:
    text = _text(part)
    if text.startswith(("eventtime >", "eventtime <", "eventtime between")) or text in _always():
        return ()
    if isinstance(part, exp.EQ) and isinstance(part.expression, (exp.Literal, exp.Boolean)):
        path = _path(part.this)
        value = part.expression
        told = str(value.this).lower() if isinstance(value, exp.Boolean) else str(value.this)
        return None if path is None else (("f", f"{path}={told}"),)
    if text in ("not errorcode is null", "errorcode is not null"):
        return (("f", "errorCode!="),)
    if text == "errorcode is null":
        return (("f", "errorCode="),)
    return None


@cache
def _always() -> frozenset[str]:
    """Conditions that leave out hardly anything of what a filter finds."""
    return frozenset({_text(_expression(phrases.CALL)), _text(_expression(phrases.MANAGEMENT).unnest())})


@cache
def _failures() -> frozenset[str]:
    """Conditions on errors of some kind: that there is an error can be said, of which kind cannot."""
    return frozenset(_text(_expression(sql)) for sql in (phrases.ACCESS_DENIED, phrases.THROTTLED))


@cache
def _phrases() -> Mapping[str, str]:
    known = {
        phrases.CALLER: "caller",
        phrases.SERVICE: "service",
        phrases.API: "api",
        phrases.RESULT: "result",
        phrases.OUTCOME: "outcome",
        phrases.ACTIVITY: "activity",
    }
    return {_text(_expression(sql)): kind for sql, kind in known.items()}


def _expression(sql: str) -> exp.Expr:
    tree = _parsed(f"SELECT {sql} FROM events")  # noqa: S608 - our own phrases, and nothing runs it
    assert isinstance(tree, exp.Select)
    found: exp.Expr = tree.expressions[0]
    return found


def _text(tree: exp.Expr) -> str:
    return tree.sql().replace('"', "").lower()


def _called(node: exp.Func) -> str:
    return (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()


def _span(cell: str, unit: str) -> str | None:
    """The range of a bucket; of a moment the minute around it."""
    try:
        start = datetime.fromisoformat(cell.removesuffix(" UTC")).replace(tzinfo=UTC)
    except ValueError:
        return None
    if not unit:
        start, unit = start - timedelta(seconds=30), "minute"
    return f"{start:%Y-%m-%dT%H:%M:%SZ}..{start + _UNITS.get(unit, timedelta(days=1)):%Y-%m-%dT%H:%M:%SZ}"


def _caller(_meaning: Meaning, cell: str) -> Pairs:
    """Who has an ARN is found by it; who has none is found as text."""
    return (("f", f"userIdentity.arn={cell}"),) if cell.startswith("arn:") else (("q", cell),) if cell else ()


def _api(_meaning: Meaning, cell: str) -> Pairs:
    service, _, name = cell.partition(":")
    return (("f", f"eventSource={service}.amazonaws.com"), ("f", f"eventName={name}")) if name else ()


_SAID: Mapping[str, Callable[[Meaning, str], Pairs]] = {
    "column": lambda meaning, cell: (("f", f"{meaning.path}={cell}"),),
    "caller": _caller,
    "service": lambda _, cell: (("f", f"eventSource={cell}.amazonaws.com"),) if cell else (),
    "api": _api,
    "result": lambda _, cell: (("f", "errorCode=" if cell == "Success" else "errorCode!="),),
    "outcome": lambda _, cell: (("f", f"errorCode={'' if cell == 'Success' else cell}"),),
    "activity": lambda _, cell: (("f", f"readOnly={'true' if cell == 'Read' else 'false'}"),),
}
