"""Statements of Trino's clients that are no SELECT: prepared ones, USE, SHOW, DESCRIBE.

``understand`` says what to run in the end, and what the client is to remember: this door keeps nothing between two
statements. Source: Trino documentation, "SQL statement syntax" and "Client REST API" (headers).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from trailmere.connect.callers import CATALOG, namespace, readable
from trailmere.connect.metadata import INFORMATION_SCHEMA, Table, columns_of, like, table
from trailmere.errors import StatementInvalid

if TYPE_CHECKING:
    from trailmere.api.call import Call
    from trailmere.api.request import Request

_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_EXECUTE = re.compile(
    rf"EXECUTE\s+(?:IMMEDIATE\s+(?P<text>'(?:[^']|'')*')|(?P<name>{_NAME}))(?:\s+USING\s+(?P<values>.*))?", re.I | re.S
)
_PREPARE = re.compile(rf"PREPARE\s+(?P<name>{_NAME})\s+FROM\s+(?P<text>.*)", re.I | re.S)
_DEALLOCATE = re.compile(rf"DEALLOCATE\s+PREPARE\s+(?P<name>{_NAME})", re.I)
_USE = re.compile(rf"USE\s+(?:(?P<catalog>{_NAME})\s*\.\s*)?(?P<schema>{_NAME})", re.I)
_SHOW = re.compile(
    rf"SHOW\s+(?P<what>CATALOGS|SCHEMAS|TABLES)(?:\s+(?:FROM|IN)\s+(?P<of>{_NAME}(?:\s*\.\s*{_NAME})?))?"
    r"(?:\s+LIKE\s+'(?P<like>(?:[^']|'')*)'(?:\s+ESCAPE\s+'(?P<escape>.)')?)?",
    re.I,
)
_DESCRIBE = re.compile(
    rf"(?:SHOW\s+COLUMNS\s+(?:FROM|IN)|DESCRIBE|DESC)\s+(?P<table>{_NAME}(?:\s*\.\s*{_NAME})*)", re.I
)
_TOKEN = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\?|.", re.S)
_LITERALS = (exp.Literal, exp.Boolean, exp.Null, exp.Cast, exp.Neg, exp.Interval, exp.HexString, exp.Array, exp.Tuple)


@dataclass(frozen=True, slots=True)
class Understood:
    """``query`` is to be run; or ``table`` is the answer; or there are only ``headers``. ``kind``: ``updateType``."""

    query: str | None = None
    table: Table | None = None
    kind: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def understand(statement: str, request: Request, call: Call) -> Understood:
    """What a statement is. Raises StatementInvalid."""
    text = statement.strip().rstrip(";").rstrip()
    if found := _EXECUTE.fullmatch(text):
        prepared = unquoted(found["text"]) if found["text"] else _prepared(request, unquoted(found["name"]))
        return understand(filled(prepared, found["values"]), request, call)
    if found := _PREPARE.fullmatch(text):
        value = f"{quote(unquoted(found['name']), safe='')}={quote(found['text'], safe='')}"
        return Understood(kind="PREPARE", headers={"x-trino-added-prepare": value})
    if found := _DEALLOCATE.fullmatch(text):
        name = quote(unquoted(found["name"]), safe="")
        return Understood(kind="DEALLOCATE", headers={"x-trino-deallocated-prepare": name})
    if found := _USE.fullmatch(text):
        return _use(found, call)
    if found := _SHOW.fullmatch(text):
        return Understood(table=_show(found, call))
    if found := _DESCRIBE.fullmatch(text):
        return Understood(table=_describe(_parts(found["table"]), call))
    return Understood(query=text)


def unquoted(text: str) -> str:
    """What is meant by a string or a quoted name."""
    mark = text[:1]
    return text[1:-1].replace(mark * 2, mark) if mark and mark in "'\"" else text


def filled(statement: str, values: str | None) -> str:
    """The statement with each ``?`` replaced by one of the values, which are SQL literals between commas.

    Raises StatementInvalid: they are none, or more or fewer than there are places.
    """
    literals = [] if values is None else _literals(values)
    pieces = _TOKEN.findall(statement)
    if pieces.count("?") != len(literals):
        raise StatementInvalid(
            f"Incorrect number of parameters: expected {pieces.count('?')} but found {len(literals)}"
        )
    given = iter(literals)
    return "".join(f" {next(given)} " if piece == "?" else piece for piece in pieces)


def _literals(values: str) -> list[str]:
    try:
        tree = parse_one(f"SELECT {values}", dialect="trino")
    except (SqlglotError, RecursionError):
        tree = None
    if not isinstance(tree, exp.Select) or {name for name, value in tree.args.items() if value} != {"expressions"}:
        raise StatementInvalid(f"expected literals after USING, got {values[:100]}")
    for one in tree.expressions:
        if not isinstance(one, _LITERALS) or any(one.find_all(exp.Column, exp.Query)):
            raise StatementInvalid(f"expected a literal after USING, got {one.sql('trino')[:100]}")
    return [one.sql("trino") for one in tree.expressions]


def _prepared(request: Request, name: str) -> str:
    """The statement that the client has under this name: it brings them all with each request."""
    for key, value in request.headers:
        if key == "x-trino-prepared-statement":
            for one in value.split(","):
                known, _, text = one.strip().partition("=")
                if unquote_plus(known) == name:
                    return unquote_plus(text)
    raise StatementInvalid(f"Prepared statement not found: {name}")


def _use(found: re.Match[str], call: Call) -> Understood:
    catalog = unquoted(found["catalog"]) if found["catalog"] else CATALOG
    schema = unquoted(found["schema"])
    if catalog.lower() != CATALOG or schema.lower() not in (namespace(call.account_id), INFORMATION_SCHEMA):
        raise StatementInvalid(
            f"there is no schema {catalog}.{schema}", hint=f"there is {CATALOG}.{namespace(call.account_id)}"
        )
    return Understood(kind="USE", headers={"x-trino-set-catalog": catalog, "x-trino-set-schema": schema})


def _show(found: re.Match[str], call: Call) -> Table:
    title, listed = _listing(found["what"].upper(), found["of"], call)
    if found["like"] is not None:
        pattern = found["like"].replace("''", "'")
        listed = [name for name in listed if like(pattern, name, found["escape"] or "")]
    return Table((title,), [(name,) for name in listed])


def _listing(what: str, of: str | None, call: Call) -> tuple[str, list[str]]:
    if what == "CATALOGS":
        return "Catalog", [CATALOG, "system"]
    if what == "SCHEMAS":
        return "Schema", [namespace(call.account_id), INFORMATION_SCHEMA]
    return "Table", _tables(of, call)


def _tables(schema: str | None, call: Call) -> list[str]:
    wanted = namespace(call.account_id) if schema is None else _parts(schema)[-1].lower()
    return [store.name for store in readable(call)] if wanted == namespace(call.account_id) else []


def _describe(parts: list[str], call: Call) -> Table:
    names = ("Column", "Type", "Extra", "Comment")
    facts = table(call, ".".join(parts).lower())
    if facts is not None:
        return Table(names, [(name, "varchar", "", "") for name in facts.columns])
    for store in readable(call):
        if parts[-1] in (store.name, store.id):
            return Table(names, [(name, type, "", meaning) for name, type, meaning in columns_of(store)])
    raise StatementInvalid(f"there is no table {'.'.join(parts)}", hint="see them all: SHOW TABLES")


def _parts(name: str) -> list[str]:
    return [unquoted(part.strip()) for part in re.findall(_NAME, name)]
