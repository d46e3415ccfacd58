"""``trailmere import`` and ``channel``: what a user types, reads and is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_identities import Command, run
from tests.ingest.test_imports import key, log, write

__all__ = ["run"]
STORE = ("store", "create", "logs", "--no-termination-protection")
DOORS = ("store", "create", "doors", "--selectors", "activity-audit-log", "--no-multi-region")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two logs, and one that is none."""
    made = tmp_path / "bucket"
    for number in (1, 2):
        write(made, key(number), log(number))
    write(made, key(3), b"\x1f\x8b no gzip")
    return made


def test_an_import_says_what_came_in_and_what_failed_and_is_retried(run: Command, folder: Path) -> None:
    run(*STORE)
    failed = run("import", "start", str(folder), "--store", "logs", "--output", "json")
    write(folder, key(3), log(3))
    retried = run("import", "retry", failed.json["ImportId"], "--output", "json")
    listed = run("import", "list", "--output", "json")

    assert (failed.code, failed.json["ImportStatus"], failed.json["ImportStatistics"]["FailedEntries"]) == (
        1,
        "FAILED",
        1,
    )
    assert [one["Location"] for one in failed.json["Failures"]] == [(folder / key(3)).as_uri()]
    assert (retried.code, retried.json["ImportStatus"]) == (0, "COMPLETED")
    assert retried.json["ImportStatistics"]["EventsCompleted"] == 9
    assert [one["ImportId"] for one in listed.json] == [failed.json["ImportId"]]


def test_an_import_that_is_left_to_a_server_holds_its_store_until_it_is_stopped(run: Command, folder: Path) -> None:
    run(*STORE)
    begun = run("import", "start", str(folder), "--store", "logs", "--detach", "--output", "json")
    import_id = begun.json["ImportId"]
    refused = run("store", "delete", "logs")
    stopped = run("import", "stop", import_id)
    shown = run("import", "show", import_id)

    assert (begun.code, begun.json["ImportStatus"]) == (0, "INITIALIZING")
    assert (refused.code, f"the import {import_id} into logs is under way" in refused.err) == (1, True)
    assert "STOPPED" in stopped.out
    assert shown.out == stopped.out
    assert run("store", "delete", "logs").code == 0


def test_an_import_of_what_is_not_there_says_so(run: Command, tmp_path: Path) -> None:
    run(*STORE)
    answer = run("import", "start", str(tmp_path / "nowhere"), "--store", "logs")

    assert answer.code == 1
    assert "SourceNotFound" in answer.out


def test_a_channel_is_made_shown_listed_and_deleted(run: Command) -> None:
    run(*DOORS)
    made = run("channel", "create", "from-doors", "--store", "doors", "--tag", "team=blue", "--output", "json")
    shown = run("channel", "show", "from-doors", "--output", "json")
    listed = run("channel", "list")
    held = run("store", "delete", "doors")
    deleted = run("channel", "delete", made.json["ChannelArn"])

    assert shown.json == made.json
    assert (made.json["Source"], made.json["Tags"]) == ("Custom", [{"Key": "team", "Value": "blue"}])
    assert made.json["ChannelArn"] in listed.out
    assert (held.code, "the channel from-doors brings events into doors" in held.err) == (1, True)
    assert (deleted.code, json.loads(run("channel", "list", "--output", "json").out)) == (0, [])


def test_a_channel_into_a_store_of_other_events_is_refused(run: Command) -> None:
    run(*STORE)

    assert "ActivityAuditLog" in run("channel", "create", "from-doors", "--store", "logs").err
