"""Saved queries: kept under a name in an account, found by words, changed and forgotten."""

from __future__ import annotations

import pytest

from tests.registry.helpers import ACCOUNT, Clock
from trailmere.errors import InvalidParameter, ResourceNotFound
from trailmere.registry.database import open_database
from trailmere.registry.saved_queries import LONGEST_NAME, LONGEST_STATEMENT, SavedQueries

BY, OTHER = "arn:aws:iam::111122223333:user/alice", "444455556666"
SQL = "SELECT eventName FROM trail WHERE userIdentity.userName = :user"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def saved(database_url: str, clock: Clock) -> SavedQueries:
    return SavedQueries(open_database(database_url), clock)


def test_what_was_saved_is_found_as_it_was_typed(saved: SavedQueries, clock: Clock) -> None:
    made = saved.create(ACCOUNT, " By a user ", "What a user did.", SQL, BY)

    assert saved.get(ACCOUNT, made.id) == made
    assert (made.name, made.statement, made.saved_by, made.created) == ("By a user", SQL, BY, clock.now)


def test_they_are_listed_by_name_whatever_its_capitals(saved: SavedQueries) -> None:
    for name in ("beta", "Alpha", "gamma"):
        saved.create(ACCOUNT, name, "", SQL, BY)

    assert [one.name for one in saved.of_account(ACCOUNT)] == ["Alpha", "beta", "gamma"]


def test_each_word_of_a_phrase_has_to_be_somewhere(saved: SavedQueries) -> None:
    saved.create(ACCOUNT, "Denied calls", "of the last hour", "SELECT 1", BY)
    saved.create(ACCOUNT, "Sign-ins", "", "SELECT eventName FROM trail WHERE eventName = 'ConsoleLogin'", BY)

    assert [one.name for one in saved.of_account(ACCOUNT, "HOUR denied")] == ["Denied calls"]
    assert [one.name for one in saved.of_account(ACCOUNT, "consolelogin")] == ["Sign-ins"]
    assert saved.of_account(ACCOUNT, "denied consolelogin") == []


def test_another_account_has_its_own(saved: SavedQueries) -> None:
    made = saved.create(ACCOUNT, "mine", "", SQL, BY)
    saved.create(OTHER, "mine", "", SQL, BY)

    assert len(saved.of_account(OTHER)) == 1
    with pytest.raises(ResourceNotFound):
        saved.get(OTHER, made.id)
    with pytest.raises(ResourceNotFound):
        saved.delete(OTHER, made.id)


def test_a_name_stands_for_one_query(saved: SavedQueries) -> None:
    saved.create(ACCOUNT, "Denied", "", SQL, BY)
    other = saved.create(ACCOUNT, "Other", "", SQL, BY)

    with pytest.raises(InvalidParameter, match="already"):
        saved.create(ACCOUNT, "DENIED", "", SQL, BY)
    with pytest.raises(InvalidParameter, match="already"):
        saved.change(ACCOUNT, other.id, "denied", "", SQL, BY)


def test_a_change_keeps_id_and_beginning(saved: SavedQueries, clock: Clock) -> None:
    made = saved.create(ACCOUNT, "Denied", "", SQL, BY)
    clock.forward(minutes=5)

    after = saved.change(ACCOUNT, made.id, "denied", "calls", "SELECT 2", f"{BY}2")

    assert saved.get(ACCOUNT, made.id) == after
    assert (after.id, after.created, after.updated, after.saved_by) == (made.id, made.created, clock.now, f"{BY}2")


def test_a_deleted_one_is_gone_and_its_name_is_free(saved: SavedQueries) -> None:
    made = saved.create(ACCOUNT, "Denied", "", SQL, BY)

    assert saved.delete(ACCOUNT, made.id) == made
    assert saved.of_account(ACCOUNT) == []
    assert saved.create(ACCOUNT, "Denied", "", SQL, BY).id != made.id


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("", SQL),
        (" ", SQL),
        ("a\nb", SQL),
        ("x" * (LONGEST_NAME + 1), SQL),
        ("a", " "),
        ("a", "x" * (LONGEST_STATEMENT + 1)),
    ],
    ids=["no name", "a blank name", "two lines", "a long name", "no statement", "a long statement"],
)
def test_texts_have_bounds(saved: SavedQueries, name: str, statement: str) -> None:
    with pytest.raises(InvalidParameter):
        saved.create(ACCOUNT, name, "", statement, BY)
