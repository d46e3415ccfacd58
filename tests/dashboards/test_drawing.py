"""Which columns of an answer a view draws."""

from __future__ import annotations

from trailmere.dashboards.drawing import Drawing, Kind, drawing, size

COLUMNS = ("time", "outcome", "calls")
ROWS = [["2024-05-01 00:00:00.000", "Success", "3"]]


def test_a_view_draws_the_columns_that_it_names_in_any_case() -> None:
    named = {"View": "LineChart", "XAxisColumn": "Time", "YAxisColumn": "calls", "FilterColumn": "outcome"}

    assert drawing(named, COLUMNS, ROWS) == Drawing(Kind.LINE, 0, 2, 1)


def test_a_view_that_names_nothing_draws_the_first_column_by_the_first_number() -> None:
    assert drawing({"View": "BarChart"}, COLUMNS, ROWS) == Drawing(Kind.BAR, 0, 2)


def test_a_view_that_names_a_column_that_is_not_there_is_a_table_and_says_so() -> None:
    named = {"View": "PieChart", "LabelColumn": "gone", "ValueColumn": "calls"}

    assert drawing(named, COLUMNS, ROWS) == Drawing(Kind.TABLE, missing=("gone",))


def test_a_table_of_one_cell_is_a_number() -> None:
    assert drawing({"View": "Table"}, ("calls",), [["7"]]).kind is Kind.NUMBER
    assert drawing({"View": "Table"}, ("calls",), [["7"], ["8"]]).kind is Kind.TABLE


def test_a_view_that_aws_does_not_have_is_a_table() -> None:
    assert drawing({"View": "Hologram"}, COLUMNS, ROWS).kind is Kind.TABLE


def test_a_size_that_is_none_is_the_usual_one_and_one_that_is_too_large_the_largest() -> None:
    assert [size({"Width": text}, "Width") for text in ("3", "0", "99", "wide", "")] == [3, 1, 4, 2, 2]
