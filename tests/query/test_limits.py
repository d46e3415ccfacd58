"""What one query may take: each limit is reached, through the service and at the command line, and says what to do."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.query.small_lake import EVENTS_A_DAY, make_lake, opened
from trailmere.cli import main
from trailmere.errors import QueryLimitExceeded, SettingsError
from trailmere.query.failures import ALLOW_MORE
from trailmere.query.results import rows
from trailmere.settings import load

MIB = 1 << 20
EVERYTHING = "SELECT * FROM trail"
ENDLESS = "SELECT sum(a.n * b.n * c.n) FROM " + ", ".join(f"UNNEST(sequence(1, 10000)) AS {x}(n)" for x in "abc")
HUGE = "SELECT listagg(rpad('x', 1000000, 'y'), ',') FROM trail a, trail b, trail c"

# limit, setting, statement, what the message says, what to do
REACHED: tuple[tuple[str, int | float, str, str, str], ...] = (
    ("query_seconds", 0.5, ENDLESS, "stopped after 0.5 seconds", "narrow eventTime"),
    ("query_memory_bytes", 128 * MIB, HUGE, "more than the 128 MiB of memory", "select fewer columns"),
    ("query_scan_bytes", 1000, EVERYTHING, "bytes; 1,000 are allowed", "narrow eventTime"),
    ("query_answer_bytes", 2000, EVERYTHING, "and 2,000 are allowed", "fewer rows with LIMIT"),
    ("query_characters", 10, EVERYTHING, "has 19 characters and at most 10", "shorten it"),
)
OPTIONS = {"query_seconds": ("--max-seconds", "0.5"), "query_memory_bytes": ("--max-memory", "128")}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_lake(tmp_path_factory.mktemp("limits"))


@pytest.mark.parametrize(("limit", "value", "sql", "said", "advice"), REACHED, ids=[case[0] for case in REACHED])
def test_a_limit_that_is_reached_says_which_it_is_and_what_to_do(
    home: Path, limit: str, value: float, sql: str, said: str, advice: str
) -> None:
    with opened(home, **{limit: value}) as app, pytest.raises(QueryLimitExceeded) as caught:
        list(rows(app.queries.run(sql)))

    assert caught.value.limit == limit
    assert said in caught.value.message
    assert advice in (caught.value.hint or "")
    assert f"TRAILMERE_{limit.upper()}" in (caught.value.hint or "")


@pytest.mark.parametrize(("limit", "value", "sql", "said", "advice"), REACHED, ids=[case[0] for case in REACHED])
def test_the_command_line_says_the_same_and_names_its_option(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    limit: str,
    value: float,
    sql: str,
    said: str,
    advice: str,
) -> None:
    given: tuple[str, ...] = OPTIONS.get(limit, ())
    if not given:
        monkeypatch.setenv(f"TRAILMERE_{limit.upper()}", str(value))

    with pytest.raises(SystemExit) as ended:
        main(["query", sql, "--limit", "0", "--lake", str(home), *given])

    told = capsys.readouterr()
    assert ended.value.code not in (0, None)
    assert said in told.err
    assert advice in told.err
    assert not given or given[0] in told.err


def test_rows_beyond_the_setting_are_left_out_and_the_command_line_says_how_to_see_them(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRAILMERE_QUERY_ROWS", "7")

    with pytest.raises(SystemExit):
        main(["query", "SELECT eventID FROM trail", "-o", "ndjson", "--lake", str(home)])

    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 7
    assert "There are more rows than 7: --limit 70 shows more, --limit 0 all." in told.err


OF_NO_RUNNING_QUERY = {
    "query_rows",
    "query_threads",
    "query_characters",
    "query_runners",
    "query_concurrent",
    "query_results_days",
}


def test_every_limit_that_a_running_query_reaches_names_how_to_allow_more() -> None:
    settings = {name for name in load({}).__slots__ if name.startswith("query_")}

    assert set(ALLOW_MORE) == settings - OF_NO_RUNNING_QUERY


@pytest.mark.parametrize("given", [{"query_seconds": 0.0}, {"query_memory_bytes": MIB}, {"query_answer_bytes": -1}])
def test_a_limit_under_which_nothing_could_run_is_no_setting(given: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(given))):
        load({}, **given)


def test_an_answer_within_its_bytes_is_whole(home: Path) -> None:
    with opened(home, query_answer_bytes=MIB) as app:
        assert len(list(rows(app.queries.run("SELECT eventID FROM trail")))) == 3 * EVENTS_A_DAY


def test_the_neighbours_of_a_bomb_are_answered(home: Path) -> None:
    """Other callers of the same pool, before, while and after one query takes all that it may and is killed."""
    with opened(home, query_seconds=5, query_memory_bytes=256 * MIB) as app:
        over = threading.Event()
        ends: list[BaseException] = []

        def explode(sql: str) -> None:
            try:
                list(rows(app.queries.run(sql)))
            except QueryLimitExceeded as error:
                ends.append(error)

        def wait() -> None:
            for bomb in bombs:
                bomb.join()
            over.set()

        bombs = [threading.Thread(target=explode, args=(sql,)) for sql in (ENDLESS, HUGE)]
        answers = []
        for bomb in bombs:
            bomb.start()
        threading.Thread(target=wait).start()
        while not over.is_set():
            answers.append(list(rows(app.queries.run("SELECT count(*) FROM trail"))))
        answers.append(list(rows(app.queries.run("SELECT count(*) FROM trail"))))

    assert len(ends) == len(bombs)
    assert len(answers) >= 2
    assert answers == [[(3 * EVENTS_A_DAY,)]] * len(answers)
