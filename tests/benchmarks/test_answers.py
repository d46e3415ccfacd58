"""Answers of the benchmarks are the same when they hold the same rows, whoever gave them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from benchmarks import answers, bars, report


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(datetime(2022, 3, 15, 13, 10), "2022-03-15 13:10:00.000", id="a time and its text"),
        pytest.param(datetime(2022, 3, 15, 13, 10, tzinfo=UTC), "2022-03-15T13:10:00Z", id="a time with a zone"),
        pytest.param([("b", "2"), ("a", "1")], {"a": "1", "b": "2"}, id="a map as pairs"),
        pytest.param([{"key": "a", "value": "1"}], {"a": "1"}, id="a map as rows"),
        pytest.param('{"a": "1"}', {"a": "1"}, id="a map as JSON"),
        pytest.param({"a": '{"x": 1, "y": 2}'}, {"a": '{"y":2,"x":1}'}, id="JSON within a map"),
        pytest.param(None, {}, id="nothing and the empty map"),
        pytest.param(True, "true", id="a boolean and its text"),
        pytest.param(7, "7", id="a number and its text"),
    ],
)
def test_values_are_the_same_in_whatever_form_they_come(one: Any, other: Any) -> None:
    assert answers.cell(one) == answers.cell(other)


def test_the_order_of_rows_does_not_matter_and_their_number_does() -> None:
    asked = answers.summary([("a", 1), ("b", 2)])

    assert asked == answers.summary([("b", 2), ("a", 1)])
    assert asked["digest"] != answers.summary([("a", 1), ("b", 2), ("b", 2)])["digest"]


def test_a_different_answer_is_told_with_the_names_of_both_sides() -> None:
    given = {"ours": {"q": answers.summary([("a",)])}, "peer": {"q": answers.summary([("b",)])}}

    (line,) = answers.disagreements(given)

    assert "**q**" in line
    assert "ours: 1 rows" in line
    assert "peer: 1 rows" in line


def test_a_run_that_measured_nothing_meets_no_bar_and_misses_none() -> None:
    results = report.begin("python -m benchmarks.run", 1, full=False)

    assert list(bars.missed(results)) == []
    assert all(bars.NOT_MEASURED in row for row in bars.table(results)[2:])
