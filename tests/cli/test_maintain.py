"""``trailmere maintain``: what a user types, reads and is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.walks.door import deliver
from trailmere.app import build
from trailmere.cli import main
from trailmere.settings import load

DAY = "2026-05-{:02d}T12:00:00Z"


def record(number: int, day: int = 1) -> dict[str, Any]:
    """A management event."""
    return {
        "eventVersion": "1.08",
        "eventID": f"00000000-0000-4000-8000-{number:012d}",
        "eventTime": DAY.format(day),
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetBucketAcl",
        "eventCategory": "Management",
        "managementEvent": True,
    }


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A lake with a store of three commits."""
    monkeypatch.setenv("TRAILMERE_LAKE", str(tmp_path / "lake"))
    door("store", "create", "trail", "--selectors", "everything")
    for number in range(3):
        folder = tmp_path / f"logs{number}"
        deliver(folder, [record(number)])
        door("ingest", str(folder), "--store", "trail")
    capsys.readouterr()
    return tmp_path / "lake"


def door(*arguments: str) -> int:
    """The command line, without a process of its own; its exit code."""
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    return int(ended.value.code or 0)


def test_what_is_left_of_a_day_becomes_one_file_when_the_day_has_come_to_rest(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(tmp_path / "many", [record(number) for number in range(10, 30)])
    door("ingest", str(tmp_path / "many"), "--store", "trail")
    capsys.readouterr()

    door("maintain")
    today = capsys.readouterr().out
    door("maintain", "--rest", "0s")
    at_rest = capsys.readouterr().out
    door("maintain", "--rest", "0s")
    again = capsys.readouterr().out

    assert "4 -> 2" in today
    assert "2 -> 1" in at_rest
    assert "1 -> 1" in again


def test_it_says_what_it_did_and_ends_with_0(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = door("maintain", "--expire-snapshots-after", "0s")

    assert code == 0
    assert "3 -> 1" in capsys.readouterr().out


def test_json_has_what_was_done_and_a_dry_run_does_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    door("maintain", "--dry-run", "-o", "json")
    (foreseen,) = json.loads(capsys.readouterr().out)
    door("maintain", "-o", "json")
    (done,) = json.loads(capsys.readouterr().out)

    assert (foreseen["dry_run"], foreseen["files_before"], foreseen["files_after"]) == (True, 3, 1)
    assert (done["dry_run"], done["files_before"], done["files_after"]) == (False, 3, 1)


def test_events_past_the_retention_of_the_store_are_removed_and_the_store_says_so(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(tmp_path / "old", [record(9) | {"eventTime": "2001-01-01T00:00:00Z"}])
    door("ingest", str(tmp_path / "old"), "--store", "trail")
    door("maintain")
    capsys.readouterr()

    door("store", "show", "trail")
    assert "1 of the rows kept" in capsys.readouterr().out


def test_a_damaged_file_is_named_and_ends_with_1(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hurt = next((home / "warehouse").rglob("*.parquet"))
    hurt.write_bytes(hurt.read_bytes()[:-1] + b"?")

    code = door("maintain")

    assert code == 1
    assert hurt.name in capsys.readouterr().err.replace("\n", "")


def test_a_store_that_somebody_else_maintains_is_told_with_who_does_and_ends_with_1(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    door("maintain")
    app = build(load(lake=home))
    lock = f"maintain-{app.stores.get('trail').id}"
    assert app.lake._locks.take(lock)
    capsys.readouterr()

    assert door("maintain") == 1
    assert "maintains this store" in capsys.readouterr().err
    app.close()


def test_every_goes_on_until_it_is_told_to_stop(home: Path) -> None:
    command = [sys.executable, "-m", "trailmere", "maintain", "--every", "1s", "-o", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        rounds = 0
        for line in running.stdout:
            rounds += line.startswith("]")
            if rounds == 2:
                running.terminate()
                break
        running.stdout.read()
        code = running.wait()

    assert code == 0


def test_an_interval_that_is_none_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert door("maintain", "--every", "0s") == 1
    assert "--every: expected a length of time" in capsys.readouterr().err


def test_a_query_that_has_begun_is_answered_from_the_files_that_it_began_with(home: Path) -> None:
    app, other = build(load(lake=home)), build(load(lake=home, maintain_snapshot_days=0.0))
    store = app.stores.get("trail")
    answer = app.queries.run("SELECT eventID FROM trail")
    leased = other.maintain(store, show=lambda _: None)
    rows = sum(batch.num_rows for batch in answer.batches)
    after = other.maintain(store, show=lambda _: None)
    for one in (app, other):
        one.close()

    assert (leased.snapshots_leased, rows) == (1, 3)
    assert (after.snapshots_leased, after.files_removed > 0) == (0, True)
