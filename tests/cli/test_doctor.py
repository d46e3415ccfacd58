"""``trailmere doctor``: what it finds in a sound lake, in a hurt one, and where there is none."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.ingest.corpus import envelope, event
from trailmere.app import App, build
from trailmere.cli import main
from trailmere.ingest.run import ingest
from trailmere.registry.records import Operation
from trailmere.settings import load
from trailmere.sources.opening import open_source


def findings(lake: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """The exit code, and each finding by the name of its check."""
    with pytest.raises(SystemExit) as end:
        main(["doctor", "--lake", str(lake), "--output", "json"])
    return int(end.value.code or 0), {one["check"]: one for one in json.loads(capsys.readouterr().out)}


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A lake with a store, ``audit``, that holds events."""
    logs = tmp_path / "log.json"
    logs.write_bytes(envelope([event(Random(1)) for _ in range(3)]))
    app: App = build(load({}, lake=tmp_path / "lake", ingest_workers=1))
    app.lifecycle.create("audit")
    store = app.lifecycle.use("audit", Operation.INGEST)
    ingest(app.lake, store, open_source(str(logs)), app.ingest_limits)
    app.close()
    return tmp_path / "lake"


def data_file(lake: Path) -> Path:
    """One of its data files."""
    return next(lake.glob("warehouse/**/*.parquet"))


def test_a_sound_lake_has_no_fault(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = findings(lake, capsys)

    assert code == 0
    assert found["store audit"]["verdict"] == "ok"
    assert found["store audit"]["found"].startswith("ENABLED, ")


def test_where_there_is_no_lake_none_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = findings(tmp_path / "none", capsys)

    assert code == 0
    assert found["lake folder"]["verdict"] == "warning"
    assert not (tmp_path / "none").exists()


def test_a_store_with_little_to_do_is_maintained_well_enough(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = build(load({}, lake=lake))
    store = app.stores.update("audit", retention_days=3653)
    _, before = findings(lake, capsys)
    app.maintain(store, show=lambda _progress: None)
    app.close()
    _, after = findings(lake, capsys)

    assert before["maintenance audit"]["verdict"] == after["maintenance audit"]["verdict"] == "ok"
    assert before["maintenance audit"]["found"].endswith("never maintained")
    assert "last maintained 20" in after["maintenance audit"]["found"]


def test_events_past_their_retention_are_a_warning_that_says_what_to_run(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = build(load({}, lake=lake))
    app.stores.update("audit", retention_days=7)
    app.close()

    code, found = findings(lake, capsys)

    assert (code, found["maintenance audit"]["verdict"]) == (0, "warning")
    assert "1 event past the retention of 7 days" in found["maintenance audit"]["found"]
    assert found["maintenance audit"]["mend"].startswith("trailmere maintain --store audit")


def test_a_record_of_a_store_that_was_changed_by_hand_is_a_fault(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(lake / "lake.db") as database:
        database.execute("UPDATE event_data_stores SET retention_days = 7")
    database.close()

    code, found = findings(lake, capsys)

    assert (code, found["store audit"]["verdict"]) == (1, "fault")
    assert "trailmere store seal audit" in found["store audit"]["mend"]


def test_a_key_file_that_is_lost_is_a_fault_that_says_what_to_do(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = build(load({}, lake=lake))
    path = app.secrets.path
    app.close()
    assert findings(lake, capsys)[1]["secrets"]["verdict"] == "ok"

    path.unlink()
    code, found = findings(lake, capsys)

    assert (code, found["secrets"]["verdict"]) == (1, "fault")
    assert str(path) in found["secrets"]["found"]
    assert "trailmere key start-over" in found["secrets"]["mend"]
    assert not path.exists()


def test_a_missing_data_file_is_a_fault_that_names_it(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = data_file(lake)
    gone.unlink()

    code, found = findings(lake, capsys)

    assert code == 1
    assert str(gone) in found["store audit"]["found"]
    assert "backup" in found["store audit"]["mend"]


def test_a_data_file_that_was_cut_is_a_fault(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.truncate(data_file(lake), 100)

    code, found = findings(lake, capsys)

    assert (code, found["store audit"]["verdict"]) == (1, "fault")


def test_a_copied_lake_is_told_from_its_original(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(lake, lake.parent / "copy")

    code, found = findings(lake.parent / "copy", capsys)

    assert code == 1
    assert "outside of this lake" in found["store audit"]["found"]


def test_a_database_server_that_is_not_there_is_one_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setenv("TRAILMERE_DATABASE_URL", "postgresql+psycopg://u@127.0.0.1:1/x")

    code, found = findings(tmp_path / "lake", capsys)

    assert code == 1
    assert [name for name, one in found.items() if one["verdict"] == "fault"] == ["database"]


def test_to_people_each_advice_stands_beneath_its_finding(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data_file(lake).unlink()

    with pytest.raises(SystemExit):
        main(["doctor", "--lake", str(lake)])
    lines = capsys.readouterr().out.splitlines()

    (fault,) = (number for number, line in enumerate(lines) if line.startswith("fault"))
    assert "store audit" in lines[fault]
    assert lines[fault + 1].lstrip().startswith("-> put them back from a backup")
    assert lines[-1] == "1 fault, no warnings"
