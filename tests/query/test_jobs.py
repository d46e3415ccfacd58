"""Background queries: their states, their pages, their ends, and that no process has to live for them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.query.background import ACCOUNT, ENDLESS, PATIENCE_SECONDS, answer, asked, ended, start
from tests.query.small_lake import make_lake, opened
from trailmere.app import App, StoreCatalog
from trailmere.errors import (
    InvalidParameter,
    MaxConcurrentQueries,
    QueryNotCancellable,
    QueryNotFound,
    StatementInvalid,
    StatementNotAllowed,
)
from trailmere.registry.query_records import QueryStatus

NUMBERS = "SELECT n FROM UNNEST(sequence(1, 4321)) AS t(n) ORDER BY n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_lake(tmp_path_factory.mktemp("jobs"))


@pytest.fixture(scope="module")
def app(home: Path) -> Iterator[App]:
    with opened(home) as app:
        yield app


def until(true: Callable[[], object]) -> None:
    """Wait for what another thread or process brings about."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_running(app: App, query_id: str) -> Callable[[], bool]:
    return lambda: app.jobs.get(query_id).status is QueryStatus.RUNNING


# --- answers ----------------------------------------------------------------------------------------------------------


def test_every_value_is_a_text_under_the_name_that_was_typed(app: App) -> None:
    sql = (
        "SELECT eventTime, eventName AS What, userIdentity.userName, readOnly, errorCode, requestParameters, "
        "resources, userIdentity.sessionContext.attributes, count(*) OVER (), 1e10, CAST(1.50 AS decimal(3,2)) "
        "FROM trail WHERE eventID = '00000000-0000-4000-8000-000001000001'"
    )

    resource = "accountid=111122223333, type=AWS::S3::Bucket, arn=arn:aws:s3:::bucket-1, arnprefix=null"

    assert answer(app, start(app, sql).id) == [
        [
            {"eventTime": "2024-05-01 12:00:01.000"},
            {"What": "PutObject"},
            {"username": "user-1"},
            {"readOnly": "true"},
            {"errorCode": ""},
            {"requestParameters": '{bucketName=bucket-1, key=a/b, policy={"Statement":[{"n":1}]}}'},
            {"resources": "[{" + resource + "}]"},
            {"attributes": "{creationdate=2024-05-01 11:00:00.000, mfaauthenticated=false}"},
            {"_col8": "1"},
            {"_col9": "1.0E10"},
            {"_col10": "1.50"},
        ]
    ]


def test_a_star_gives_lower_case_names_in_the_order_of_the_columns(app: App) -> None:
    (row,) = answer(app, start(app, "SELECT * FROM trail LIMIT 1").id)

    assert [name for cell in row for name in cell][:5] == [
        "eventversion",
        "useridentity",
        "eventtime",
        "eventsource",
        "eventname",
    ]


def test_names_that_repeat_stay_apart(app: App) -> None:
    assert answer(app, start(app, "SELECT 1 AS a, 2 AS a").id) == [[{"a": "1"}, {"a": "2"}]]


def test_a_statement_without_a_store_is_answered(app: App) -> None:
    query = start(app, "SELECT 1;")

    assert answer(app, query.id) == [[{"_col0": "1"}]]
    assert (query.store_ids, ended(app, query.id).snapshots) == ((), ())


@pytest.mark.parametrize("page_rows", [1, 999, 1000])
def test_pages_of_any_size_give_every_row_once_and_in_order(app: App, page_rows: int) -> None:
    query = start(app, NUMBERS if page_rows > 1 else NUMBERS.replace("4321", "43"))

    rows = answer(app, query.id, page_rows)

    assert rows == [[{"n": str(n)}] for n in range(1, len(rows) + 1)]
    assert len(rows) == ended(app, query.id).cost.events_matched


def test_very_large_rows_come_on_several_pages(app: App) -> None:
    query = start(app, "SELECT n, rpad('', 999999, 'x') AS wide FROM UNNEST(sequence(1, 20)) AS t(n) ORDER BY n")
    assert ended(app, query.id).status is QueryStatus.FINISHED

    page = app.jobs.page(ended(app, query.id))

    assert 1 < len(page.rows) < 20
    assert [row[0]["n"] for row in answer(app, query.id)] == [str(n) for n in range(1, 21)]


def test_a_query_tells_what_it_took_and_what_it_saw(app: App) -> None:
    store = app.stores.get("trail")

    query = ended(app, start(app, "SELECT eventID FROM trail WHERE readOnly").id)

    (seen,) = query.snapshots
    assert query.cost.events_matched == query.answer.rows == 30  # type: ignore[union-attr]
    assert query.cost.events_scanned == 60
    assert query.cost.bytes_scanned > 0
    assert (seen.store_arn, seen.snapshot_id) == (store.arn, app.lake.snapshots(store.id)[-1].id)
    assert query.store_ids == (store.id,)


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("SELECT nothing FROM trail", StatementInvalid),
        ("SELECT 1 FROM nowhere", StatementInvalid),
        ("DROP TABLE trail", StatementNotAllowed),
        ("SELECT 1; SELECT 2", StatementNotAllowed),
    ],
)
def test_a_statement_that_cannot_run_is_refused_at_once(app: App, statement: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        start(app, statement)


def test_a_store_that_may_not_be_read_is_refused_before_anything_is_queued(app: App) -> None:
    store = app.stores.get("trail").id
    asked_for: list[tuple[str, ...]] = []

    def refuse(store_ids: tuple[str, ...]) -> None:
        asked_for.append(store_ids)
        raise PermissionError

    with pytest.raises(PermissionError):
        app.jobs.start(asked("SELECT a.eventID FROM trail a, trail b"), StoreCatalog(app.stores), refuse)

    assert asked_for == [(store,)]


@pytest.mark.parametrize("given", [{}, {"statement": "SELECT 1", "alias": "a"}, {"alias": "unknown"}])
def test_a_statement_or_an_alias_is_wanted(app: App, given: dict[str, str]) -> None:
    with pytest.raises(InvalidParameter):
        start(app, **given)


def test_an_alias_runs_its_statement_with_the_parameters_in_it(app: App) -> None:
    sql = "SELECT count(*) n, DATE_TRUNC('?', eventTime) t FROM ? WHERE eventName = '?' GROUP BY 2 ORDER BY 2 LIMIT ?"
    app.aliases.put(ACCOUNT, "how-many", sql, prompt="How many?")

    query = start(app, alias="how-many", parameters=("day", "trail", "GetObject", "1"))

    assert answer(app, query.id) == [[{"n": "7"}, {"t": "2024-05-01 00:00:00.000"}]]
    assert (query.prompt, app.jobs.of_alias(ACCOUNT, "how-many").id) == ("How many?", query.id)


# --- ends -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("SELECT 1 / (1 - 1)", "Division by zero"),
        ("SELECT CAST(eventName AS integer) FROM trail", "Could not convert string"),
    ],
)
def test_a_query_that_fails_says_why(app: App, statement: str, words: str) -> None:
    query = ended(app, start(app, statement).id)

    assert query.status is QueryStatus.FAILED
    assert words in (query.error_message or "")
    assert app.jobs.page(query).rows == []
    assert app.jobs.page(query).following is None


def test_an_answer_that_is_too_large_fails_in_the_words_of_the_service(home: Path) -> None:
    with opened(home, query_answer_bytes=1000) as app:
        query = ended(app, start(app, NUMBERS).id)

    assert query.status is QueryStatus.FAILED
    assert (query.error_message or "").startswith("Query response is too large")


def test_a_query_that_needs_too_much_fails_in_the_words_of_the_service(home: Path) -> None:
    with opened(home, query_scan_bytes=1) as app:
        query = ended(app, start(app, "SELECT * FROM trail").id)

    assert query.status is QueryStatus.FAILED
    assert (query.error_message or "").startswith("Query exhausted resources at this scale factor")


def test_a_query_past_its_time_keeps_the_rows_that_it_has_given(home: Path) -> None:
    few_rows_for_ever = ENDLESS.replace("count(*)", "a.n").replace("> 2", "> 0.999")  # many would be too large sooner
    with opened(home, query_seconds=2) as app:
        query = ended(app, start(app, few_rows_for_ever).id)
        page = app.jobs.page(query)

    assert query.status is QueryStatus.TIMED_OUT
    assert (query.error_message or "").startswith("Query timed out")
    assert len(page.rows) > 0
    assert query.cost.events_matched >= len(page.rows)


def test_a_running_query_has_a_page_without_rows_and_one_after_it(app: App) -> None:
    query = start(app, ENDLESS)
    until(is_running(app, query.id))

    page = app.jobs.page(app.jobs.get(query.id))
    app.jobs.cancel(query.id)

    assert (page.rows, page.following) == ([], 0)


def test_a_cancelled_query_ends_and_cannot_be_cancelled_again(app: App) -> None:
    query = start(app, ENDLESS)
    until(is_running(app, query.id))

    assert app.jobs.cancel(query.id).status is QueryStatus.CANCELLED
    with pytest.raises(QueryNotCancellable):
        app.jobs.cancel(query.id)
    assert app.jobs.get(query.id).status is QueryStatus.CANCELLED


def test_a_query_that_waits_can_be_cancelled(home: Path) -> None:
    with opened(home, query_runners=1) as app:
        first, second = start(app, ENDLESS), start(app, "SELECT 1")

        app.jobs.cancel(second.id)
        app.jobs.cancel(first.id)

        assert answer(app, start(app, "SELECT 2").id) == [[{"_col0": "2"}]]
        assert app.jobs.get(second.id).status is QueryStatus.CANCELLED


def test_an_account_has_so_many_queries_at_once(home: Path) -> None:
    with opened(home, query_concurrent=2) as app:
        queries = [start(app, ENDLESS) for _ in range(2)]
        with pytest.raises(MaxConcurrentQueries, match="maximum number of concurrent queries"):
            start(app, "SELECT 1")

        for query in queries:
            app.jobs.cancel(query.id)
        assert answer(app, start(app, "SELECT 1").id) == [[{"_col0": "1"}]]


# --- lives ------------------------------------------------------------------------------------------------------------


def test_a_query_survives_its_server_being_killed(home: Path) -> None:
    command = [sys.executable, "-m", "tests.query.background_server", str(home), ENDLESS, NUMBERS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as server:
        assert server.stdout is not None
        running, waiting = (server.stdout.readline().strip() for _ in range(2))
        with opened(home, query_seconds=1) as app:
            until(is_running(app, running))
            server.send_signal(signal.SIGKILL)
            server.wait()

            app.jobs.resume()

            assert len(answer(app, waiting)) == 4321
            assert ended(app, running).status is QueryStatus.TIMED_OUT
            assert [app.jobs.get(id).attempt for id in (running, waiting)] == [2, 1]


def test_a_server_that_stops_leaves_its_queries_to_the_next_one(home: Path) -> None:
    with opened(home) as app:
        query = start(app, ENDLESS)
        until(is_running(app, query.id))

    with opened(home, query_seconds=1) as app:
        assert app.jobs.get(query.id).status is QueryStatus.QUEUED
        app.jobs.resume()
        assert ended(app, query.id).status is QueryStatus.TIMED_OUT


def test_two_servers_over_one_lake_run_each_query_once(home: Path) -> None:
    with opened(home) as one, opened(home) as other:
        one.jobs.resume()
        other.jobs.resume()
        queries = [start(app, NUMBERS) for _ in range(5) for app in (one, other)]

        assert {len(answer(other, query.id)) for query in queries} == {4321}
        assert {one.jobs.get(query.id).attempt for query in queries} == {1}


def test_a_query_is_cancelled_through_another_server(home: Path) -> None:
    with opened(home, query_runners=1) as one, opened(home) as other:
        query = start(one, ENDLESS)
        until(is_running(one, query.id))

        other.jobs.cancel(query.id)

        assert answer(one, start(one, "SELECT 1").id) == [[{"_col0": "1"}]]


def test_queries_past_their_days_are_forgotten_with_their_answers(home: Path) -> None:
    with opened(home, query_results_days=1e-9) as app:
        query = ended(app, start(app, "SELECT 1").id)
        assert app.answers.folder_of(query.id).exists()

        assert app.jobs.sweep() > 0

        assert not app.answers.folder_of(query.id).exists()
        with pytest.raises(QueryNotFound):
            app.jobs.get(query.id)


def test_nothing_is_left_of_the_claims_of_killed_servers(home: Path) -> None:
    left = home / "locks" / "query-0a1b2c3d-0000-4000-8000-000000000001.lock"
    with opened(home) as app:
        ended(app, start(app, "SELECT 1").id)
        left.touch()

        app.jobs.sweep()

        assert not left.exists()


def test_answers_are_kept_for_ever_where_the_setting_says_so(home: Path) -> None:
    with opened(home, query_results_days=0) as app:
        query = ended(app, start(app, "SELECT 1").id)

        assert app.jobs.sweep() == 0
        assert answer(app, query.id) == [[{"_col0": "1"}]]
