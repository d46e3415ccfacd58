"""The statement's text before it is parsed: limits, bare store names, and places in what the user typed.

CloudTrail Lake writes event data stores bare, ``FROM 1994bee2-d4a0-460e-8c07-1b5ee04765d8``, which no SQL parser
reads. A scan that knows strings, quoted identifiers and comments puts quotes around them, and counts nesting and list
lengths so that a hostile statement costs nothing. It decides nothing else; the parser reads the rest.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from trailmere.errors import QueryLimitExceeded, StatementInvalid, StatementNotAllowed


@dataclass(frozen=True, slots=True)
class Limits:
    """What a statement may cost before it runs. ``characters`` is CloudTrail Lake's own limit.

    ``mentions`` are those of stores: each is planned by itself. ``grouping_sets``: Trino's own default
    (query.max-grouping-sets); each is an aggregation of its own. ``written``: characters that one expression may take
    in engine SQL, ``written_together`` all of them, each with what is in it. What a writer mentions twice is written
    twice, and within itself four times; what people write takes a hundredth of it. ``fields`` of a row, those of rows
    within it counted: ROW(x, x), said of itself through WITH entries, doubles them.
    """

    characters: int = 10_000
    nesting: int = 32
    list_items: int = 5_000
    mentions: int = 64
    grouping_sets: int = 2048
    written: int = 200_000
    written_together: int = 20_000_000
    fields: int = 1_000


@dataclass(frozen=True, slots=True)
class Source:
    """The text as typed, the text as parsed, and the way from a place in one to the other.

    ``inserted`` holds, ascending, the offsets in ``parsed`` of the quotes that were put in.
    """

    typed: str
    parsed: str
    inserted: tuple[int, ...] = ()

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, in the typed text, of an offset in the parsed text."""
        before = min(offset - bisect.bisect_left(self.inserted, offset), len(self.typed))
        return _line_and_column(self.typed, before)

    def typed_before(self, line: int, column: int) -> str:
        """What the user typed before a place."""
        lines = self.typed.split("\n")
        return "\n".join([*lines[: line - 1], lines[line - 1][: column - 1]])

    def offset(self, line: int, column: int) -> int:
        """Offset in the parsed text of a line and column, from 1, of the parsed text."""
        start = 0
        for _ in range(line - 1):
            start = self.parsed.find("\n", start) + 1
        return start + column - 1


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


_UUID = r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
_ARN = rf"arn:aws[a-z-]*:cloudtrail:[a-z0-9-]*:[0-9]*:eventdatastore/{_UUID}"
_TOKEN = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<comment>--[^\n]*|/\*.*?\*/)
    | (?P<string>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<store>(?:{_ARN}|{_UUID})(?![\w-]))
    | (?P<placeholder>\$\{{[^}}\n]*\}}|\$[A-Za-z_]\w*\$?)
    | (?P<word>[A-Za-z0-9_][\w]*)
    | (?P<open>[(\[{{])
    | (?P<close>[)\]}}])
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")  # so Python has bytes of a command line that are no UTF-8
_NAME = re.compile(r"[A-Za-z0-9_][\w.\-]*[\w]")
_DIGITS = re.compile(r"[0-9]+(?:[eE][0-9]*)?")
_ANGLED = re.compile(r"<[A-Za-z][\w \-]*>")
_STATEMENTS = ("SELECT", "WITH", "VALUES", "TABLE")
_LEAVES_FROM = frozenset(
    {"WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "OFFSET", "FETCH"}
    | {"UNION", "EXCEPT", "INTERSECT", "WINDOW", "SELECT", "ON", "USING"}
)
# Reserved words of Trino that end a list: none of them can be an item of one.
_ENDS_LIST = frozenset(
    {"FROM", "WHERE", "GROUP", "ORDER", "HAVING", "UNION", "EXCEPT", "INTERSECT", "ON", "USING", "JOIN"}
)
_UNCLOSED = {"'": "string", '"': "quoted identifier", "/*": "comment"}


@dataclass(slots=True)
class _Group:
    """What is known about one pair of brackets: has it a SELECT, are we in its FROM, how many commas.

    ``opened`` is the offset of the opening bracket, None around the whole statement.
    """

    selects: bool = False
    opened: int | None = None
    in_from: bool = False
    expects_store: bool = False
    commas: int = 0


@dataclass(slots=True)
class _Scan:
    """The way through a text. ``open_end``: where the last token is, if something has to follow it; ``ended``: a ; has
    been met."""

    text: str
    limits: Limits
    is_store: Callable[[str], bool]
    groups: list[_Group] = field(default_factory=lambda: [_Group()])
    quotes: list[tuple[int, int]] = field(default_factory=list)
    cases: int = 0
    open_end: int | None = None
    ended: bool = False


def read(text: str, limits: Limits, is_store: Callable[[str], bool]) -> Source:
    """Check the limits and quote the bare store names.

    ``is_store`` says whether a name with dots is a store's. Raises ``QueryLimitExceeded``, ``StatementNotAllowed`` for
    what does not begin like a query, and ``StatementInvalid`` for unclosed strings and left-over placeholders.
    """
    if len(text) > limits.characters:
        raise QueryLimitExceeded(
            f"the statement has {len(text):,} characters and at most {limits.characters:,} are allowed",
            limit="query_characters",
            hint="shorten it, or raise the limit: TRAILMERE_QUERY_CHARACTERS",
        )
    if "\x00" in text:
        _invalid(text, text.index("\x00"), "the statement holds a NUL character", "remove it")
    if half := _SURROGATE.search(text):
        named = f"U+{ord(half.group()):04X}"
        _invalid(
            text,
            half.start(),
            f"the statement holds {named}, half of a surrogate pair, which is no character",
            "write it in UTF-8",
        )
    scan = _Scan(text, limits, is_store)
    _begins_like_a_query(text)
    place = 0
    while place < len(text):
        place = _step(scan, place)
    if (opened := scan.groups[-1].opened) is not None:
        _invalid(text, opened, "the bracket that opens here is not closed", "close it")
    _after_open_end(scan, "", ";")
    return _quoted(text, scan.quotes)


def _begins_like_a_query(text: str) -> None:
    for match in _TOKEN.finditer(text):
        if match.lastgroup in ("space", "comment") or match.group() in ("(", ";"):
            continue
        word = match.group()
        if word.upper() in _STATEMENTS:
            return
        line, column = _line_and_column(text, match.start())
        raise StatementNotAllowed(
            f"a query begins with SELECT or WITH, and this one begins with {word[:40]}",
            line=line,
            column=column,
            hint="only one read-only SELECT statement can be run",
        )
    raise StatementInvalid("the statement is empty", line=1, column=1, hint="write SELECT ... FROM store")


def _step(scan: _Scan, place: int) -> int:
    """Look at the token at ``place``; return where the next one begins."""
    group = scan.groups[-1]
    if group.expects_store and (end := _store_name(scan, place)):
        group.expects_store = False
        scan.open_end = None
        return end
    match = _TOKEN.match(scan.text, place)
    assert match is not None  # the last alternative takes any character
    kind, text = match.lastgroup, match.group()
    if kind in ("space", "comment"):
        return match.end()
    _one_statement(scan, place, text)
    _after_open_end(scan, kind, text)
    scan.open_end = place if text == "," or text.upper() == "AS" else None
    if kind == "store":
        scan.quotes.append(match.span())
    elif kind == "placeholder":
        _placeholder(scan, place, text)
    elif kind == "open":
        _open(scan, place)
    elif kind == "close":
        if len(scan.groups) == 1:
            _invalid(scan.text, place, "this bracket closes nothing", "remove it")
        scan.groups.pop()
    elif kind == "word":
        if text[0].isdigit() and not _DIGITS.fullmatch(text):  # the parser would take 1_000 for 1 AS _000
            _invalid(scan.text, place, f"{text[:40]} is neither a number nor a name", "put quotes around a name")
        _word(scan, group, text.upper(), place)
    elif kind == "other":
        _other(scan, group, place)
    elif text == '""':
        _invalid(
            scan.text, place, "nothing stands between these double quotes", "write a name; texts have single quotes"
        )
    if kind not in ("word", "other"):
        group.expects_store = False
    return match.end()


def _one_statement(scan: _Scan, place: int, text: str) -> None:
    if scan.ended and text != ";":
        line, column = _line_and_column(scan.text, place)
        raise StatementNotAllowed(
            "one statement can be run at a time, and a second one begins here",
            line=line,
            column=column,
            hint="run them one by one; a single ; may end a statement",
        )
    scan.ended = scan.ended or text == ";"


def _after_open_end(scan: _Scan, kind: str | None, text: str) -> None:
    """Something has to follow a comma and AS; the parser would pass over the gap."""
    if scan.open_end is not None and (kind == "close" or text in (",", ";") or text.upper() in _ENDS_LIST):
        what = "this comma" if scan.text[scan.open_end] == "," else "AS"
        _invalid(scan.text, scan.open_end, f"nothing follows {what}", "remove it, or write what belongs after it")


def _store_name(scan: _Scan, place: int) -> int | None:
    """The end of a bare name with hyphens or dots (or a leading digit) at ``place``, which it marks for quoting."""
    if match := _ANGLED.match(scan.text, place):
        _placeholder(scan, place, match.group())
    match = _NAME.match(scan.text, place)
    if not match or scan.text.startswith("arn:", place):
        return None
    name = match.group()
    if "--" in name:
        name = name[: name.index("--")]
    if "-" in name or scan.is_store(name):
        if re.fullmatch(r"[A-Za-z_]\w*", name):
            return None
        scan.quotes.append((place, place + len(name)))
        return place + len(name)
    return None


def _open(scan: _Scan, place: int) -> None:
    scan.groups.append(_Group(opened=place))
    if len(scan.groups) - 1 + scan.cases > scan.limits.nesting:
        _too_deep(scan, place)


def _word(scan: _Scan, group: _Group, word: str, place: int) -> None:
    group.expects_store = False
    if word in ("CASE", "END"):
        scan.cases = max(0, scan.cases + (1 if word == "CASE" else -1))
        if scan.cases > scan.limits.nesting:
            _too_deep(scan, place)
    elif word in _LEAVES_FROM:
        group.in_from = False
        group.selects = group.selects or word == "SELECT"
    elif (word == "FROM" and group.selects) or (word == "JOIN"):
        group.in_from = group.expects_store = True


def _other(scan: _Scan, group: _Group, place: int) -> None:
    character = scan.text[place]
    if character in _UNCLOSED:
        _invalid(scan.text, place, f"the {_UNCLOSED[character]} that begins here is not closed", "close it")
    if scan.text.startswith("/*", place):
        _invalid(scan.text, place, "the comment that begins here is not closed", "close it with */")
    if character == ",":
        group.commas += 1
        group.expects_store = group.in_from
        if group.commas >= scan.limits.list_items:
            raise QueryLimitExceeded(
                f"a list has more than {scan.limits.list_items:,} items",
                limit="query_list_items",
                hint="split the query, or match with LIKE or regexp_like",
            )


def _too_deep(scan: _Scan, place: int) -> NoReturn:
    line, column = _line_and_column(scan.text, place)
    raise QueryLimitExceeded(
        f"line {line}, column {column}: nested deeper than {scan.limits.nesting} levels",
        limit="query_nesting",
        hint="flatten the expression",
    )


def _placeholder(scan: _Scan, place: int, text: str) -> NoReturn:
    _invalid(
        scan.text,
        place,
        f"{text} is a placeholder that was not filled in",
        f"write a value in place of {text}: for a store its name, id or ARN (trailmere store list)",
    )


def _invalid(text: str, place: int, message: str, hint: str) -> NoReturn:
    line, column = _line_and_column(text, place)
    raise StatementInvalid(message, line=line, column=column, hint=hint)


def _quoted(text: str, spans: list[tuple[int, int]]) -> Source:
    pieces: list[str] = []
    inserted: list[int] = []
    place = 0
    for start, end in spans:
        pieces += [text[place:start], '"', text[start:end], '"']
        inserted += [start + len(inserted), end + len(inserted) + 1]
        place = end
    return Source(text, "".join([*pieces, text[place:]]), tuple(inserted))
