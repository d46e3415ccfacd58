"""The records of queries: found by what clients know, changed as the table of transitions permits."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.registry.helpers import ACCOUNT, REGION, Clock
from trailmere.errors import MaxConcurrentQueries, QueryNotCancellable, QueryNotFound
from trailmere.registry.database import open_database
from trailmere.registry.queries import QueryRecords
from trailmere.registry.query_records import (
    TRANSITIONS,
    DeliveryStatus,
    KeptAnswer,
    Query,
    QueryCost,
    QueryStatus,
    SnapshotRead,
)

STORE, OTHER = "0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d-0000-4000-8000-000000000002"
MOST = 3
numbers = itertools.count(1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def records(database_url: str, clock: Clock) -> QueryRecords:
    return QueryRecords(open_database(database_url), clock)


def add(records: QueryRecords, clock: Clock, **given: object) -> Query:
    query = Query(
        id=f"00000000-0000-4000-8000-{next(numbers):012d}",
        account_id=ACCOUNT,
        region=REGION,
        asked_by=f"arn:aws:iam::{ACCOUNT}:user/ana",
        asked_by_account=ACCOUNT,
        statement="SELECT 1",
        store_ids=(STORE,),
        created=clock(),
    )
    query = replace(query, **given)  # type: ignore[arg-type]
    records.add(query, MOST)
    return query


def in_status(records: QueryRecords, clock: Clock, status: QueryStatus) -> Query:
    query = add(records, clock)
    if status is QueryStatus.QUEUED:
        return query
    if status is QueryStatus.CANCELLED:
        return records.cancel(query.id)
    query = records.begin(query.id)
    return query if status is QueryStatus.RUNNING else records.end(query, status)


def test_a_query_is_read_as_it_was_entered(records: QueryRecords, clock: Clock) -> None:
    query = add(
        records, clock, store_ids=(OTHER, STORE), parameters=("a", "b"), alias="x", refresh_id="1" * 10, prompt="?",
        delivery_uri="s3://b/p", delivery_status=DeliveryStatus.PENDING,
    )  # fmt: skip

    assert records.get(query.id) == query


def test_what_came_of_it_is_read_as_it_was_entered(records: QueryRecords, clock: Clock) -> None:
    begun = records.begin(add(records, clock).id)
    snapshots = (SnapshotRead("arn:1", 2**62, clock()), SnapshotRead("arn:2", None, None))
    found = {"cost": QueryCost(1, 2, 3, 4), "answer": KeptAnswer("rows-1.arrow", "ab", 5), "snapshots": snapshots}

    ended = records.end(begun, QueryStatus.FINISHED, **found)

    assert records.get(begun.id) == ended == replace(begun, status=QueryStatus.FINISHED, finished=clock(), **found)  # type: ignore[arg-type]


@pytest.mark.parametrize("wanted", list(QueryStatus))
@pytest.mark.parametrize("status", list(QueryStatus))
def test_a_status_changes_as_the_table_permits(
    records: QueryRecords, clock: Clock, status: QueryStatus, wanted: QueryStatus
) -> None:
    query = in_status(records, clock, status)

    if wanted in TRANSITIONS[status]:
        assert records.end(query, wanted).status is wanted
    else:
        with pytest.raises(QueryNotCancellable, match=status):
            records.end(query, wanted)
        assert records.get(query.id) == query


def test_a_query_that_was_begun_again_is_not_ended_by_its_first_runner(records: QueryRecords, clock: Clock) -> None:
    first = records.begin(add(records, clock).id)
    second = records.begin(first.id)

    with pytest.raises(QueryNotCancellable, match="begun again"):
        records.end(first, QueryStatus.FINISHED)
    assert records.end(second, QueryStatus.FINISHED).attempt == 2


def test_an_account_has_so_many_queries_at_once_and_no_more(records: QueryRecords, clock: Clock) -> None:
    queries = [add(records, clock) for _ in range(MOST)]

    with pytest.raises(MaxConcurrentQueries):
        add(records, clock)
    add(records, clock, asked_by_account="999999999999")
    records.cancel(queries[0].id)
    add(records, clock)


def test_the_queries_of_a_store_come_newest_first_page_by_page(records: QueryRecords, clock: Clock) -> None:
    queries = []
    for number in range(9):
        queries.append(add(records, clock, store_ids=(STORE, OTHER) if number % 2 else (STORE,)))
        records.cancel(queries[-1].id)
        clock.forward(minutes=number % 3)
    since = clock() - timedelta(days=7)

    found: list[Query] = []
    while page := records.of_store(
        STORE, since=since, after=(found[-1].created, found[-1].id) if found else None, limit=2
    ):
        found += page

    assert len(found) == 9
    assert [query.id for query in found] == [
        query.id for query in sorted(queries, key=lambda query: (-query.created.timestamp(), query.id))
    ]
    assert {query.id for query in records.of_store(OTHER, since=since)} == {query.id for query in queries[1::2]}


def test_the_queries_of_a_store_are_chosen_by_time_and_status(records: QueryRecords, clock: Clock) -> None:
    early = records.cancel(add(records, clock).id)
    clock.forward(hours=1)
    late = add(records, clock)

    found = [
        [query.id for query in records.of_store(STORE, **chosen)]
        for chosen in (
            {"since": late.created},
            {"since": early.created, "until": early.created},
            {"since": early.created, "status": QueryStatus.QUEUED},
        )
    ]

    assert found == [[late.id], [early.id], [late.id]]


def test_an_alias_finds_its_latest_query_or_that_of_a_refresh(records: QueryRecords, clock: Clock) -> None:
    first = add(records, clock, alias="errors", refresh_id="1" * 10)
    clock.forward(seconds=1)
    second = add(records, clock, alias="errors", refresh_id="2" * 10)

    assert records.of_alias(ACCOUNT, "errors").id == second.id
    assert records.of_alias(ACCOUNT, "errors", "1" * 10).id == first.id
    with pytest.raises(QueryNotFound):
        records.of_alias("999999999999", "errors")


def test_what_has_to_be_done_is_found_and_of_busy_accounts_last(records: QueryRecords, clock: Clock) -> None:
    running = in_status(records, clock, QueryStatus.RUNNING)
    waiting = add(records, clock)
    clock.forward(seconds=1)
    others = add(records, clock, asked_by_account="999999999999")
    undelivered = in_status(records, clock, QueryStatus.FINISHED)
    records.delivered(undelivered.id, DeliveryStatus.PENDING)
    in_status(records, clock, QueryStatus.FAILED)

    found = [query.id for query in records.unfinished()]

    assert found[0] == others.id
    assert set(found) == {running.id, waiting.id, others.id, undelivered.id}


def test_a_query_that_is_forgotten_is_found_by_nobody(records: QueryRecords, clock: Clock) -> None:
    query = in_status(records, clock, QueryStatus.FINISHED)
    clock.forward(days=8)

    assert records.ended_before(clock() - timedelta(days=7)) == [query.id]
    records.remove(query.id)

    assert records.of_store(STORE, since=query.created) == []
    assert records.cancelled([query.id]) == {query.id}
    with pytest.raises(QueryNotFound):
        records.get(query.id)
