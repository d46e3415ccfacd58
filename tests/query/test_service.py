"""The service: from Trino SQL over a real lake to rows, and what it would take before it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.walks.door import deliver, opened
from trailmere.app import StoreCatalog
from trailmere.cli import main
from trailmere.errors import (
    EngineError,
    QueryCancelled,
    QueryError,
    QueryLimitExceeded,
    SnapshotNotFound,
    StatementInvalid,
)
from trailmere.query.cage import MEASURES, Measure
from trailmere.query.engine import Engine, Job, Run
from trailmere.query.results import rows
from trailmere.query.service import Cancellation, QueryLimits, QueryService

if TYPE_CHECKING:
    from trailmere.app import App
    from trailmere.lake.records import ScanPlan
    from trailmere.lake.vault import Lake


def event(number: int, day: int) -> dict[str, Any]:
    return {
        "eventVersion": "1.08",
        "eventID": f"00000000-0000-4000-8000-{day:06d}{number:06d}",
        "eventTime": f"2024-05-{day:02d}T12:00:{number % 60:02d}Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetBucketAcl" if number % 2 else "PutBucketAcl",
        "eventCategory": "Management",
        "managementEvent": True,
        "readOnly": bool(number % 2),
        "userIdentity": {"type": "IAMUser", "userName": f"user-{number % 3}"},
        "requestParameters": {"bucketName": f"bucket-{number}"},
    }


def door(*arguments: str | Path) -> None:
    """The command line, without a process of its own."""
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments)])
    assert ended.value.code == 0


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of ten events in the store ``trail``, taken in by two runs; ``other`` is empty."""
    folder = tmp_path_factory.mktemp("service")
    home, logs = folder / "lake", folder / "logs"
    for store in ("trail", "other"):
        door("store", "create", store, "--lake", home)
    for days in ((1, 2), (3,)):
        for day in days:
            deliver(logs, [event(number, day) for number in range(10)], minute=f"202405{day:02d}T1200Z")
        door("ingest", logs, "--store", "trail", "--lake", home)
    return home


@pytest.fixture(scope="module")
def app(lake: Path) -> Iterator[App]:
    with opened(lake) as app:
        yield app


def answer(app: App, sql: str, **asked: Any) -> list[tuple[Any, ...]]:
    return list(rows(app.queries.run(sql, **asked)))


def test_a_question_is_answered_from_the_rows_that_were_taken_in(app: App) -> None:
    found = answer(app, "SELECT userIdentity.userName, count(*) FROM trail GROUP BY 1 ORDER BY 1")

    assert found == [("user-0", 12), ("user-1", 9), ("user-2", 9)]


MANY = " UNION ALL ".join(f"SELECT eventID FROM trail WHERE eventName < 'e{number}'" for number in range(64))


@pytest.mark.parametrize(
    ("seconds", "cancelled", "error"), [(1e-6, False, QueryLimitExceeded), (600.0, True, QueryCancelled)]
)
def test_planning_ends_when_the_time_is_up_or_the_query_is_cancelled(
    app: App, seconds: float, cancelled: bool, error: type[QueryError]
) -> None:
    service = QueryService(app.lake, StoreCatalog(app.stores), engine=NeverBegins(app.engine.warehouse, seconds))
    cancellation = Cancellation()
    if cancelled:
        cancellation.cancel()

    with pytest.raises(error) as caught:
        service.run(MANY, cancellation=cancellation)

    assert getattr(caught.value, "limit", None) == (None if cancelled else "query_seconds")


class NeverBegins(Engine):
    """An engine that no query may come to."""

    def __init__(self, warehouse: Path, seconds: float) -> None:
        super().__init__(warehouse, QueryLimits(seconds=seconds))

    def begin(self, job: Job) -> Run:
        raise AssertionError(job)

    def measures(self) -> tuple[Measure, ...]:
        return ()


def test_an_open_engine_is_asked_what_keeps_queries_in_and_no_worker_is_started_for_it(app: App) -> None:
    answer(app, "SELECT 1")
    idle = [worker.pid for worker in app.engine.pool.idle]  # type: ignore[attr-defined]

    told = app.cage()

    assert [one.name for one in told] == [*MEASURES, "memory"]
    assert [worker.pid for worker in app.engine.pool.idle] == idle  # type: ignore[attr-defined]


def test_a_map_and_a_row_come_back_whole(app: App) -> None:
    sql = "SELECT requestParameters, userIdentity FROM trail WHERE requestParameters['bucketName'] = 'bucket-3'"

    parameters, identity = answer(app, sql)[0]

    assert parameters == {"bucketName": "bucket-3"}
    assert identity["username"] == "user-0"


def test_a_day_is_read_from_the_files_of_that_day_only(app: App) -> None:
    result = app.queries.run("SELECT 1 FROM trail WHERE eventTime >= '2024-05-03' AND eventTime < '2024-05-04'")

    assert len(list(rows(result))) == 10
    assert (result.statistics.files, result.statistics.total_files) == (1, 3)


def test_an_explanation_counts_what_the_query_then_reads(app: App) -> None:
    sql = "SELECT eventName FROM trail WHERE eventTime < '2024-05-03'"

    explanation = app.queries.explain(sql)
    statistics = app.queries.run(sql).statistics

    assert (explanation.files, explanation.bytes) == (statistics.files, statistics.bytes_scanned)
    assert explanation.scans[0].total_files == 3
    assert [condition.column for condition in explanation.scans[0].conditions] == ["eventtime"]


def test_an_earlier_snapshot_shows_what_was_there(app: App) -> None:
    sql = "SELECT count(*) FROM trail"
    first = app.lake.snapshots(app.stores.find("trail").id)[0]  # type: ignore[union-attr]

    assert answer(app, sql) == [(30,)]
    assert answer(app, sql, at=first.id) == [(20,)]
    assert answer(app, sql, at=datetime.now(UTC)) == [(30,)]


def test_a_time_before_everything_is_no_snapshot(app: App) -> None:
    with pytest.raises(SnapshotNotFound):
        app.queries.run("SELECT 1 FROM trail", at=datetime(2020, 1, 1, tzinfo=UTC))


def test_a_store_without_events_gives_no_rows(app: App) -> None:
    assert answer(app, "SELECT * FROM other") == []


def test_two_stores_join_in_one_statement(app: App) -> None:
    sql = "SELECT count(*) FROM trail a LEFT JOIN other b ON a.eventID = b.eventID WHERE b.eventID IS NULL"

    assert answer(app, sql) == [(30,)]


def test_the_row_limit_of_the_caller_cuts(app: App) -> None:
    result = app.queries.run("SELECT eventID FROM trail", rows=7)

    assert len(list(rows(result))) == 7
    assert result.cut


def test_a_column_that_is_not_there_is_refused_before_anything_is_read(app: App) -> None:
    with pytest.raises(StatementInvalid) as caught:
        app.queries.run("SELECT eventNam FROM trail")

    assert (caught.value.line, caught.value.column) == (1, 8)


def test_an_error_while_running_names_what_the_user_named(app: App) -> None:
    with pytest.raises(EngineError) as caught:
        answer(app, "SELECT CAST(userIdentity.userName AS bigint) FROM trail")

    assert "useridentity.username" in caught.value.message


def test_what_a_function_refuses_while_it_runs_is_said_without_the_engines_words(app: App) -> None:
    with pytest.raises(EngineError) as caught:
        answer(app, "SELECT repeat(eventName, 20000) FROM trail")

    assert caught.value.message == "repeat gives at most 10000 elements, not 20000"


def test_a_statement_longer_than_the_setting_is_refused(app: App) -> None:
    service = QueryService(app.lake, Catalog(app), QueryLimits(characters=20))

    with pytest.raises(QueryLimitExceeded) as caught:
        service.run("SELECT eventName FROM trail")

    assert caught.value.limit == "query_characters"
    service.close()


def test_a_scan_larger_than_allowed_is_refused(app: App) -> None:
    service = QueryService(app.lake, Catalog(app), QueryLimits(scan_bytes=1))

    with pytest.raises(QueryLimitExceeded) as caught:
        service.run("SELECT 1 FROM trail")

    assert caught.value.limit == "query_scan_bytes"
    service.close()


def Catalog(app: App) -> Any:
    from trailmere.app import StoreCatalog

    return StoreCatalog(app.stores)


class BusyLake:
    """A lake into which somebody commits between two looks at it."""

    def __init__(self, app: App, commit: Callable[[], None]) -> None:
        self.home = app.lake.home
        self.scan_lake = app.lake.scan
        self.lease = app.lake.lease
        self.commit = commit

    def scan(self, *asked: Any, **more: Any) -> ScanPlan:
        """What the lake says; then the commit."""
        plan = self.scan_lake(*asked, **more)
        self.commit()
        return plan


def test_a_store_that_is_mentioned_twice_is_read_as_one_snapshot(tmp_path: Path) -> None:
    home, logs, days = tmp_path / "lake", tmp_path / "logs", iter(range(1, 9))
    door("store", "create", "trail", "--lake", home)

    def commit() -> None:
        day = next(days)
        deliver(logs, [event(1, day)], minute=f"202405{day:02d}T1200Z")
        door("ingest", logs, "--store", "trail", "--lake", home)

    commit()
    sql = "SELECT count(*) FROM trail a WHERE a.hour = 12 AND a.eventID IN (SELECT eventID FROM trail WHERE hour >= 0)"
    with opened(home) as app:
        busy = cast("Lake", BusyLake(app, commit))
        service = QueryService(busy, StoreCatalog(app.stores))
        first, second = service.explain(sql).scans
        answered = list(rows(service.run(sql)))
        service.close()

    assert (first.snapshot_id, first.total_rows) == (second.snapshot_id, second.total_rows)
    assert answered == [(3,)]
