"""``trailmere ingest`` as a user runs it: a process, its output and its exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.ingest.corpus import KINDS, envelope, event, make, packed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A lake with one store, ``events``."""
    run(tmp_path / "lake", "store", "create", "events")
    return tmp_path / "lake"


def run(
    lake: Path, *arguments: str, expected: int = 0, stdin: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"TRAILMERE_LAKE": str(lake)}
    command = [sys.executable, "-m", "trailmere", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, input=stdin, check=False)
    assert done.returncode == expected, done.stderr.decode()
    return done


def account_of(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    account: dict[str, Any] = json.loads(done.stdout)
    return account


def test_the_account_is_printed_for_people_and_as_json_for_scripts(home: Path, tmp_path: Path) -> None:
    make(tmp_path / "logs", 1, KINDS)

    first = run(home, "ingest", str(tmp_path / "logs"), "--store", "events").stdout.decode()
    second = account_of(run(home, "ingest", str(tmp_path / "logs"), "--store", "events", "--output", "json"))

    assert " seen = " in first
    assert " parsed = " in first
    assert second["deliveries_seen"] == second["deliveries_known"] > 0


def test_events_past_the_retention_are_told_before_maintenance_removes_them(home: Path) -> None:
    old = envelope([event(Random(1), eventTime="2019-03-01T00:00:00Z")])
    new = envelope([event(Random(2))])

    told = run(home, "ingest", "-", "--store", "events", stdin=old).stderr.decode()
    run(home, "store", "update", "events", "--retention-days", "3653")
    silent = run(home, "ingest", "-", "--store", "events", stdin=new).stderr.decode()

    assert "up to 1 events of events are older than its retention of 366 days" in told
    assert "trailmere store update events --retention-days 3653" in told
    assert "retention" not in silent


def test_standard_input_is_taken_in_and_known_when_it_comes_again(home: Path) -> None:
    content = packed(envelope([event(Random(1)), event(Random(2))]))

    first = account_of(run(home, "ingest", "-", "--store", "events", "-o", "json", stdin=content))
    again = account_of(run(home, "ingest", "-", "--store", "events", "-o", "json", stdin=content))
    other = account_of(run(home, "ingest", "-", "--store", "events", "-o", "json", stdin=envelope([event(Random(3))])))

    assert (first["kept"], again["deliveries_known"], other["kept"]) == (2, 1, 1)
    assert other["conflicting_places"] == 0


def test_a_store_that_does_not_take_events_in_refuses_and_says_what_to_do(home: Path, tmp_path: Path) -> None:
    make(tmp_path / "logs", 1, ["good"])
    run(home, "store", "stop-ingestion", "events")

    done = run(home, "ingest", str(tmp_path / "logs"), "--store", "events", expected=1)

    assert b"STOPPED_INGESTION" in done.stderr
    assert b"start-ingestion" in done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere", "--store", "events"), b"there is nothing"),
        ((".", "--store", "nothing"), b"nothing"),
        (("-", "--store", "events", "--follow"), b"--follow"),
    ],
)
def test_what_cannot_be_done_is_explained_and_exits_with_one(
    home: Path, arguments: tuple[str, ...], said: bytes
) -> None:
    done = run(home, "ingest", *arguments, expected=1)

    assert said in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_dry_run_leaves_the_store_as_it_was(home: Path, tmp_path: Path) -> None:
    make(tmp_path / "logs", 1, ["good", "cut gzip"])

    dry = account_of(run(home, "ingest", str(tmp_path / "logs"), "--store", "events", "--dry-run", "-o", "json"))
    wet = account_of(run(home, "ingest", str(tmp_path / "logs"), "--store", "events", "-o", "json"))

    assert dry["dry_run"]
    assert (dry["kept"], dry["deliveries_rejected"]) == (wet["kept"], wet["deliveries_rejected"])


def test_what_store_show_says_is_in_a_store_is_the_sum_of_the_accounts(home: Path, tmp_path: Path) -> None:
    make(tmp_path / "logs", 1, ["good", "cut gzip", "recompressed", "changed content", "without time", "data events"])

    ingested = ("ingest", str(tmp_path / "logs"), "--store", "events", "-o", "json")
    accounts = [account_of(run(home, *ingested)) for _ in range(2)]
    contents = json.loads(run(home, "store", "show", "events", "-o", "json").stdout)["Contents"]

    shared = contents.keys() & accounts[0].keys()
    assert shared >= {"deliveries_seen", "deliveries_taken", "deliveries_known", "parsed", "kept", "duplicate", "dead"}
    assert {key: contents[key] for key in shared} == {key: sum(one[key] for one in accounts) for key in shared}
    assert contents["rows"] == contents["kept"]


def test_a_pipe_named_as_the_source_is_read_as_standard_input_is(home: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    make(tmp_path / "logs", 1, ["good"])
    (log,) = (tmp_path / "logs").rglob("*.gz")

    with subprocess.Popen(["sh", "-c", 'cat "$0" > "$1"', str(log), str(pipe)]):
        account = account_of(run(home, "ingest", str(pipe), "--store", "events", "-o", "json"))

    assert (account["deliveries_taken"], account["parsed"] > 0) == (1, True)


def test_follow_takes_in_what_arrives_until_it_is_told_to_stop_and_commits_nothing_for_nothing(
    home: Path, tmp_path: Path
) -> None:
    from trailmere.lake.vault import Lake

    logs = tmp_path / "logs"
    make(logs, 1, ["good", "good"])
    age(logs)
    command = [sys.executable, "-m", "trailmere", "ingest", str(logs), "--store", "events"]
    process = subprocess.Popen(
        [*command, "--follow", "--every", "0.05", "-o", "json", "--lake", str(home)], stdout=subprocess.PIPE
    )
    with Lake.open(home) as lake:
        store_id = json.loads(run(home, "store", "show", "events", "-o", "json").stdout)["EventDataStoreArn"][-36:]
        wait_for(process, lambda: len(list(lake.deliveries(store_id))) == 2)
        make(logs, 2, ["good"])
        age(logs)
        wait_for(process, lambda: len(list(lake.deliveries(store_id))) == 3)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)

    account = json.loads(out)
    assert process.returncode == 0
    assert (account["deliveries_taken"], account["commits"]) == (3, 2)


def age(folder: Path) -> None:
    """Files that were changed a moment ago may still be being written, and would wait."""
    for path in folder.rglob("*.gz"):
        os.utime(path, (1.7e9, 1.7e9))


def wait_for(process: subprocess.Popen[bytes], condition: Any) -> None:
    while not condition():
        assert process.poll() is None
        os.sched_yield()
