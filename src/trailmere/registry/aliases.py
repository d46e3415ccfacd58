"""Statements that have a name: those that GenerateQuery and dashboards register, and StartQuery runs by alias."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, String, Table, Text, delete, insert, select

from trailmere.errors import InvalidParameter
from trailmere.registry.database import UtcTime, create_tables, reading, utc_now, writing

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Engine

METADATA = MetaData()
ALIASES = Table(
    "query_aliases",
    METADATA,
    Column("account_id", String(16), primary_key=True),
    Column("alias", String(256), primary_key=True),
    Column("statement", Text, nullable=False),
    Column("prompt", Text),
    Column("created", UtcTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class AliasedStatement:
    """A statement with a name; it may hold ``?`` for parameters. ``prompt``: the question that it was made for."""

    account_id: str
    alias: str
    statement: str
    prompt: str | None
    created: datetime


class AliasRecords:
    """The named statements of a lake, each in its account."""

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], datetime] = utc_now,
        of_software: Callable[[str], str | None] = lambda _alias: None,
    ) -> None:
        """``of_software`` gives the statement of a name that comes with the software, in every account."""
        self._engine = engine
        self._clock = clock
        self._of_software = of_software
        create_tables(engine, METADATA)

    def put(self, account_id: str, alias: str, statement: str, prompt: str | None = None) -> AliasedStatement:
        """Name a statement; what had the name is replaced."""
        aliased = AliasedStatement(account_id, alias, statement, prompt, self._clock())
        values = {column.name: getattr(aliased, column.name) for column in ALIASES.columns}
        with writing(self._engine) as connection:
            connection.execute(delete(ALIASES).where(_is(account_id, alias)))
            connection.execute(insert(ALIASES).values(**values))
        return aliased

    def get(self, account_id: str, alias: str) -> AliasedStatement:
        """The statement of this name. Raises InvalidParameter."""
        known = self._of_software(alias)
        if known is not None:
            return AliasedStatement(account_id, alias, known, None, self._clock())
        with reading(self._engine) as connection:
            row = connection.execute(select(ALIASES).where(_is(account_id, alias))).mappings().first()
        if row is None:
            raise InvalidParameter(
                f"there is no query alias {alias}",
                hint="GenerateQuery gives one, and so has each widget of a dashboard",
            )
        return AliasedStatement(**row)

    def remove(self, account_id: str, alias: str) -> None:
        """Forget a name; nothing where it is gone."""
        with writing(self._engine) as connection:
            connection.execute(delete(ALIASES).where(_is(account_id, alias)))


def _is(account_id: str, alias: str) -> ColumnElement[bool]:
    return (ALIASES.c.account_id == account_id) & (ALIASES.c.alias == alias)
