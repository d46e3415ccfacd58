"""A value put in the place of a ? is one token, and means itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.query.questions import NOW, Shelf
from trailmere.errors import InvalidParameter
from trailmere.query.dialect import compile
from trailmere.query.parameters import fill


@pytest.mark.parametrize(
    ("statement", "values", "expected"),
    [
        ("SELECT 1 WHERE eventTime > '?'", ["2024-01-01"], "SELECT 1 WHERE eventTime > '2024-01-01'"),
        ("SELECT ?", ["PutObject"], "SELECT 'PutObject'"),
        ("SELECT ?", ["'PutObject'"], "SELECT 'PutObject'"),
        ("SELECT ?", ["O'Brien"], "SELECT 'O''Brien'"),
        ("SELECT '?'", ["O'Brien"], "SELECT 'O''Brien'"),
        ("SELECT ?", ["' OR 1=1 --"], "SELECT ''' OR 1=1 --'"),
        ("SELECT 1 LIMIT ?", ["10"], "SELECT 1 LIMIT  10 "),
        ("SELECT 5 -?", ["-5"], "SELECT 5 -(-5)"),
        ("SELECT ?", ["1.5"], "SELECT  1.5 "),
        ("SELECT ?", ["1e5"], "SELECT '1e5'"),
        ("SELECT readOnly = ?", ["true"], "SELECT readOnly =  true "),
        ("SELECT 1 FROM ?", ['a"b'], 'SELECT 1 FROM "a""b"'),
        ("SELECT 1 FROM /* here */ ?", ["trail"], 'SELECT 1 FROM /* here */ "trail"'),
        (
            "SELECT '?', DATE_TRUNC('?', eventTime), ?",
            ["a", "minute", "c"],
            "SELECT 'a', DATE_TRUNC('minute', eventTime), 'c'",
        ),
        ("SELECT 'what?' -- ?\n, \"?\", ?", ["a"], "SELECT 'what?' -- ?\n, \"?\", 'a'"),
        ("SELECT 'it''s', ?", ["a"], "SELECT 'it''s', 'a'"),
        ("SELECT '?'", ["?"], "SELECT '?'"),
    ],
)
def test_each_placeholder_is_filled_in_its_turn(statement: str, values: list[str], expected: str) -> None:
    assert fill(statement, values) == expected


def test_a_statement_without_values_is_not_touched() -> None:
    assert fill("SELECT '?'", []) == "SELECT '?'"


@pytest.mark.parametrize(
    ("statement", "values"), [("SELECT ?", ["a", "b"]), ("SELECT ?, '?'", ["a"]), ("SELECT 1", ["a"])]
)
def test_more_or_fewer_values_than_placeholders_are_refused(statement: str, values: list[str]) -> None:
    with pytest.raises(InvalidParameter, match="a value for each"):
        fill(statement, values)


@given(st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60))
def test_no_value_changes_what_a_statement_reads_or_gives(value: str) -> None:
    shelf = Shelf()
    conditions = "errorCode = '?' AND eventName <> CAST(? AS varchar)"
    filled = fill(f"SELECT eventName, '?' AS typed FROM trail WHERE {conditions}", [value] * 3)

    statement = compile(filled, shelf, now=NOW)

    assert [column.name for column in statement.columns] == ["eventName", "typed"]
    assert [use.store.name for use in statement.tables] == ["trail"]
