"""Background queries over SQLite and over PostgreSQL: two servers of one lake, one contract."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.query.background import ENDLESS, PATIENCE_SECONDS, answer, ended, start
from tests.query.small_lake import opened
from tests.registry.conftest import database_url, postgresql_server  # noqa: F401  fixtures
from trailmere.registry.query_records import QueryStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trailmere.app import App

NUMBERS = "SELECT n FROM UNNEST(sequence(1, 1500)) AS t(n) ORDER BY n"


@pytest.fixture
def servers(tmp_path: Path, database_url: str) -> Iterator[tuple[App, App]]:  # noqa: F811
    with ExitStack() as both:
        one, other = (
            both.enter_context(opened(tmp_path / "lake", database_url=database_url, query_runners=1, query_seconds=5))
            for _ in range(2)
        )
        yield one, other


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_two_servers_run_each_query_once(servers: tuple[App, App]) -> None:
    one, other = servers
    other.jobs.resume()

    queries = [start(one, NUMBERS) for _ in range(6)]

    assert {len(answer(other, query.id)) for query in queries} == {1500}
    assert {one.jobs.get(query.id).attempt for query in queries} == {1}


def test_what_one_server_leaves_the_other_takes_over(servers: tuple[App, App]) -> None:
    one, other = servers
    query = start(one, ENDLESS)
    until(lambda: other.jobs.get(query.id).status is QueryStatus.RUNNING)

    one.jobs.close()
    other.jobs.resume()

    assert ended(other, query.id).status is QueryStatus.TIMED_OUT
    assert other.jobs.get(query.id).attempt == 2


def test_a_query_is_cancelled_through_the_other_server(servers: tuple[App, App]) -> None:
    one, other = servers
    query = start(one, ENDLESS)
    until(lambda: other.jobs.get(query.id).status is QueryStatus.RUNNING)

    other.jobs.cancel(query.id)

    assert len(answer(one, start(one, NUMBERS).id)) == 1500
