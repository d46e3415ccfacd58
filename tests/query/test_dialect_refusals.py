"""What is not a read-only SELECT over stores does not get through. Add a line to ``refused.sql`` to add an attempt."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.query.probes import probes, written_out
from tests.query.questions import NOW, Shelf, ask_for, nullifs, open_desk
from trailmere.errors import QueryError, QueryLimitExceeded
from trailmere.query.dialect import FUNCTIONS, Limits, compile
from trailmere.query.dialect.expressions import WRITERS

HUGE = {
    "parentheses": "SELECT " + "(" * 4_900 + "1" + ")" * 4_900,
    "a few parentheses too many": "SELECT " + "(" * 33 + "1" + ")" * 33,
    "brackets": "SELECT " + "ARRAY[" * 100 + "1" + "]" * 100,
    "CASE in CASE": "SELECT " + "CASE WHEN TRUE THEN " * 200 + "1" + " END" * 200,
    "signs": "SELECT " + "- " * 4_000 + "1",
    "NOT NOT": "SELECT " + "NOT " * 2_000 + "TRUE",
    "a long sum": "SELECT " + "1+" * 4_000 + "1",
    "a long list": "SELECT 1 WHERE 1 IN (" + "1," * 4_998 + "1)",
    "what is needed several times, in itself": f"SELECT {nullifs(14)} FROM trail",
    "a subject of many branches": f"SELECT CASE {nullifs(9)}" + " WHEN 'x' THEN 'y'" * 90 + " END FROM trail",
    "a window often": "SELECT " + "sum(1) OVER w, " * 400 + f"1 FROM trail WINDOW w AS (PARTITION BY {nullifs(11)})",
    "stars": "SELECT " + "*, " * 3_000 + "1 FROM trail",
    "stars of stars": "SELECT " + "*, " * 99 + "* FROM (SELECT " + "*, " * 99 + "* FROM trail) AS t",
    "rows of rows": "WITH t0 AS (SELECT ROW(1, 2) AS x)"
    + "".join(f", t{n + 1} AS (SELECT ROW(x, x) AS x FROM t{n})" for n in range(40))
    + " SELECT x = x FROM t40",
    "too long": "SELECT 1 " + " " * 10_000,
}


def test_what_is_not_a_read_only_select_over_stores_is_refused() -> None:
    assert [line for line in probes("refused.sql") if not refused(written_out(line))] == []


def refused(sql: str) -> bool:
    try:
        ask_for(sql)
    except QueryError:
        return True
    return False


@pytest.mark.parametrize("name", sorted(HUGE))
def test_a_statement_that_costs_too_much_to_read_is_refused_with_the_name_of_the_limit(name: str) -> None:
    with pytest.raises(QueryLimitExceeded) as caught:
        ask_for(HUGE[name])

    assert caught.value.limit in ("query_nesting", "query_characters", "query_list_items")


def test_conditions_in_the_hundreds_are_no_nesting() -> None:
    statement = ask_for("SELECT eventName FROM trail WHERE " + " OR ".join(["eventName = 'a'"] * 400))

    assert statement.tables[0].conditions[0].value == ("a",)


def test_casts_of_casts_of_rows_are_written_once_each() -> None:
    def written(casts: int) -> int:
        return len(ask_for("SELECT " + "CAST(" * casts + "ROW(1, 2)" + " AS row(a bigint, b bigint))" * casts).sql)

    assert written(20) < 3 * written(10)


def test_a_list_is_counted_before_it_is_parsed() -> None:
    sql = "SELECT 1 WHERE 1 IN (" + "1," * 200_000 + "1)"

    with pytest.raises(QueryLimitExceeded) as caught:
        compile(sql, Shelf(), now=NOW, limits=Limits(characters=10_000_000))

    assert caught.value.limit == "query_list_items"


def test_nesting_up_to_the_limit_is_read() -> None:
    assert ask_for("SELECT " + "(" * 30 + "1" + ")" * 30).sql == 'SELECT 1 AS "_col0"'


@pytest.mark.parametrize(
    "text", ["x' OR 1=1 --", "'", '"; DROP TABLE x', "\\' || getenv('HOME') || '", "a\nb", "é\u202e"]
)
def test_text_of_the_user_stays_text(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"

    assert ask_for(f"SELECT {quoted}").sql == f'SELECT {quoted} AS "_col0"'


@given(st.text(min_size=1, max_size=40).filter(lambda name: "\x00" not in name and '"' not in name))
@settings(max_examples=150, deadline=None)
def test_an_alias_is_a_name_and_nothing_else(name: str) -> None:
    statement = ask_for(f'SELECT 1 AS "{name}"')

    assert statement.columns[0].name == name
    assert statement.sql == f'SELECT 1 AS "{name.lower()}"'


_WORDS = [
    *["SELECT", "FROM", "trail", "eventName", "WHERE", "'a'", "--", "/*", "1", "count", "AS", "UNNEST", "->"],
    *["CASE", "JOIN", "ON", "WITH", "x", "GROUP", "BY", "ORDER", "UNION", "NOT"],
]


@given(st.lists(st.sampled_from([*"()[]{},.;'\"*-+<>=|$:/ \n", *_WORDS]), max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_text_at_all_gives_a_statement_or_a_query_error(parts: list[str]) -> None:
    sql = "SELECT " + " ".join(parts)

    try:
        result: object = ask_for(sql).sql
    except QueryError as error:
        result = error.message

    assert isinstance(result, str)


def test_no_function_and_no_node_that_writes_is_allowed() -> None:
    writing = {"Insert", "Update", "Delete", "Merge", "Create", "Drop", "Alter", "Command", "Copy", "Attach", "Set"}

    assert not writing & {kind.__name__ for kind in WRITERS}
    assert not {name for name in FUNCTIONS if name.startswith(("read_", "write_", "pg_", "duckdb_", "lake_"))}


def test_a_long_concatenation_is_no_nesting_for_the_engine(tmp_path: Path) -> None:
    assert open_desk(tmp_path).rows("SELECT " + " || ".join(["'a'"] * 1_200)) == [("a" * 1_200,)]
