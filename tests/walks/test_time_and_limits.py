"""What a user sees of time and of limits: earlier snapshots, answers that were cut, files that need not be read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.walks.door import deliver, opened, trailmere

COUNT = "SELECT count(*) AS events FROM events"
DAYS = ("20240501T0000Z", "20240502T0000Z", "20240503T0000Z")
EVENTS_A_DAY = 4


@dataclass(frozen=True, slots=True)
class Filled:
    """A lake whose store took three days in, one a run; ``snapshots`` are the ids after each run."""

    lake: Path
    snapshots: tuple[int, ...]

    def query(self, sql: str, *options: str) -> str:
        """Standard output of ``trailmere query``."""
        return trailmere("query", sql, *options, lake=self.lake).stdout


def events_of(minute: str) -> list[dict[str, object]]:
    day = f"{minute[:4]}-{minute[4:6]}-{minute[6:8]}"
    return [
        {
            "eventVersion": "1.08",
            "eventTime": f"{day}T00:00:0{number}Z",
            "eventSource": "s3.amazonaws.com",
            "eventName": "ListBuckets",
            "eventID": f"{minute}-{number}",
            "eventType": "AwsApiCall",
            "eventCategory": "Management",
        }
        for number in range(EVENTS_A_DAY)
    ]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    home = tmp_path_factory.mktemp("time")
    trailmere("store", "create", "events", lake=home / "lake")
    for day in DAYS:
        deliver(home / "logs", events_of(day), minute=day)
        trailmere("ingest", home / "logs", "--store", "events", lake=home / "lake")
    with opened(home / "lake") as app:
        snapshots = app.lake.snapshots(app.stores.get("events").id)
    return Filled(home / "lake", tuple(snapshot.id for snapshot in snapshots))


@pytest.mark.parametrize(("run", "expected"), [(0, 4), (1, 8), (2, 12)])
def test_a_query_at_an_earlier_snapshot_sees_what_was_there_then(run: int, expected: int, filled: Filled) -> None:
    answer = json.loads(filled.query(COUNT, "--at", str(filled.snapshots[run]), "--output", "json"))

    assert answer == [{"events": expected}]


def test_a_query_at_a_time_before_the_first_snapshot_says_that_there_is_none(filled: Filled) -> None:
    done = trailmere("query", COUNT, "--at", "2001-01-01T00:00:00Z", lake=filled.lake, check=False)

    assert done.returncode == 1
    assert "snapshot" in done.stderr


def test_a_query_at_a_time_to_come_sees_all_there_is(filled: Filled) -> None:
    answer = json.loads(filled.query(COUNT, "--at", "2999-01-01T00:00:00Z", "--output", "json"))

    assert answer == [{"events": 12}]


def test_an_answer_that_was_cut_says_so_and_how_to_get_the_rest(filled: Filled) -> None:
    done = trailmere("query", "SELECT eventId FROM events", "--limit", "5", "--output", "ndjson", lake=filled.lake)

    assert len(done.stdout.splitlines()) == 5
    assert "--limit 0" in done.stderr


@pytest.mark.parametrize("limit", ["12", "0"])
def test_an_answer_that_was_not_cut_does_not_say_that_it_was(limit: str, filled: Filled) -> None:
    done = trailmere("query", "SELECT eventId FROM events", "--limit", limit, "--output", "ndjson", lake=filled.lake)

    assert len(done.stdout.splitlines()) == 12
    assert "--limit" not in done.stderr


@pytest.mark.parametrize(
    ("condition", "files"),
    [
        ("eventTime >= '2024-05-02' AND eventTime < '2024-05-03'", 1),
        ("eventTime > timestamp '2024-05-01 12:00:00'", 2),
        ("calendarday = 20240503", 1),
        ("date(eventTime) = date '2024-05-01'", 1),
        ("eventTime > '2025-01-01T00:00:00Z'", 0),
        ("eventName = 'ListBuckets'", 3),
    ],
)
def test_explain_counts_only_the_files_of_the_days_asked_for(condition: str, files: int, filled: Filled) -> None:
    shown = filled.query(f"SELECT eventId FROM events WHERE {condition}", "--explain")

    assert re.search(r"files +(\d+) of (\d+)", shown), shown
    assert re.findall(r"files +(\d+) of (\d+)", shown) == [(str(files), "3")]


def test_the_days_that_are_left_out_do_not_change_the_answer(filled: Filled) -> None:
    sql = "SELECT eventId FROM events WHERE eventTime >= '2024-05-02' AND eventTime < '2024-05-03' ORDER BY eventTime"

    answer = [json.loads(line)["eventId"] for line in filled.query(sql, "--output", "ndjson").splitlines()]

    assert answer == [event["eventID"] for event in events_of(DAYS[1])]


def test_an_error_points_at_its_place_and_ends_with_status_1(filled: Filled) -> None:
    done = trailmere("query", "SELECT eventId,\n  sourceIPAdress FROM events", lake=filled.lake, check=False)

    assert done.returncode == 1
    assert done.stdout == ""
    assert "line 2, column 3" in done.stderr
    assert "sourceIPAddress" in done.stderr


def test_wrong_usage_ends_with_status_2(filled: Filled) -> None:
    done = trailmere("query", lake=filled.lake, check=False)

    assert done.returncode == 2
    assert done.stdout == ""


def test_a_second_run_over_the_same_logs_takes_nothing_and_makes_no_snapshot(filled: Filled, tmp_path: Path) -> None:
    for day in DAYS:
        deliver(tmp_path, events_of(day), minute=day)

    account = json.loads(
        trailmere("ingest", tmp_path, "--store", "events", "--output", "json", lake=filled.lake).stdout
    )
    with opened(filled.lake) as app:
        snapshots = app.lake.snapshots(app.stores.get("events").id)

    assert (account["deliveries_seen"], account["deliveries_known"]) == (3, 3)
    assert tuple(snapshot.id for snapshot in snapshots) == filled.snapshots
