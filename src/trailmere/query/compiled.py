"""Statements that were compiled before, for as long as they mean the same.

A statement is kept with what it was told of the catalog: every name that it asked for, and the answer. It is used again
where the catalog answers the same, so nobody has to say that a store was renamed, made or deleted. What depends on the
time, was refused, or is very long for the engine, is compiled each time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trailmere.query.records import Catalog, Statement, StoreEntry

KEPT_STATEMENTS = 256
LONGEST_KEPT = 100_000  # characters of engine SQL: together they stay in the tens of megabytes


class CompiledStatements:
    """Compiles over one catalog, and keeps the statements used last. Safe to use from several threads."""

    def __init__(self, catalog: Catalog, characters: int, most: int = KEPT_STATEMENTS) -> None:
        """``characters``: how long a statement may be; ``most``: how many are kept."""
        self._catalog = catalog
        self._characters = characters
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def compile(self, sql: str, catalog: Catalog | None = None) -> Statement:
        """The checked statement, as ``dialect.compile`` gives it at this moment; ``catalog``: another than its own."""
        catalog = catalog or self._catalog
        with self._lock:
            kept = self._kept.get(sql)
            if kept is not None:
                self._kept.move_to_end(sql)
        if kept is not None and all(catalog.find(name) == entry for name, entry in kept.told.items()):
            return kept.statement
        asked = _Asked(catalog)
        statement = self._compile(sql, asked)
        if statement.timeless and len(statement.sql) <= LONGEST_KEPT:
            self._keep(sql, _Kept(statement, asked.told))
        return statement

    def _compile(self, sql: str, catalog: Catalog) -> Statement:
        from trailmere.query.dialect import Limits, compile

        return compile(sql, catalog, now=datetime.now(UTC), limits=Limits(characters=self._characters))

    def _keep(self, sql: str, kept: _Kept) -> None:
        with self._lock:
            self._kept[sql] = kept
            self._kept.move_to_end(sql)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Kept:
    statement: Statement
    told: dict[str, StoreEntry | None]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A catalog that remembers what it was asked and what it said."""

    catalog: Catalog
    told: dict[str, StoreEntry | None] = field(default_factory=dict)

    def find(self, name: str) -> StoreEntry | None:
        """As the catalog does."""
        if name not in self.told:
            self.told[name] = self.catalog.find(name)
        return self.told[name]

    def names(self) -> tuple[str, ...]:
        """As the catalog does. Only refusals speak of names, and those are not kept."""
        return self.catalog.names()
