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
    "ValueError": _VALUE,
}

# What the engine calls types, where Trino says otherwise.
TYPES = {"INT64": "bigint", "INT32": "integer", "INT16": "smallint", "INT8": "tinyint", "HUGEINT": "decimal(38,0)"}

_MEMORY_HINT = "narrow the time range, select fewer columns or group by fewer, or allow more memory"
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
        return QueryCancelled("the query was cancelled")
    text = names.restore(_without_excerpt(message))
    if kind == "files" or any(path in message for path in paths):
        return LakeDamaged(
            f"expected to read the lake's data files, but {text}", hint="trailmere doctor lists missing files"
        )
    if refusal := re.search(r"""["']lake: ([^"']*)["']""", text):
        return EngineError(refusal[1], hint="narrow what the function is given")
    if kind in {"value", "statement"}:
        return EngineError(text, hint=_VALUE_HINT if kind == "value" and "TRY(" not in text else None)
    return EngineError(f"the engine refused the statement: {text}", hint=_BUG_HINT)


def memory_exceeded(memory_bytes: int) -> QueryLimitExceeded:
    """The query's memory was not enough."""
    return QueryLimitExceeded(
        f"the query needs more than the {memory_bytes // MIB:,} MiB of memory that it may use",
        limit="query_memory_bytes",
        hint=_MEMORY_HINT,
    )


def time_exceeded(seconds: float) -> QueryLimitExceeded:
    """The query was stopped at its time limit."""
    return QueryLimitExceeded(
        f"the query was stopped after {seconds:g} seconds, the time that it may take",
        limit="query_seconds",
        hint="narrow the time range, or allow more time",
    )


def worker_died(cause: str, words: str, memory_bytes: int) -> TrailmereError:
    """The worker ended in the middle of a query, and we did not end it."""
    if "bad_alloc" in words or "Out of Memory" in words:
        return memory_exceeded(memory_bytes)
    return EngineError(
        f"the query worker stopped in the middle of the query: {cause}{'; it said: ' + words if words else ''}",
        hint="the next query gets a new worker; if this one fails again, please report the statement",
    )


def _without_excerpt(message: str) -> str:
    """Without the class name in front and without what follows: an excerpt of engine SQL, or advice for its users."""
    first = re.split(r"\n\s*\n|\nLINE \d+:|\nCandidate |\nDid you mean|, or SET ", message, maxsplit=1)[0]
    return " ".join(re.sub(r"^(?:[A-Z]\w+ )+Error: ", "", first).split())
