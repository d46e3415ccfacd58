"""A store of multiplied days is a sound one: its books agree, and each event is one of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from benchmarks import corpus, large, ours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trailmere.lake.records import ScanPlan

ROWS = 3_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[large.Large]:
    """A small large store over a small base."""
    work = tmp_path_factory.mktemp("large")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large, "BASE", corpus.Shape(events=2_000, files=40, days=8, seed="small"))
        patch.setattr(large, "DAYS_A_BATCH", 4)
        yield large.make(work / "lake", work, ROWS)
    large.read_base.cache_clear()


def scan(made: large.Large) -> ScanPlan:
    with ours.opened(made.path) as app:
        store = app.stores.find(ours.STORE)
        assert store is not None
        return app.lake.scan(store.id)


def test_it_has_as_many_rows_as_were_asked_for_in_whole_days(made: large.Large) -> None:
    plan = scan(made)

    assert plan.total_rows == made.rows >= ROWS


def test_verification_finds_nothing_wrong_with_it(made: large.Large) -> None:
    done = ours.trailmere("verify", "--full", lake=made.path)

    assert done.exit_code == 0, done.stderr


def test_every_event_has_an_id_of_its_own_and_its_record_has_the_same_id_and_time(made: large.Large) -> None:
    columns = ["eventid", "eventtime", "eventjson"]
    rows = [row for file in scan(made).files for row in pq.read_table(file.path, columns=columns).to_pylist()]

    assert len({row["eventid"] for row in rows}) == len(rows)
    assert all(
        (record["eventID"], record["eventTime"]) == (row["eventid"], f"{row['eventtime']:%Y-%m-%dT%H:%M:%SZ}")
        for row in rows
        for record in [json.loads(row["eventjson"])]
    )


def test_the_days_of_files_are_those_of_their_rows(made: large.Large) -> None:
    for file in scan(made).files:
        times = pq.read_table(file.path, columns=["eventtime"]).column("eventtime").to_pylist()

        assert {f"eventtime_day={time:%Y-%m-%d}" for time in times} == {Path(file.path).parent.name}


def test_its_needle_is_on_the_day_of_the_incident_alone(made: large.Large) -> None:
    column = "useridentity__accesskeyid"
    found = {
        Path(file.path).parent.name
        for file in scan(made).files
        if made.access_key in pq.read_table(file.path, columns=[column]).column(column).to_pylist()
    }

    assert found == {f"eventtime_day={made.incident}"}
