"""What a failed query means to the user: the engine's errors, translated from a table.

The engine speaks of its own names (``useridentity__accesskeyid``, relations, ``"c0"``) and of files; the user knows
columns, stores and what they typed. ``explain_failure`` gives the error to raise; ``TABLE`` says for each error of the
engine what kind it is and whether a worker that met it may serve again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from trailmere.errors import EngineError, LakeDamaged, QueryCancelled, QueryLimitExceeded, TrailmereError

MIB = 1 << 20
Kind = Literal["value", "statement", "refused", "memory", "files", "cancelled", "fault"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """The kind of an engine error, and whether the worker is as good as new after it."""

    kind: Kind
    reusable: bool


_VALUE = Meaning("value", reusable=True)
_STATEMENT = Meaning("statement", reusable=True)
_FAULT = Meaning("fault", reusable=False)

# Every exception class of the duckdb module, and what Python itself raises around it.
TABLE: dict[str, Meaning] = {
    "BinderException": _STATEMENT,
    "CatalogException": _STATEMENT,
    "ConnectionException": _FAULT,
    "ConstraintException": _FAULT,
    "ConversionException": _VALUE,
    "DataError": _VALUE,
    "DatabaseError": _FAULT,
    "DependencyException": _FAULT,
    "Error": _FAULT,
    "FatalException": _FAULT,
    "HTTPException": _FAULT,
    "IOException": Meaning("files", reusable=True),
    "IntegrityError": _FAULT,
    "InternalError": _FAULT,
    "InternalException": _FAULT,
    "InterruptException": Meaning("cancelled", reusable=False),
    "InvalidInputException": _VALUE,
    "InvalidTypeException": _STATEMENT,
    "MemoryError": Meaning("memory", reusable=False),
    "NotImplementedError": _STATEMENT,
    "NotImplementedException": _STATEMENT,
    "NotSupportedError": _STATEMENT,
    "OperationalError": _FAULT,
    "OutOfMemoryException": Meaning("memory", reusable=False),
    "OutOfRangeException": _VALUE,
    "ParserException": _STATEMENT,
    "PermissionException": Meaning("refused", reusable=True),
    "ProgrammingError": _STATEMENT,
    "ResourceInUseException": _FAULT,
    "SequenceException": _FAULT,
    "SerializationException": _FAULT,
    "SyntaxException": _STATEMENT,
    "TransactionException": _FAULT,
    "TypeMismatchException": _STATEMENT,
    "UnicodeDecodeError": _VALUE,  # the engine cut its message in the middle of a character
    "ValueError": _VALUE,
}

# What the engine says of a failure -> what the user is told, with a hint. The first that is found counts.
PHRASES: tuple[tuple[re.Pattern[str], str, str | None], ...] = tuple(
    (re.compile(pattern, re.DOTALL), message, hint)
    for pattern, message, hint in (
        ("^Division by zero in expression.*", "Division by zero", "TRY(...) gives NULL where it happens"),
        (
            r"^(?:TRY can not be used in combination with a scalar subquery|subqueries in lambda expressions|"
            r"Cannot copy BoundSubquery).*",
            "a subquery cannot stand inside of this function",
            "put it in the FROM clause: CROSS JOIN (SELECT ...) AS x, and use its column",
        ),
        (
            r"^Cannot deduce template type.*",
            "a function is given arrays, maps or values of types that do not go together",
            "CAST one of them to the type of the other",
        ),
        (
            r"^TRY can not be used in combination with a volatile function.*",
            "try(...) cannot hold random() or uuid()",
            None,
        ),
        (
            r"^(missing [\]\)]|unexpected \)|no argument for rep|trailing \\|bad rep|"
            r"invalid (?:escape|perl|character|rep|UTF-8|named)|pattern too large).*",
            r"the regular expression cannot be read: \g<0>",
            None,
        ),
        (
            r"^Could not parse string (\"(?:[^\"]|\"\")*\") according to format.*",
            r"the text \1 is not of the pattern",
            None,
        ),
        (r'^invalid (timestamp|date) field format: "(.{0,120}?)", expected format.*', r'"\2" is not a \1', None),
        (r'^invalid (timestamp|date) field format: "(.{120}).*', r'"\2 ..." is not a \1', None),
        (r"^'utf-8' codec can't decode.*", "a value cannot be read", None),
        (r"^Unknown TimeZone ('.*?')!?.*", r"\1 is no time zone", "zones look like 'Europe/Vienna' or 'UTC'"),
    )
)
LONGEST_VALUE = 120  # characters of a value that a message shows

# What the engine calls types, where Trino says otherwise.
TYPES = {
    "INT64": "bigint",
    "INT32": "integer",
    "INT16": "smallint",
    "INT8": "tinyint",
    "HUGEINT": "decimal(38,0)",
    "INT128": "decimal(38,0)",
    "UINT128": "ipaddress",
    "UHUGEINT": "ipaddress",
    "BOOL": "boolean",
    "BLOB": "varbinary",
}

# How more of a limit is allowed.
ALLOW_MORE = {
    "query_seconds": "trailmere query --max-seconds, or TRAILMERE_QUERY_SECONDS",
    "query_memory_bytes": "trailmere query --max-memory, or TRAILMERE_QUERY_MEMORY_BYTES",
    "query_scan_bytes": "TRAILMERE_QUERY_SCAN_BYTES",
    "query_answer_bytes": "TRAILMERE_QUERY_ANSWER_BYTES",
}
_VALUE_HINT = "TRY(...), or TRY_CAST for CAST, gives NULL where this value does not fit"
_BUG_HINT = "this is a fault of Trailmere: please report the statement"


@dataclass(frozen=True, slots=True)
class Names:
    """From the engine's names to the user's: ``columns`` by physical name, ``relations``, output columns in order."""

    columns: Mapping[str, str]
    relations: Mapping[str, str]
    output: tuple[str, ...]

    def restore(self, message: str) -> str:
        """The message with the user's names in it."""
        message = re.sub(r"\b\w+__\w+\b", lambda found: self.columns.get(found[0], found[0]), message)
        message = re.sub(r'"c(\d+)"', self._output, message)
        known = {**TYPES, **self.relations}
        return re.sub(r"\b\w+\b", lambda found: known.get(found[0], found[0]), message)

    def _output(self, found: re.Match[str]) -> str:
        place = int(found[1])
        return f'"{self.output[place]}"' if place < len(self.output) else found[0]


def meaning(error: str) -> Meaning:
    """What an error of this class name is. One that the table does not know is a fault."""
    return TABLE.get(error, _FAULT)


def explain_failure(
    error: str, message: str, *, names: Names, paths: Collection[str], memory_bytes: int
) -> TrailmereError:
    """The error to raise for an engine error: its class name and its message."""
    kind = meaning(error).kind
    if kind == "memory":
        return memory_exceeded(memory_bytes)
    if kind == "cancelled":
        return cancelled()
    text = names.restore(_without_excerpt(message))
    if kind == "files" or any(path in message for path in paths):
        return LakeDamaged(
            f"expected to read the lake's data files, but {text}", hint="trailmere doctor lists missing files"
        )
    if refusal := re.search(r"""["']lake: ([^"']*)["']""", text):
        return EngineError(refusal[1], hint="narrow what the function is given")
    for pattern, said, hint in PHRASES:
        if pattern.search(text):
            return EngineError(
                pattern.sub(said, text, count=1), hint=hint or (_VALUE_HINT if kind == "value" else None)
            )
    if kind in {"value", "statement"}:
        return EngineError(text, hint=_VALUE_HINT if kind == "value" and "TRY(" not in text else None)
    return EngineError(f"the engine refused the statement: {text}", hint=_BUG_HINT)


def memory_exceeded(memory_bytes: int) -> QueryLimitExceeded:
    """The query's memory was not enough."""
    return _exceeded(
        "query_memory_bytes",
        f"the query needs more than the {memory_bytes // MIB:,} MiB of memory that it may use",
        "narrow eventTime, select fewer columns or group by fewer",
    )


def cancelled() -> QueryCancelled:
    """Somebody ended the query."""
    return QueryCancelled("the query was cancelled")


def time_exceeded(seconds: float) -> QueryLimitExceeded:
    """The query was stopped at its time limit."""
    return _exceeded(
        "query_seconds",
        f"the query was stopped after {seconds:g} seconds, the time that it may take",
        "narrow eventTime: files of other days are left out",
    )


def scan_exceeded(wanted_bytes: int, allowed_bytes: int) -> QueryLimitExceeded:
    """The planned files are too large; nothing was read."""
    return _exceeded(
        "query_scan_bytes",
        f"the query has to read files of {wanted_bytes:,} bytes; {allowed_bytes:,} are allowed",
        "narrow eventTime: files of other days are left out",
    )


def answer_exceeded(answer_bytes: int, rows: int, allowed_bytes: int) -> QueryLimitExceeded:
    """The answer was too large; ``rows`` have been given."""
    return _exceeded(
        "query_answer_bytes",
        f"the answer was stopped after {rows:,} rows: with the next ones it has {answer_bytes:,} bytes, and "
        f"{allowed_bytes:,} are allowed",
        "select fewer columns (eventJson is the largest), or fewer rows with LIMIT",
    )


def _exceeded(limit: str, message: str, advice: str) -> QueryLimitExceeded:
    return QueryLimitExceeded(message, limit=limit, hint=f"{advice}; or allow more: {ALLOW_MORE[limit]}")


def worker_died(cause: str, words: str, memory_bytes: int) -> TrailmereError:
    """The worker ended in the middle of a query, and we did not end it."""
    if "bad_alloc" in words or "Out of Memory" in words:
        return memory_exceeded(memory_bytes)
    return EngineError(
        f"the query worker stopped in the middle of the query: {cause}{'; it said: ' + words if words else ''}",
        hint="the next query gets a new worker; if this one fails again, please report the statement",
    )


_ADVICE = re.compile(
    r"\n\s*\n|\nLINE \d+:|\s+Candidate |\nDid you mean|, or SET |\n\* SET |\. Use try\(|"
    r"\s+You might need to add explicit"
)


def _without_excerpt(message: str) -> str:
    """Without the class name in front and without what follows: an excerpt of engine SQL, or advice for its users.

    Values are cut to a length that can be read: one may be a whole record.
    """
    first = _ADVICE.split(message, maxsplit=1)[0]
    first = re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", _shortened, first) if len(first) > LONGEST_VALUE else first
    first = first.removesuffix(" when casting from source column SUBQUERY")
    return _shorten(
        " ".join(re.sub(r"^(?:[A-Z][\w-]* (?:[A-Za-z]+ )?)*?Error: ", "", first).split()), 4 * LONGEST_VALUE
    )


def _shortened(quoted: re.Match[str]) -> str:
    return _shorten(quoted[0][:-1], LONGEST_VALUE) + quoted[0][-1]


def _shorten(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 4] + " ..."
