"""``trailmere dashboard``: shown in the terminal, refreshed, kept as files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_store import Answer
from tests.query.small_lake import make_lake, opened
from trailmere.app import StoreCatalog
from trailmere.cli import main
from trailmere.cli.drawn import bar, curve, plain
from trailmere.registry.dashboards import Widget

Command = Callable[..., Answer]
EVERYTHING = ("--from", "2000-01-01", "--to", "2100-01-01")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_lake(tmp_path_factory.mktemp("dashboards"))


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """``trailmere dashboard ...`` over a lake with the store ``trail``."""
    monkeypatch.setenv("TRAILMERE_LAKE", str(home))

    def run_command(*arguments: str | Path) -> Answer:
        with pytest.raises(SystemExit) as end:
            main(["dashboard", *map(str, arguments)])
        written = capsys.readouterr()
        return Answer(int(end.value.code or 0), written.out, written.err)

    return run_command


@pytest.fixture
def mine(home: Path) -> Any:
    """A dashboard of two widgets, of which the second has no events."""
    widgets = (
        Widget("SELECT eventName, count(*) AS calls FROM trail GROUP BY 1", (), {"Title": "Calls", "View": "PieChart"}),
        Widget("SELECT eventName FROM trail WHERE eventName = 'Nope'", (), {"Title": "None", "View": "Table"}),
    )
    with opened(home) as app:
        place = app.settings.account_id, app.settings.region, "mine"
        made = app.dashboards.create(*place, widgets, StoreCatalog(app.stores))
    yield made
    with opened(home) as app:
        board = app.dashboards.find(*place)
        if board is not None:
            app.dashboards.delete(app.dashboards.update(board, StoreCatalog(app.stores), termination_protected=False))


def test_all_dashboards_are_listed(run: Command, mine: Any) -> None:
    listed = json.loads(run("list", "--output", "json").out)

    assert len([one for one in listed if one["type"] == "managed"]) == 15
    assert [one["name"] for one in listed if one["type"] == "custom"] == ["mine"]


def test_what_a_refresh_has_found_is_drawn(run: Command, mine: Any) -> None:
    refreshed = run("refresh", "mine", "--wait", *EVERYTHING)

    told = run("show", "mine").out
    assert refreshed.code == 0
    assert "█" in told
    assert "nothing in this time" in told


def test_a_refresh_that_nobody_waits_for_is_left_to_a_server(run: Command, mine: Any) -> None:
    assert "a server runs it" in run("refresh", "mine").err


def test_a_managed_dashboard_is_found_by_its_short_name_and_needs_a_store(run: Command) -> None:
    refused = run("refresh", "Overview")
    done = run("refresh", "Overview", "--store", "trail", "--wait", *EVERYTHING)
    shown = json.loads(run("show", "Overview", "--output", "json").out)

    assert (refused.code, "--store" in refused.err, done.code) == (1, True, 0)
    assert {one["status"] for one in shown["widgets"]} == {"FINISHED"}
    assert shown["given"]["$StartTime$"] == "2000-01-01T00:00:00.000Z"


def test_a_dashboard_that_was_not_refreshed_says_how(run: Command, mine: Any) -> None:
    assert "trailmere dashboard refresh mine" in run("show", "mine").err


def test_a_file_that_was_exported_changes_nothing_and_then_what_was_changed_in_it(
    run: Command, mine: Any, tmp_path: Path
) -> None:
    file = tmp_path / "mine.json"
    file.write_text(run("export", "mine").out, encoding="utf-8")
    unchanged = json.loads(run("apply", file, "--output", "json").out)
    file.write_text(file.read_text(encoding="utf-8").replace("'Nope'", "'Never'"), encoding="utf-8")

    would = json.loads(run("apply", file, "--dry-run", "--output", "json").out)
    done = json.loads(run("apply", file, "--output", "json").out)
    again = json.loads(run("apply", file, "--output", "json").out)

    assert (unchanged["changes"], again["changes"]) == ([], [])
    assert would["changes"] == done["changes"] == ["change the statement of the widget 'None'"]


def test_a_managed_dashboard_becomes_ones_own_by_a_file(run: Command, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy.json"
    file.write_text(run("export", "AWSCloudTrail-Overview").out, encoding="utf-8")

    open_store = run("apply", file, "--name", "copy")
    made = run("apply", file, "--name", "copy", "--store", "trail")

    assert (open_store.code, "--store" in open_store.err) == (1, True)
    assert "create copy with 6 widgets" in made.out
    assert run("lint", file, "--store", "trail").code == 0


def test_what_is_wrong_with_a_file_is_told_with_its_place(run: Command, mine: Any, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(run("export", "mine").out.replace("count(*)", "cuont(*)"), encoding="utf-8")

    told = run("lint", file, "--output", "json")

    assert told.code == 1
    assert json.loads(told.out)["findings"][0]["place"] == "widgets[0].sql, line 1, column 19"


def test_a_file_that_is_not_there_is_told(run: Command, tmp_path: Path) -> None:
    refused = run("lint", tmp_path / "none.json")

    assert (refused.code, "No such file" in refused.err) == (1, True)


def test_bars_and_curves_are_as_high_as_their_values() -> None:
    assert [bar(value, 8, width=4) for value in (8, 4, 1, 0)] == ["████", "██", "▌", ""]
    assert curve([0, 4, 8]) == "▁▅█"
    assert len(curve(range(600), width=60)) == 60
    assert plain(f"calls  {bar(8, 8, width=2)}") == "calls  ##"
