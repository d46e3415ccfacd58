"""What pages make of an answer: which columns are drawn, how labels read, signatures, samples with fields."""

from __future__ import annotations

import pytest

from trailmere.ask.library import SAMPLES
from trailmere.query.dialect import FUNCTIONS
from trailmere.web.pages.query_kept import KeptColumn, chart_choice, chart_rows
from trailmere.web.pages.query_library import sample_ready
from trailmere.web.pages.query_schema import columns_of, paths_of, signature
from trailmere.web.pages.query_text import parameter_names

HOUR, NAME, EVENTS, BYTES, PARTS = (
    KeptColumn("hour", "time", "timestamp"),
    KeptColumn("name", "text", "string"),
    KeptColumn("events", "number", "int64"),
    KeptColumn("bytes", "number", "int64"),
    KeptColumn("parts", "other", "map"),
)


@pytest.mark.parametrize(
    ("columns", "drawn"),
    [
        ([HOUR, EVENTS], ("line", "hour", "events", "")),
        ([NAME, EVENTS, BYTES], ("bar", "name", "events", "")),
        ([HOUR, NAME, EVENTS], ("line", "hour", "events", "name")),
        ([EVENTS, NAME, HOUR], ("line", "hour", "events", "name")),
        ([NAME, PARTS], ("bar", "name", "", "")),
    ],
    ids=["time and number", "text and numbers", "a line for each text", "in any order", "nothing to draw"],
)
def test_first_is_drawn_what_most_likely_is_meant(columns: list[KeptColumn], drawn: tuple[str, ...]) -> None:
    choice = chart_choice(columns, "", "", "", "")

    assert tuple(choice[name] for name in ("kind", "x", "y", "by")) == drawn


def test_what_was_chosen_is_drawn_where_it_can_be() -> None:
    assert chart_choice([HOUR, NAME, EVENTS, BYTES], "pie", "name", "bytes", "") == {
        "kind": "pie",
        "x": "name",
        "y": "bytes",
        "by": "",
    }
    assert chart_choice([NAME, EVENTS], "cube", "none", "name", "none")["y"] == "events"


def test_a_line_goes_from_left_to_right_with_short_times() -> None:
    choice = chart_choice([HOUR, EVENTS], "", "", "", "")
    rows = [("2022-03-15 12:00:00.000", 3), ("2022-03-15 09:00:00.000", 1), ("2022-03-15 10:00:00.000", None)]

    assert chart_rows([HOUR, EVENTS], rows, choice) == (
        ["hour", "events"],
        [["2022-03-15 09:00", 1], ["2022-03-15 12:00", 3]],
    )


def test_every_function_has_a_signature() -> None:
    told = {name: signature(function) for name, function in FUNCTIONS.items()}

    assert told["date_trunc"] == "(varchar, timestamp) → timestamp"
    assert all(text.startswith("(") and ")" in text for text in told.values())


def test_columns_are_completed_down_to_the_last_member() -> None:
    identity = next(one for one in columns_of("cloudtrail") if one["name"] == "userIdentity")

    assert "sessionContext.sessionIssuer.arn" in identity["members"]
    assert paths_of("cloudtrail")["useridentity.sessioncontext.sessionissuer.arn"] == (
        "userIdentity.sessionContext.sessionIssuer.arn"
    )


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_has_the_pages_range_and_an_example_for_each_field(sample: object) -> None:
    ready = sample_ready(sample, '"trail"')  # type: ignore[arg-type]
    fields = [name for name in parameter_names(ready.sql) if name not in ("from", "to")]

    assert "$EDS_ID" not in ready.sql
    assert [name for name, _value in ready.pairs] == [f"p.{name}" for name in fields]
