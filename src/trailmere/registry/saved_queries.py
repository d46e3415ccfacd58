"""Statements that people keep under a name, each in its account: saved queries of the console.

A statement is kept as it was typed, with its parameters; whether it can be run is seen when it is. Who may keep and
change them is the door's to ask.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Column, Index, MetaData, String, Table, Text, delete, func, insert, select, update

from trailmere.errors import InvalidParameter, ResourceNotFound
from trailmere.registry.database import UtcTime, create_tables, reading, utc_now, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

MOST = 1000  # of one account
LONGEST_NAME, LONGEST_DESCRIPTION, LONGEST_STATEMENT = 128, 1000, 10_000
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")

METADATA = MetaData()
# one column for each field of SavedQuery, under its name; ``folded`` is the name without capitals
SAVED = Table(
    "saved_queries",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("account_id", String(16), nullable=False),
    Column("name", String(LONGEST_NAME), nullable=False),
    Column("folded", String(3 * LONGEST_NAME), nullable=False),
    Column("description", Text, nullable=False),
    Column("statement", Text, nullable=False),
    Column("saved_by", Text, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("updated", UtcTime, nullable=False),
    Index("saved_queries_by_name", "account_id", "folded", unique=True),
)


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A statement with a name. ``saved_by``: the ARN of whoever changed it last."""

    id: str
    account_id: str
    name: str
    description: str
    statement: str
    saved_by: str
    created: datetime
    updated: datetime


class SavedQueries:
    """The saved queries of a lake."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._clock = clock
        create_tables(engine, METADATA)

    def of_account(self, account_id: str, phrase: str = "") -> list[SavedQuery]:
        """Those of an account by name; with a phrase those in which each of its words is found."""
        query = select(SAVED).where(SAVED.c.account_id == account_id).order_by(SAVED.c.folded)
        with reading(self._engine) as connection:
            found = [_saved(dict(row)) for row in connection.execute(query).mappings()]
        words = phrase.casefold().split()
        return [one for one in found if all(word in _text(one) for word in words)]

    def get(self, account_id: str, id: str) -> SavedQuery:
        """One of an account. Raises ResourceNotFound."""
        with reading(self._engine) as connection:
            return _get(connection, account_id, id)

    def create(self, account_id: str, name: str, description: str, statement: str, by: str) -> SavedQuery:
        """Keep a statement. Raises InvalidParameter where the name is taken, or a text is out of its bounds."""
        now = self._clock()
        made = SavedQuery(str(uuid.uuid4()), account_id, *_checked(name, description, statement), by, now, now)
        with writing(self._engine) as connection:
            _check_name(connection, made)
            count = select(func.count()).select_from(SAVED).where(SAVED.c.account_id == account_id)
            if connection.execute(count).scalar_one() >= MOST:
                raise InvalidParameter(f"an account keeps at most {MOST} queries", hint="delete one")
            connection.execute(insert(SAVED).values(**_row(made)))
        return made

    def change(self, account_id: str, id: str, name: str, description: str, statement: str, by: str) -> SavedQuery:
        """Another name, description or statement. Raises ResourceNotFound, and as ``create``."""
        name, description, statement = _checked(name, description, statement)
        with writing(self._engine) as connection:
            before = _get(connection, account_id, id)
            after = replace(
                before,
                name=name,
                description=description,
                statement=statement,
                saved_by=by,
                updated=self._clock(),
            )
            _check_name(connection, after)
            connection.execute(update(SAVED).where(SAVED.c.id == id).values(**_row(after)))
        return after

    def delete(self, account_id: str, id: str) -> SavedQuery:
        """Forget one; gives what it was. Raises ResourceNotFound."""
        with writing(self._engine) as connection:
            before = _get(connection, account_id, id)
            connection.execute(delete(SAVED).where(SAVED.c.id == id))
        return before


def _get(connection: Connection, account_id: str, id: str) -> SavedQuery:
    wanted = select(SAVED).where((SAVED.c.account_id == account_id) & (SAVED.c.id == id))
    row = connection.execute(wanted).mappings().first()
    if row is None:
        raise ResourceNotFound("there is no such saved query", hint="somebody may have deleted it")
    return _saved(dict(row))


def _check_name(connection: Connection, saved: SavedQuery) -> None:
    same = (SAVED.c.account_id == saved.account_id) & (SAVED.c.folded == saved.name.casefold())
    if connection.scalar(select(SAVED.c.id).where(same & (SAVED.c.id != saved.id))) is not None:
        raise InvalidParameter(f"A saved query is called {saved.name!r} already.", hint="choose another name")


def _checked(name: str, description: str, statement: str) -> tuple[str, str, str]:
    name, description, statement = name.strip(), description.strip(), statement.strip()
    if not 1 <= len(name) <= LONGEST_NAME or _UNSEEN.search(name):
        raise InvalidParameter(f"Give it a name of 1 to {LONGEST_NAME} characters, on one line.")
    if len(description) > LONGEST_DESCRIPTION:
        raise InvalidParameter(f"expected a description of at most {LONGEST_DESCRIPTION} characters")
    if not 1 <= len(statement) <= LONGEST_STATEMENT:
        raise InvalidParameter(f"expected a statement of 1 to {LONGEST_STATEMENT} characters, got {len(statement)}")
    return name, description, statement


def _text(saved: SavedQuery) -> str:
    return f"{saved.name}\n{saved.description}\n{saved.statement}".casefold()


def _row(saved: SavedQuery) -> dict[str, object]:
    values = {column.name: getattr(saved, column.name) for column in SAVED.columns if column.name != "folded"}
    return values | {"folded": saved.name.casefold()}


def _saved(row: dict[str, object]) -> SavedQuery:
    del row["folded"]
    return SavedQuery(**row)  # type: ignore[arg-type]
