"""What crosses between dialect, engine and door."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import pyarrow as pa

    from trailmere.events.types import Type
    from trailmere.lake.records import Condition


@dataclass(frozen=True, slots=True)
class StoreEntry:
    """An event data store as the SQL catalog shows it. ``family`` is a key of ``events.columns.COLUMNS``."""

    id: str
    name: str
    arn: str
    family: str


class Catalog(Protocol):
    """What the dialect asks about stores. Names are matched by name, bare id or ARN."""

    def find(self, name: str) -> StoreEntry | None:
        """The store of this name, id or ARN (ids and ARNs case-insensitively), or None."""

    def names(self) -> tuple[str, ...]:
        """All names, for "did you mean"."""


@dataclass(frozen=True, slots=True)
class TableUse:
    """One mention of a store in a statement.

    ``relation`` is the name under which the engine SQL expects it. The engine provides a relation of this name with the
    physical columns of the family, plus the computed ones, plus a struct for every row column (``useridentity``), lower
    case. ``conditions`` are true of every row that the statement can use from this mention: a scan may leave out files.
    ``columns`` are the physical and computed columns that the statement reads from it.
    """

    relation: str
    store: StoreEntry
    columns: tuple[str, ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of the answer: the name as CloudTrail Lake would show it, and its Trino type where known."""

    name: str
    type: Type | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A checked statement. ``sql`` was rendered from the tree; nothing of the user's text is in it but literals.

    ``timeless``: compiled at another time it would be the same.
    """

    sql: str
    tables: tuple[TableUse, ...]
    columns: tuple[OutputColumn, ...] = field(default=())
    timeless: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """The snapshot of a store that an answer was read from; None where the store was empty."""

    store: StoreEntry
    snapshot_id: int | None
    snapshot_time: datetime | None


@dataclass(frozen=True, slots=True)
class QueryStatistics:
    """What it took. Bytes and rows scanned are those of the planned files; ``seconds`` those until the first rows."""

    files: int
    bytes_scanned: int
    rows_scanned: int
    total_files: int
    total_bytes: int
    seconds: float


@dataclass(slots=True)
class Outcome:
    """What is known of an answer while it is read: complete when ``done``. ``cut``: the row limit left rows out."""

    rows: int = 0
    cut: bool = False
    done: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ResultSet:
    """An answer. ``schema`` has the output names (they may repeat); ``batches`` is read once.

    ``cut`` says whether the row limit cut it (known when the batches are exhausted); ``looks``: each store once.
    """

    columns: tuple[OutputColumn, ...]
    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    statistics: QueryStatistics
    outcome: Outcome = field(default_factory=Outcome)
    looks: tuple[Look, ...] = ()

    @property
    def cut(self) -> bool:
        """Whether there are more rows than the limit let through."""
        return self.outcome.cut

    def close(self) -> None:
        """End the query if it still runs. An answer that was read to its end needs no closing."""
        close = getattr(self.batches, "close", None)
        if close is not None:
            close()
