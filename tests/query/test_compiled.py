"""Statements are compiled once, and again as soon as they could mean something else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from tests.query.questions import nullifs
from tests.query.workshop import STORE
from trailmere.errors import StatementInvalid
from trailmere.query.compiled import CompiledStatements

if TYPE_CHECKING:
    from trailmere.query.records import StoreEntry

SQL = "SELECT eventName FROM trail"


@dataclass
class Register:
    """A catalog whose stores come and go."""

    stores: dict[str, StoreEntry] = field(default_factory=lambda: {"trail": STORE})

    def find(self, name: str) -> StoreEntry | None:
        return self.stores.get(name.lower())

    def names(self) -> tuple[str, ...]:
        return tuple(self.stores)


@pytest.fixture
def register() -> Register:
    return Register()


@pytest.fixture
def statements(register: Register) -> CompiledStatements:
    return CompiledStatements(register, characters=1000, most=2)


def test_a_statement_is_compiled_once(statements: CompiledStatements) -> None:
    assert statements.compile(SQL) is statements.compile(SQL)


def test_a_name_that_means_another_store_is_compiled_anew(statements: CompiledStatements, register: Register) -> None:
    statements.compile(SQL)
    other = replace(STORE, id="0a1b2c3d-0000-4000-8000-000000000002")

    register.stores["trail"] = other

    assert statements.compile(SQL).tables[0].store == other


def test_a_store_that_is_gone_is_gone_from_statements_too(statements: CompiledStatements, register: Register) -> None:
    statements.compile(SQL)

    del register.stores["trail"]

    with pytest.raises(StatementInvalid):
        statements.compile(SQL)


def test_a_store_that_came_is_found_by_the_statement_that_was_refused(
    statements: CompiledStatements, register: Register
) -> None:
    with pytest.raises(StatementInvalid):
        statements.compile("SELECT eventName FROM other")

    register.stores["other"] = STORE

    assert statements.compile("SELECT eventName FROM other").tables[0].store == STORE


@pytest.mark.parametrize(
    "test",
    [
        "eventTime > now() - interval '1' day",
        "eventTime > current_timestamp",
        "date(eventTime) = current_date",
        "eventTime > date_add('day', -1, now())",
        "eventTime > localtimestamp",
    ],
)
def test_a_statement_that_asks_for_the_time_is_compiled_each_time(test: str, statements: CompiledStatements) -> None:
    sql = f"{SQL} WHERE {test}"

    assert statements.compile(sql) is not statements.compile(sql)


def test_those_not_used_for_longest_are_forgotten(statements: CompiledStatements) -> None:
    first, second = statements.compile("SELECT eventName FROM trail"), statements.compile("SELECT eventID FROM trail")
    statements.compile("SELECT eventName FROM trail")
    statements.compile("SELECT eventTime FROM trail")

    assert statements.compile("SELECT eventName FROM trail") is first
    assert statements.compile("SELECT eventID FROM trail") is not second


def test_a_statement_that_is_very_long_for_the_engine_is_not_kept(statements: CompiledStatements) -> None:
    sql = f"SELECT {nullifs(11)} FROM trail"

    assert statements.compile(sql) == statements.compile(sql)
    assert statements.compile(sql) is not statements.compile(sql)
