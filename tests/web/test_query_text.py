"""Statements as text: parameters filled and found again, layout, ids of stores, what columns of an answer are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trailmere.errors import InvalidParameter
from trailmere.query.records import StoreEntry
from trailmere.web.pages.query_text import (
    column_paths,
    conditions_of,
    fill_in,
    laid_out,
    parameter_names,
    ran_as,
    range_values,
    stores_by_id,
    with_placeholders,
)
from trailmere.web.ranges import read_range

ID = "1994bee2-d4a0-460e-8c07-1b5ee04765d8"


class Stores:
    """One store, my-trail."""

    def find(self, name: str) -> StoreEntry | None:
        return StoreEntry(ID, "my-trail", "arn", "cloudtrail") if name in ("my-trail", ID) else None

    def names(self) -> tuple[str, ...]:
        return ("my-trail",)


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("WHERE a = :one AND b = ':two' AND c = :one", ("one", "two")),
        ("SELECT 'it is 10:30', \":no\" -- :never\n/* :neither */", ()),
        ("SELECT ':a''b', x::varchar", ()),
    ],
    ids=["bare and in quotes", "in strings, names and comments there are none", "nor in longer strings and casts"],
)
def test_parameters_are_found_where_they_are_tokens(sql: str, names: tuple[str, ...]) -> None:
    assert parameter_names(sql) == names


@pytest.mark.parametrize(
    ("sql", "value", "filled"),
    [
        ("a = :x", "o'brien", "a = 'o''brien'"),
        ("a = :x", "x' OR '1'='1", "a = 'x'' OR ''1''=''1'"),
        ("LIMIT :x", "10", "LIMIT 10"),
        ("a = ':x'", "123456789012", "a = '123456789012'"),
        ("FROM :x", 'a" CROSS JOIN b', 'FROM "a"" CROSS JOIN b"'),
        ("1 - :x", "-3", "1 - (-3)"),
        ("a = :x", "1; DROP TABLE t", "a = '1; DROP TABLE t'"),
    ],
)
def test_a_value_never_becomes_more_than_one_token(sql: str, value: str, filled: str) -> None:
    assert fill_in(sql, {"x": value}).text == filled


def test_a_parameter_needs_a_value() -> None:
    with pytest.raises(InvalidParameter, match=":user"):
        fill_in("a = :user", {"user": ""})


def test_a_place_in_what_ran_is_one_in_what_was_typed() -> None:
    filled = fill_in("SELECT :a,\n  :b, wrong FROM t", {"a": "a\nlong text", "b": "another long text"})
    line, column = filled.text.count("\n") + 1, filled.text.rpartition("\n")[2].index("wrong") + 1

    assert filled.place(line, column) == (2, 7)
    assert filled.place(1, 9) == (1, 8)


def test_the_range_is_found_again_in_what_ran() -> None:
    sql = "WHERE eventTime >= :from AND eventTime < :to AND a = :a"
    span = read_range("2022-03-14T00:00:00Z..2022-03-15T00:00:00Z", datetime.now(UTC))
    ran = fill_in(sql, {"a": "b", **range_values(span)}).text

    assert ran_as(sql, {"a": "b"}, ran) == {"from": "2022-03-14 00:00:00.000", "to": "2022-03-15 00:00:00.000"}
    assert ran_as(sql, {"a": "c"}, ran) is None
    assert ran_as(sql, {}, ran) is None


@pytest.mark.parametrize(
    "sql",
    [
        f"select count(*) from {ID} where eventTime >= :from and a = ':x' and b = '\"{ID}\"' -- note",
        "select eventName, count(*) from my-trail group by 1 order by 2 desc limit :n",
    ],
    ids=["a bare id", "a bare name"],
)
def test_what_is_laid_out_means_the_same(sql: str) -> None:
    pretty = laid_out(sql, Stores())

    assert parameter_names(pretty) == parameter_names(sql)
    assert laid_out(pretty, Stores()) == pretty
    assert "\n" in pretty
    assert f'"{ID}"' not in pretty.replace(f"'\"{ID}\"'", "")


def test_stores_are_named_by_their_ids() -> None:
    sql = (
        "SELECT 'my-trail' FROM \"my-trail\" a JOIN my-trail b ON a.eventid = b.eventid WHERE a.x IN (SELECT 1 FROM t)"
    )

    assert stores_by_id(sql, Stores()) == sql.replace('FROM "my-trail"', f"FROM {ID}").replace(
        "JOIN my-trail", f"JOIN {ID}"
    )


def test_the_range_becomes_the_dashboards() -> None:
    sql = "WHERE eventTime >= :from AND eventTime < ':to' AND userName = :user"

    assert with_placeholders(sql, {"user": "o'brien"}, {"from": "$StartTime$", "to": "$EndTime$"}) == (
        "WHERE eventTime >= '?' AND eventTime < '?' AND userName = 'o''brien'",
        ("$StartTime$", "$EndTime$"),
    )


def test_columns_of_an_answer_are_known_by_what_they_are_called_in_events() -> None:
    known = {name.lower(): name for name in ("eventName", "userIdentity.arn", "requestParameters")}
    sql = (
        "SELECT e.USERIDENTITY.arn AS who, eventname, count(*), element_at(requestParameters, 'bucketName'), "
        "upper(eventName) FROM my-trail e GROUP BY 1, 2"
    )

    assert column_paths(sql, known, Stores()) == [
        "userIdentity.arn",
        "eventName",
        "",
        "requestParameters.bucketName",
        "",
    ]


def test_conditions_are_told_one_by_one() -> None:
    assert conditions_of("SELECT 1 FROM my-trail WHERE a = 'x' AND (b = 1 OR c = 2)", Stores()) == [
        "a = 'x'",
        "b = 1 OR c = 2",
    ]
