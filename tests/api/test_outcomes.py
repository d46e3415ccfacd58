"""Every operation, with valid input and with each error that it declares: the table of ``outcomes``, over HTTP."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from tests.api.outcomes.refused import SINGLE
from tests.api.outcomes.scenario import ALL, SERVED
from tests.api.outcomes.table import Row, rows
from tests.api.outcomes.told import tell
from tests.api.outcomes.unreached import ERRORS, EVERY, MEMBERS, REASONS
from tests.api.outcomes.worlds import WORLDS

if TYPE_CHECKING:
    from tests.api.outcomes.scenario import Refused, Valid

Told = list[tuple["Valid", str]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What each valid call came to."""
    return tell(tmp_path_factory.mktemp("valid"))


@pytest.fixture(scope="module")
def codes(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """The error that each call that is to be refused ended with, by its identity."""
    by_world: dict[str, list[Refused]] = defaultdict(list)
    for row in rows():
        for one in row.refused:
            by_world[one.world].append(one)
    found: dict[int, str] = {}
    for name, calls in by_world.items():
        with WORLDS[name](tmp_path_factory.mktemp(name)) as world:
            found |= {id(one): world.code(one) for one in calls}
    return found


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.operation.name)
def test_an_operation_answers_valid_input(row: Row, told: Told) -> None:
    wrong = [(one, what) for one, what in told if one.operation == row.operation.name and what]

    assert row.valid != ()
    assert wrong == []


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.operation.name)
def test_an_operation_ends_with_the_errors_that_it_declares(row: Row, codes: dict[int, str]) -> None:
    wrong = [(one, codes[id(one)]) for one in row.refused if codes[id(one)] != one.code]

    assert wrong == []
    assert row.reached <= row.operation.declared


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.operation.name)
def test_each_declared_error_is_reached_or_listed_and_each_member_given_or_listed(row: Row) -> None:
    both = sorted(row.reached & row.unreached.keys()) + sorted(row.given & row.ungiven.keys())

    assert row.untold == []
    assert both == []


def test_nothing_is_listed_in_vain() -> None:
    unreached = {(row.operation.name, code) for row in rows() for code in row.unreached}
    ungiven = {(row.operation.name, member) for row in rows() for member in row.ungiven}
    vain = {
        (name, code)
        for name, code in ERRORS
        if not any(code == other and name in (of, EVERY) for of, other in unreached)
    }

    assert vain == set()
    assert MEMBERS.keys() == ungiven
    assert REASONS.keys() == {*ERRORS.values(), *MEMBERS.values()}
    assert {one.operation for one in SINGLE} <= ALL.keys()


def test_every_operation_of_the_models_is_served_and_in_the_table() -> None:
    assert ALL.keys() == SERVED.keys()
    assert [row.operation.name for row in rows()] == sorted(SERVED)
