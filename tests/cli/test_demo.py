"""trailmere demo, as a newcomer runs it: in a process of its own, on a lake that does not exist yet."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.walks.door import opened, rows, trailmere
from trailmere.simulator.scenarios import COMPROMISED_KEY_QUESTIONS


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "lake"


@pytest.fixture(scope="module")
def first(home: Path) -> tuple[str, str]:
    """What the first run says on stdout and stderr."""
    done = trailmere("demo", "--lake", home)
    return done.stdout, done.stderr


def test_it_asks_all_nine_questions_and_says_what_the_answers_mean(first: tuple[str, str]) -> None:
    told, _ = first

    for question in COMPROMISED_KEY_QUESTIONS:
        assert question.sql in told
        assert f"{len(question.rows()):,} row" in told
        assert f"=> {question.meaning}" in told


def test_no_answer_surprises_it(first: tuple[str, str]) -> None:
    told, _ = first

    assert "please report" not in told


def test_it_says_that_the_lake_holds_what_the_simulator_made(first: tuple[str, str]) -> None:
    _, talk = first

    assert talk.count("exactly as many as the simulator made") == 2


def test_its_second_incident_is_there_to_be_asked(first: tuple[str, str], home: Path) -> None:
    question = home / "demo" / "questions" / "2.1.sql"

    answer = trailmere("query", "-f", question, "--output", "csv", "--lake", home).stdout

    assert "RunInstances" in answer


def test_it_leaves_no_log_files_behind_unless_asked(first: tuple[str, str], home: Path) -> None:
    assert [path.name for path in (home / "demo").iterdir() if path.name.endswith("-logs")] == []


def test_running_it_again_takes_nothing_in_and_says_so(first: tuple[str, str], home: Path) -> None:
    with opened(home) as app:
        before = rows(app, "SELECT count(*) AS events FROM incident-1")

    again = trailmere("demo", "--lake", home)

    with opened(home) as app:
        assert rows(app, "SELECT count(*) AS events FROM incident-1") == before
    assert again.stderr.count("are there from before") == 2
    assert again.stdout == _without_times(again.stdout, first[0])


def _without_times(told: str, before: str) -> str:
    """``told``, if it differs from ``before`` in nothing but the milliseconds."""

    def timeless(text: str) -> list[str]:
        return [line.split(",")[0] if line.endswith(" ms") else line for line in text.splitlines()]

    assert [sorted(timeless(told))] == [sorted(timeless(before))]
    return told


def test_what_it_says_to_try_next_works_as_printed(first: tuple[str, str], home: Path, tmp_path: Path) -> None:
    told, _ = first
    farewell = told.partition("What to try next")[2].replace("FOLDER", str(tmp_path))
    commands = [shlex.split(line.partition("    ... ")[0]) for line in farewell.splitlines() if line.startswith("    ")]

    codes = [trailmere(*command[1:]).returncode for command in commands if command[1] != "serve"]

    assert codes == [0] * 6
    assert [command[1:] for command in commands if command[1] == "serve"] == [["serve", "--open", "--lake", str(home)]]
