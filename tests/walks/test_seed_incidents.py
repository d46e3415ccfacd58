"""Both incidents on the simulated organisation: every question gives the rows that tell its story.

The rows of the case folders were derived from the incidents' scripts, not from an answer of the query engine. The logs
go in through ``trailmere ingest`` and the questions come through the application, some through the command line.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.walks.door import opened, rows, trailmere
from trailmere.events.selector_templates import template
from trailmere.simulator import TrailSimulator, demo_march, demo_september

if TYPE_CHECKING:
    from trailmere.app import App

CASES = sorted(path.name for path in (Path(__file__).parent / "cases").glob("q*"))
STORES = {
    "incident-1": ("1994bee2-d4a0-460e-8c07-1b5ee04765d8", demo_march),
    "incident-2": ("467f2e52-84b9-4d41-8049-bc8f8fad35dd", demo_september),
}
THROUGH_THE_COMMAND_LINE = ("q1_1", "q1_9", "q2_2")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with both periods of the organisation, each in the store that its questions name."""
    home = tmp_path_factory.mktemp("organisation")
    for name, (store_id, simulator) in STORES.items():
        with opened(home / "lake") as app:
            app.lifecycle.create(name, store_id=store_id, selectors=template("everything"))
        _deliver(simulator(), home / name)
        trailmere("ingest", home / name, "--store", name, lake=home / "lake")
    return home / "lake"


def _deliver(simulator: TrailSimulator, folder: Path) -> None:
    simulator.write(folder)


@pytest.fixture(scope="module")
def app(lake: Path) -> Iterator[App]:
    with opened(lake) as application:
        yield application


def question(case: str) -> str:
    return (Path(__file__).parent / "cases" / case / "question.sql").read_text()


def expected_rows(case: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / "cases" / case / "rows.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def as_text(row: dict[str, Any]) -> dict[str, str]:
    return {name: _cell(value) for name, value in row.items()}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):  # a map comes as pairs
        return json.dumps(dict(value), separators=(",", ":"), ensure_ascii=False)
    if hasattr(value, "isoformat"):
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"  # type: ignore[attr-defined]
    return str(value)


def comparable(case: str, found: list[dict[str, str]]) -> list[dict[str, str]]:
    """In the order that the question asks for, else sorted; an order by a count leaves ties open."""
    if "order by eventtime" in question(case).lower():
        return found
    return sorted(found, key=lambda row: json.dumps(row, sort_keys=True))


@pytest.mark.parametrize("case", CASES)
def test_a_question_of_an_incident_gives_the_rows_that_tell_its_story(case: str, app: App) -> None:
    answer = [as_text(row) for row in rows(app, question(case))]

    assert comparable(case, answer) == comparable(case, expected_rows(case))


@pytest.mark.parametrize(("case", "count"), [("q1_5", "NumberEvents"), ("q1_8", "NumberEvents"), ("q2_3", "apiCount")])
def test_what_is_ordered_by_a_count_comes_with_the_greatest_first(case: str, count: str, app: App) -> None:
    counts = [row[count] for row in rows(app, question(case))]

    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("case", THROUGH_THE_COMMAND_LINE)
def test_the_command_line_gives_the_same_rows(case: str, lake: Path) -> None:
    answer = json.loads(trailmere("query", question(case), "--output", "json", "--limit", "0", lake=lake).stdout)
    texts = [{name: "" if cell is None else str(cell) for name, cell in row.items()} for row in answer]

    assert comparable(case, texts) == comparable(case, expected_rows(case))


def test_all_nineteen_questions_are_asked() -> None:
    expected = [f"q1_{number}" for number in range(1, 10)] + [f"q2_{number}" for number in range(1, 11)]

    assert sorted(CASES) == sorted(expected)


@pytest.mark.parametrize("store", STORES)
def test_the_lake_holds_every_event_of_the_organisation_once(store: str, app: App, tmp_path: Path) -> None:
    truth = STORES[store][1]().write(tmp_path)

    answer = rows(app, f"SELECT count(*) AS events, count(DISTINCT eventId) AS ids FROM {store}")

    assert answer == [{"events": truth.events, "ids": truth.events}]


@pytest.mark.parametrize("store", STORES)
def test_ingesting_the_organisation_again_takes_nothing(store: str, lake: Path, tmp_path: Path) -> None:
    _deliver(STORES[store][1](), tmp_path)

    again = json.loads(trailmere("ingest", tmp_path, "--store", store, "--output", "json", lake=lake).stdout)

    assert again["deliveries_known"] == again["deliveries_seen"] > 0
    assert again["parsed"] == 0
