"""Dashboards as files: written, read back, judged, compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from trailmere.dashboards.files import DashboardFile, changes, lint, named_sql, needs_store, read, text_of, with_store
from trailmere.dashboards.library import MANAGED
from trailmere.dashboards.records import Widget
from trailmere.errors import InvalidParameter, StatementInvalid
from trailmere.registry.dashboards import Schedule

NOW = datetime(2026, 5, 1, tzinfo=UTC)
STORE = "abcdef01-2345-6789-abcd-ef0123456789"
CALLS = Widget(
    "SELECT eventName, count(*) AS calls\nFROM trail\nWHERE eventTime >= '?' AND errorCode = 'what?'\nGROUP BY 1",
    ("$StartTime$",),
    {"Title": "Calls", "View": "BarChart", "XAxisColumn": "eventName", "YAxisColumn": "calls", "Width": "2"},
)
MINE = DashboardFile("mine", (CALLS,), Schedule("HOURS", 6, True, "06:30"), True, {"team": "ir"})


def columns(_statement: str) -> Sequence[str]:
    return ("eventName", "calls")


def written(**members: Any) -> str:
    return json.dumps(json.loads(text_of(MINE)) | members)


def with_widget(**members: Any) -> str:
    document = json.loads(text_of(MINE))
    document["widgets"][0] |= members
    return json.dumps(document)


def found(text: str, columns_of: Callable[[str], Sequence[str]] = columns) -> list[tuple[str, str]]:
    return [(one.place, one.message) for one in lint(text, columns_of, NOW)]


def test_a_file_says_what_the_dashboard_was() -> None:
    assert read(text_of(MINE)) == MINE


def test_a_statement_is_its_lines_with_names_in_it() -> None:
    told = json.loads(text_of(MINE))["widgets"][0]["sql"]

    assert told == [
        "SELECT eventName, count(*) AS calls",
        "FROM trail",
        "WHERE eventTime >= '$StartTime$' AND errorCode = 'what?'",
        "GROUP BY 1",
    ]


@pytest.mark.parametrize("board", MANAGED, ids=lambda board: board.id)
def test_every_managed_dashboard_comes_back_from_its_file_as_it_was(board: Any) -> None:
    file = DashboardFile(board.id, tuple(replace(one, alias="") for one in board.as_widgets()))

    assert read(text_of(file)) == file


def test_a_managed_dashboard_leaves_its_store_open_until_one_is_named() -> None:
    file = DashboardFile("copy", MANAGED[0].as_widgets())

    named = with_store(file, STORE)

    assert (needs_store(file), needs_store(named)) == (True, False)
    assert f'FROM "{STORE}"' in named_sql(named.widgets[0])


def test_properties_of_other_clients_are_kept() -> None:
    odd = replace(CALLS, properties={**CALLS.properties, "Width": "12", "Orientation": "HORIZONTAL"})
    file = replace(MINE, widgets=(odd,))

    assert read(text_of(file)) == file


def test_a_value_with_a_quote_stays_a_value() -> None:
    widget = Widget("SELECT 1 FROM trail WHERE eventName = ?", ("it's",), {"Title": "x", "View": "Table"})

    assert named_sql(widget) == "SELECT 1 FROM trail WHERE eventName = 'it''s'"


def test_nothing_is_wrong_with_a_file_that_was_written() -> None:
    assert found(text_of(MINE)) == []


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("{", "line 1, column 2", "not JSON"),
        ("[]", "file", "object"),
        ("[" * 100_000, "file", "nested"),
        (written(version=2), "version", "expected 1"),
        (written(name="a b"), "name", "3 to 128"),
        (written(colour="red"), "colour", "unknown"),
        (written(tags={"team": 1}), "tags", "texts"),
        (written(termination_protection="yes"), "termination_protection", "true or false"),
        (written(schedule={"every": "5 hours"}), "schedule", "1, 6, 12, 24 HOURS"),
        (written(schedule={"every": "often"}), "schedule.every", "6 hours"),
        (written(schedule={"every": "1 days", "at": "25:00"}), "schedule", "time of day"),
        (written(schedule={"every": "1 days", "at": 6}), "schedule", "06:00"),
        (written(widgets={}), "widgets", "list"),
        (written(widgets=[1]), "widgets[0]", "object"),
        (written(widgets=json.loads(written())["widgets"] * 11), "widgets", "at most 10, got 11"),
        (with_widget(title="a, b"), "widgets[0].title", "letters"),
        (with_widget(view="Map"), "widgets[0].view", "'Map'"),
        (with_widget(width=5), "widgets[0].width", "1 to 4"),
        (with_widget(height=True), "widgets[0].height", "1 to 6"),
        (with_widget(sql=1), "widgets[0].sql", "lines"),
        (with_widget(size=1), "widgets[0].size", "unknown"),
        (with_widget(columns={"LabelColumn": "a"}), "widgets[0].columns.LabelColumn", "XAxisColumn"),
        (with_widget(sql="SELECT 1 FROM trail WHERE x = '$Nothing$'", other={"Note": 1}), "widgets[0].other", "texts"),
        (with_widget(sql="x" * 10_001), "widgets[0].sql", "10,000"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, place: str, says: str) -> None:
    told = found(text)

    assert told[0][0] == place
    assert says in told[0][1]


def test_a_column_that_the_statement_does_not_give_is_told() -> None:
    told = found(text_of(MINE), lambda _statement: ("name", "calls"))

    assert told == [("widgets[0].columns", "the statement gives no column eventName; it gives name, calls")]


def test_a_statement_that_is_wrong_is_told_with_line_and_column() -> None:
    def refuse(_statement: str) -> Sequence[str]:
        raise StatementInvalid("there is no function cuont", line=1, column=19)

    assert found(text_of(MINE), refuse) == [("widgets[0].sql, line 1, column 19", "there is no function cuont")]


def test_a_file_that_is_wrong_is_not_read() -> None:
    with pytest.raises(InvalidParameter, match="version"):
        read(written(version=2))


def test_what_apply_would_do_is_told_in_words() -> None:
    other = replace(CALLS, properties={**CALLS.properties, "Title": "Other"})
    asked = replace(CALLS, statement=CALLS.statement + " LIMIT 1")

    assert changes(None, MINE) == ["create mine with 1 widgets"]
    assert changes(MINE, MINE) == []
    assert changes(MINE, replace(MINE, widgets=(asked,))) == ["change the statement of the widget 'Calls'"]
    assert changes(MINE, replace(MINE, widgets=(CALLS, other))) == ["add the widget 'Other'"]
    assert changes(replace(MINE, widgets=(CALLS, other)), replace(MINE, widgets=(other, CALLS))) == [
        "arrange the widgets anew"
    ]
    assert changes(MINE, replace(MINE, termination_protection=False, tags={}, schedule=Schedule("DAYS", 1, True))) == [
        "change the schedule",
        "turn termination protection off",
        "change the tags",
    ]
