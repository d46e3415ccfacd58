"""Which event data stores have Insights, how far their events were analysed, and what was found lately.

What is found, and how, is decided in the study ``insights``. Minutes are counted from 1970 UTC.

Source: CloudTrail API reference, PutInsightSelectors and GetInsightSelectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Float, MetaData, String, Table, delete, insert, select, update

from trailmere.errors import InsightNotEnabled
from trailmere.registry.database import UtcTime, create_tables, reading, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, RowMapping

METADATA = MetaData()
SELECTORS = Table(
    "insight_selectors",
    METADATA,
    Column("store_id", String(36), primary_key=True),
    Column("destination_id", String(36), nullable=False, index=True),
    Column("types", String(128), nullable=False),  # InsightType, with blanks between
    Column("analysed", BigInteger),  # minute before which everything was analysed
    Column("snapshot_id", BigInteger),  # of the store, when it was
    Column("updated", UtcTime, nullable=False),
)
# one column for each field of Finding, under its name
FINDINGS = Table(
    "insight_findings",
    METADATA,
    Column("store_id", String(36), primary_key=True),
    Column("insight_type", String(32), primary_key=True),
    Column("account_id", String(64), primary_key=True),
    Column("region", String(64), primary_key=True),
    Column("event_source", String(256), primary_key=True),
    Column("event_name", String(256), primary_key=True),
    Column("error_code", String(1024), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("baseline_average", Float(53), nullable=False),
    Column("baseline_minutes", BigInteger, nullable=False),
    Column("level", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("end", BigInteger),
)


@dataclass(frozen=True, slots=True)
class InsightSettings:
    """What is analysed of a store, and where it goes. ``analysed``: the minute up to which it was; None: not yet."""

    store_id: str
    destination_id: str
    types: tuple[str, ...]
    analysed: int | None
    snapshot_id: int | None
    updated: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """An unusual activity that was found. ``error_code`` is "" where calls are counted; ``end`` None: it goes on.

    What the numbers are is told in ``insights.detect``.
    """

    store_id: str
    insight_type: str
    account_id: str
    region: str
    event_source: str
    event_name: str
    error_code: str
    start: int
    baseline_average: float
    baseline_minutes: int
    level: int
    events: int
    last: int
    end: int | None


class InsightRecords:
    """The rows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        create_tables(engine, METADATA)

    def put(self, store_id: str, destination_id: str, types: Sequence[str], when: datetime) -> InsightSettings:
        """The store has Insights of these types from now on. How far it was analysed stays as it was."""
        wishes = {"destination_id": destination_id, "types": " ".join(types), "updated": when}
        with writing(self._engine) as connection:
            here = SELECTORS.c.store_id == store_id
            if not connection.execute(update(SELECTORS).where(here).values(**wishes)).rowcount:
                connection.execute(insert(SELECTORS).values(store_id=store_id, **wishes))
            return _get(connection, store_id)

    def remove(self, store_id: str) -> None:
        """The store has no Insights any more; nothing where it has none."""
        with writing(self._engine) as connection:
            connection.execute(delete(FINDINGS).where(FINDINGS.c.store_id == store_id))
            connection.execute(delete(SELECTORS).where(SELECTORS.c.store_id == store_id))

    def get(self, store_id: str) -> InsightSettings:
        """Raises InsightNotEnabled."""
        with reading(self._engine) as connection:
            return _get(connection, store_id)

    def list(self) -> tuple[InsightSettings, ...]:
        """Of all stores that have Insights."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(SELECTORS).order_by(SELECTORS.c.store_id)).mappings()
            return tuple(_settings(row) for row in rows)

    def findings(self, store_id: str) -> tuple[Finding, ...]:
        """Those that go on, and those of the time that ``advance`` keeps; in the order of their start."""
        wanted = select(FINDINGS).where(FINDINGS.c.store_id == store_id).order_by(FINDINGS.c.start)
        with reading(self._engine) as connection:
            return tuple(Finding(**row) for row in connection.execute(wanted).mappings())

    def forget(self, store_id: str, since: int) -> None:
        """Forget what was found in minute ``since`` or later: it is looked for once more."""
        with writing(self._engine) as connection:
            connection.execute(delete(FINDINGS).where(FINDINGS.c.store_id == store_id, FINDINGS.c.last >= since))

    def advance(
        self, store_id: str, analysed: int, snapshot_id: int | None, found: Sequence[Finding], *, keep_from: int
    ) -> None:
        """Everything before the minute ``analysed`` was analysed, and this was found or went on.

        What ended before ``keep_from`` is forgotten.
        """
        with writing(self._engine) as connection:
            for one in found:
                connection.execute(delete(FINDINGS).where(*(FINDINGS.c[name] == getattr(one, name) for name in _KEY)))
                connection.execute(insert(FINDINGS).values(**asdict(one)))
            past = (FINDINGS.c.store_id == store_id) & (FINDINGS.c.end < keep_from)
            connection.execute(delete(FINDINGS).where(past))
            progress = {"analysed": analysed, "snapshot_id": snapshot_id}
            connection.execute(update(SELECTORS).where(SELECTORS.c.store_id == store_id).values(**progress))


_KEY = tuple(column.name for column in FINDINGS.primary_key)


def _get(connection: Connection, store_id: str) -> InsightSettings:
    row = connection.execute(select(SELECTORS).where(SELECTORS.c.store_id == store_id)).mappings().first()
    if row is None:
        raise InsightNotEnabled(
            f"Insights are not enabled for {store_id}", hint="enable them: trailmere insights enable STORE --into STORE"
        )
    return _settings(row)


def _settings(row: RowMapping) -> InsightSettings:
    fields: dict[str, Any] = {**row, "types": tuple(row["types"].split())}
    return InsightSettings(**fields)
