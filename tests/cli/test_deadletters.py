"""``trailmere deadletters``: what could not be taken in is listed, shown without harm, and tried again."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_ingest import account_of, home, run
from tests.ingest.corpus import envelope, event, packed

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["home"]

HOSTILE = b'{"Records":[{"eventTime":"never","text":"\xc2\x9b2J\xe2\x80\xae"}]}'


@pytest.fixture
def letters(home: Path, tmp_path: Path) -> Path:
    """A lake with one record and one delivery among the dead letters."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "hostile.json").write_bytes(HOSTILE)
    (logs / "cut.json.gz").write_bytes(packed(envelope([event(Random(1))]))[:-3])
    run(home, "ingest", str(logs), "--store", "events")
    return home


def test_the_list_says_where_and_why(letters: Path) -> None:
    found = json.loads(run(letters, "deadletters", "list", "--output", "json").stdout)

    assert {(one["reason"], one["ordinal"], one["store"]) for one in found} == {
        ("gzip-truncated", None, "events"),
        ("event-time", 0, "events"),
    }


def test_the_list_can_be_narrowed_to_a_reason(letters: Path) -> None:
    (found,) = json.loads(run(letters, "deadletters", "list", "--reason", "event-time", "-o", "json").stdout)

    assert found["uri"].endswith("hostile.json")


def test_bytes_are_shown_so_that_they_cannot_drive_the_terminal(letters: Path) -> None:
    (found,) = json.loads(run(letters, "deadletters", "list", "--reason", "event-time", "-o", "json").stdout)

    shown = run(letters, "deadletters", "show", str(found["id"])).stdout

    assert "\x9b".encode() not in shown
    assert "\u202e".encode() not in shown
    assert b"\\x9b2J" in shown


def test_raw_gives_the_exact_bytes_and_nothing_else(letters: Path) -> None:
    (found,) = json.loads(run(letters, "deadletters", "list", "--reason", "event-time", "-o", "json").stdout)

    raw = run(letters, "deadletters", "show", str(found["id"]), "--raw").stdout

    assert raw == HOSTILE[len(b'{"Records":[') : -len(b"]}")]


def test_what_still_cannot_be_read_stays_where_it_is(letters: Path) -> None:
    result = json.loads(run(letters, "deadletters", "replay", "--output", "json").stdout)["events"]
    again = account_of(run(letters, "ingest", str(letters.parent / "logs"), "--store", "events", "-o", "json"))

    assert (result["tried"], result["replayed"], result["still_dead"]) == (2, 0, 2)
    assert (again["deliveries_known"], again["known_rejected"]) == (2, 1)


def test_an_id_that_does_not_exist_is_an_error(letters: Path) -> None:
    done = run(letters, "deadletters", "replay", "999", expected=1)

    assert b"999" in done.stderr


def test_a_reason_that_does_not_exist_is_told_with_those_that_do(letters: Path) -> None:
    done = run(letters, "deadletters", "list", "--reason", "truncate", expected=1)

    assert b"gzip-truncated" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("deadletters", "list"),
        ("deadletters", "replay"),
        ("schema", "drift"),
        ("query", "SELECT 1"),
        ("ingest", "/", "--store", "events"),
    ],
)
def test_a_folder_that_was_mistyped_is_told_and_no_lake_is_made_in_it(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = run(tmp_path / "mistyped", *command, expected=1)

    assert b"there is no lake in" in done.stderr
    assert not (tmp_path / "mistyped").exists()
