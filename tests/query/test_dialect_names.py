"""Whatever a user calls something, it is a name in engine SQL, and the same name in the answer."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.query.fuzz import CALLED, QUOTED
from tests.query.questions import NOW, Shelf
from trailmere.query.dialect import compile

ENGINE = duckdb.connect(config={"threads": 1})
PLACES = (
    "SELECT 1 AS {0}",
    "SELECT {0} FROM (SELECT 1 AS {0}) AS x",
    "SELECT x.{0} FROM (VALUES (1)) AS x({0})",
    "SELECT {0}.a FROM (SELECT 1 AS a) AS {0}",
    "WITH {0} AS (SELECT 1 AS a) SELECT a FROM {0}",
    "SELECT transform(ARRAY[1], {0} -> {0})",
    "SELECT sum(1) OVER {0} WINDOW {0} AS (ORDER BY 1)",
    "SELECT CAST(NULL AS row({0} integer))",
    "SELECT CAST(ROW(1) AS row({0} integer)).{0}",
    "SELECT CAST(ARRAY[ROW(1)] AS array(row({0} integer)))",
    "SELECT CAST(MAP(ARRAY['k'], ARRAY[ROW(1)]) AS map(varchar, row({0} integer)))",
    "SELECT CAST(CAST(ROW(1) AS row({0} integer)) AS row(b varchar))",
    "SELECT CAST(json_parse('null') AS row({0} integer))",
    "SELECT {0} FROM UNNEST(CAST(ARRAY[ROW(1)] AS array(row({0} integer)))) AS t({0})",
    "SELECT * FROM UNNEST(CAST(ARRAY[ROW(1)] AS array(row({0} integer))))",
    "SELECT * FROM UNNEST(ARRAY[1]) AS t({0})",
    "SELECT CAST(ROW(CAST(ROW(1) AS row({0} integer))) AS row(o row({0} integer))).o.{0}",
)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)


@pytest.mark.parametrize("place", PLACES)
@given(name=NAMES)
@example(name="a\" integer)) AS x, getenv('HOME') AS y, CAST(NULL AS STRUCT(\"b")
@example(name="a'), getenv('HOME'), struct_extract({'x': 1}, 'x")
@example(name="\\")
@example(name="$$")
def test_a_name_is_a_name_wherever_it_stands(place: str, name: str) -> None:
    written = '"' + name.replace('"', '""') + '"'
    plain = compile(place.format("named"), Shelf(), now=NOW)

    statement = compile(place.format(written), Shelf(), now=NOW)
    answer = ENGINE.execute(statement.sql)

    assert called(statement.sql) == called(plain.sql)
    assert [column[0] for column in answer.description or ()] == [
        column.replace("named", name.lower()) for column in names(plain.sql)
    ]


def called(sql: str) -> list[str]:
    """The functions that stand outside of names and texts."""
    return CALLED.findall(QUOTED.sub("''", sql))


def names(sql: str) -> list[str]:
    """The columns of the answer."""
    return [column[0] for column in ENGINE.execute(sql).description or ()]
