"""Renderings: what goes in comes back out of json, ndjson, csv and parquet, and a terminal stays in its own hands."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailmere.query.records import OutputColumn, QueryStatistics, ResultSet
from trailmere.query.results import Rendering, write_parquet, write_result
from trailmere.query.values import distinct_names, lake_text, plain_values, text

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
CELL = st.none() | TEXT


def result_of(names: Sequence[str], columns: Sequence[pa.Array]) -> ResultSet:
    schema = pa.schema([pa.field(name, column.type) for name, column in zip(names, columns, strict=True)])
    return ResultSet(
        columns=tuple(OutputColumn(name) for name in names),
        schema=schema,
        batches=iter([pa.RecordBatch.from_arrays(list(columns), schema=schema)]),
        statistics=QueryStatistics(0, 0, 0, 0, 0, 0.0),
    )


def rendered(format: str, names: Sequence[str], columns: Sequence[pa.Array], *, exact: bool = False) -> str:
    stream = io.StringIO(newline="")
    write_result(format, result_of(names, columns), stream, Rendering(exact_csv=exact))
    return stream.getvalue()


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(format: str, names: Sequence[str], columns: Sequence[pa.Array]) -> str:
    stream = Terminal()
    write_result(format, result_of(names, columns), stream)
    return stream.getvalue()


def strings(*values: str | None) -> pa.Array:
    return pa.array(values, pa.string())


@given(st.lists(st.tuples(CELL, CELL, st.none() | st.integers(-(2**63), 2**63 - 1))))
def test_json_parses_back_to_the_rows(table: list[tuple[str | None, str | None, int | None]]) -> None:
    columns = [
        pa.array([row[0] for row in table], pa.string()),
        pa.array([row[1] for row in table], pa.string()),
        pa.array([row[2] for row in table], pa.int64()),
    ]

    assert json.loads(rendered("json", ["a", "b", "c"], columns)) == [
        {"a": first, "b": second, "c": third} for first, second, third in table
    ]


@given(st.lists(CELL))
def test_each_line_of_ndjson_is_one_row(values: list[str | None]) -> None:
    lines = rendered("ndjson", ["a"], [strings(*values)]).split("\n")

    assert [json.loads(line) for line in lines[:-1]] == [{"a": value} for value in values]
    assert lines[-1] == ""


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1))
def test_exact_csv_parses_back_to_the_rows(table: list[tuple[str, str]]) -> None:
    columns = [strings(*(row[0] for row in table)), strings(*(row[1] for row in table))]

    written = rendered("csv", ["a", "b"], columns, exact=True)

    assert list(csv.reader(io.StringIO(written, newline=""), strict=True)) == [["a", "b"], *map(list, table)]


@given(st.lists(TEXT, min_size=1))
def test_no_text_cell_of_csv_begins_a_formula(values: list[str]) -> None:
    written = rendered("csv", ["a", "b"], [strings(*values), strings(*values)])
    cells = [cell for row in csv.reader(io.StringIO(written, newline="")) for cell in row]

    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_numbers_in_csv_stay_numbers() -> None:
    columns = [pa.array([-5]), pa.array([Decimal("-1.50")]), pa.array([-2.5])]

    assert rendered("csv", ["a", "b", "c"], columns) == "a,b,c\r\n-5,-1.50,-2.5\r\n"


def test_csv_tells_null_from_the_empty_text() -> None:
    assert rendered("csv", ["a", "b"], [strings(None, ""), strings("x", "y")]) == 'a,b\r\n,x\r\n"",y\r\n'


def test_a_null_in_a_single_column_of_csv_is_still_a_row() -> None:
    written = rendered("csv", ["a"], [strings("x", None)])

    assert len(list(csv.reader(io.StringIO(written, newline="")))) == 3


@pytest.mark.parametrize("format", ["json", "ndjson", "csv", "table"])
def test_an_answer_without_rows_is_still_well_formed(format: str) -> None:
    expected = {"json": "[]\n", "ndjson": "", "csv": "a\r\n", "table": "a\n"}

    assert rendered(format, ["a"], [strings()]) == expected[format]


def test_repeated_names_are_numbered_where_a_name_is_a_key() -> None:
    columns = [strings("1"), strings("2"), strings("3")]

    assert json.loads(rendered("json", ["a", "a", "a_2"], columns)) == [{"a": "1", "a_3": "2", "a_2": "3"}]
    assert rendered("csv", ["a", "a", "a_2"], columns).splitlines()[0] == "a,a,a_2"


@given(st.lists(st.sampled_from(["a", "a_2", "a_3", "b", ""])))
def test_distinct_names_are_distinct_and_the_first_of_each_stays(names: list[str]) -> None:
    made = distinct_names(names)

    assert len(set(made)) == len(names)
    assert all(made[names.index(name)] == name for name in names)


@pytest.mark.parametrize(
    ("column", "plain"),
    [
        (pa.array([datetime(2023, 6, 11, 16, 26, 39)], pa.timestamp("us")), "2023-06-11 16:26:39.000"),
        (pa.array([datetime(2023, 6, 11, 16, 26, 39, 5)], pa.timestamp("us")), "2023-06-11 16:26:39.000005"),
        (pa.array([datetime(1, 1, 1)], pa.timestamp("us")), "0001-01-01 00:00:00.000"),
        (pa.array([datetime(1969, 12, 31, 23, 59, 59)], pa.timestamp("s")), "1969-12-31 23:59:59.000"),
        (pa.array([0], pa.timestamp("us", "UTC")), "1970-01-01 00:00:00.000 UTC"),
        (pa.array([2**63 - 1], pa.timestamp("us")), "infinity"),
        (pa.array([date(2023, 6, 11)]), "2023-06-11"),
        (pa.array([3_600_000_000], pa.time64("us")), "01:00:00.000"),
        (pa.array([2**62]), 2**62),
        (pa.array([Decimal(10**37)], pa.decimal128(38, 0)), 10**37),
        (pa.array([Decimal("0.10")]), "0.10"),
        (pa.array([Decimal("1E-10")], pa.decimal128(20, 12)), "0.000000000100"),
        (pa.array([0.1]), 0.1),
        (pa.array([float("nan")]), "NaN"),
        (pa.array([float("-inf")]), "-Infinity"),
        (pa.array([b"\x00\xff"]), "00ff"),
        (pa.array([True]), True),
        (pa.array([None]), None),
        (pa.array([[("k", "v"), ("a", None)]], pa.map_(pa.string(), pa.string())), {"k": "v", "a": None}),
        (pa.array([{"b": 1, "a": [{"c": None}]}]), {"b": 1, "a": [{"c": None}]}),
        (pa.array([[datetime(2023, 6, 11)]], pa.list_(pa.timestamp("us"))), ["2023-06-11 00:00:00.000"]),
        (pa.array([(14, 0, 0)], pa.month_day_nano_interval()), "1-2"),
        (pa.array([(0, 2, 3_600_000_000_000)], pa.month_day_nano_interval()), "2 01:00:00.000"),
        (pa.array([(0, 0, -1_000_000)], pa.month_day_nano_interval()), "-0 00:00:00.001"),
        (pa.array(["x"]).dictionary_encode(), "x"),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_a_value_of_each_type_has_one_text(column: pa.Array, plain: Any) -> None:
    assert plain_values(column) == [plain]


def test_nulls_slices_and_empty_collections_keep_their_places() -> None:
    kind = pa.map_(pa.string(), pa.list_(pa.int64()))
    column = pa.array([[("a", [1])], None, [], [("b", []), ("c", None)], [("d", [2, 3])]], kind)

    assert plain_values(column.slice(1, 3)) == [None, {}, {"b": [], "c": None}]


def test_a_struct_that_is_null_differs_from_a_struct_of_nulls() -> None:
    column = pa.array([None, {"a": None}], pa.struct([("a", pa.string())]))

    assert plain_values(column) == [None, {"a": None}]


def test_maps_rows_and_arrays_are_compact_json_in_text_formats() -> None:
    assert text({"b": ["1", None], "a": {"é": True}}) == '{"b":["1",null],"a":{"é":true}}'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        ("plain", "plain"),
        (True, "true"),
        (
            {"type": "AssumedRole", "username": None, "sessioncontext": {"attributes": {"mfaauthenticated": "false"}}},
            "{type=AssumedRole, username=null, sessioncontext={attributes={mfaauthenticated=false}}}",
        ),
        ({"role_name": "r", "account_id": "1"}, "{role_name=r, account_id=1}"),
        ([{"arn": "x"}, None], "[{arn=x}, null]"),
        ({}, "{}"),
        (1.5, "1.5"),
        (12345678.0, "1.2345678E7"),
        (0.0001, "1.0E-4"),
        (100.0, "100.0"),
    ],
)
def test_the_text_of_cloudtrail_lake_is_javas(value: Any, expected: str) -> None:
    assert lake_text(value) == expected


def test_log_content_cannot_drive_a_terminal() -> None:
    hostile = "\x1b]0;owned\x07 \x9b31m \u202eevil \r\n"

    for format in ("table", "csv", "json", "ndjson"):
        written = shown(format, [hostile, "b"], [strings(hostile), strings("x")])
        assert not [
            char for char in "\x1b\x07\x9b\u202e" if char in written.replace("\x1b[1m", "").replace("\x1b[0m", "")
        ]


def test_markup_in_a_cell_is_text() -> None:
    assert "[red]x[/red] :smile:" in rendered("table", ["a"], [strings("[red]x[/red] :smile:")])


def test_a_table_in_a_pipe_does_not_fold() -> None:
    long = "x" * 5000

    assert long in rendered("table", ["a", "b"], [strings(long), strings("y")])


def test_a_line_in_a_pipe_has_no_blanks_at_its_end_and_a_long_cell_widens_no_other_line() -> None:
    written = rendered("table", ["a", "b"], [strings("x" * 5000, "y"), strings("z", "")])

    assert written.splitlines() == ["a" + " " * 65 + "b", "x" * 5000 + "  z", "y"]


def test_a_time_is_not_folded_beside_a_long_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    time, code = "2024-05-01 12:00:00.000", "AccessDenied"

    written = shown("table", ["t", "a", "b", "c"], [strings(time), strings("x" * 90), strings("y" * 90), strings(code)])

    assert [line for line in written.splitlines() if time in line and code in line]


def test_more_columns_than_a_terminal_is_wide_are_shown_one_below_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    names = [f"column{number}" for number in range(34)]

    written = shown("table", names, [strings("x")] * 34)

    assert len([line for line in written.splitlines() if "column" in line]) == 34


def test_null_is_shown_as_null_and_not_as_nothing() -> None:
    assert "NULL" in rendered("table", ["a"], [strings(None)])


def test_parquet_holds_the_same_values_with_distinct_names(tmp_path: Path) -> None:
    columns = [pa.array([1, None]), strings("x", None), pa.array([(14, 0, 0), None], pa.month_day_nano_interval())]

    write_parquet(result_of(["a", "a", "i"], columns), tmp_path / "answer.parquet")

    assert parquet.read_table(tmp_path / "answer.parquet").to_pylist() == [
        {"a": 1, "a_2": "x", "i": "1-2"},
        {"a": None, "a_2": None, "i": None},
    ]
