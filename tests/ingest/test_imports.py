"""Imports: what they came to balances, what failed is named and tried again, and a killed one goes on."""

from __future__ import annotations

import gzip
import json
import threading
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.ingest.corpus import event
from trailmere.errors import (
    AccountHasOngoingImport,
    ImportNotFound,
    InvalidImportSource,
    InvalidImportStatus,
    InvalidParameter,
    InvalidStoreCategory,
)
from trailmere.ingest import imports as module
from trailmere.ingest.imports import Imports, Locations
from trailmere.ingest.records import Limits
from trailmere.registry.imports import FailureStatus, Import, ImportRecords, ImportStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore

ACCOUNT, REGION = "111122223333", "eu-west-1"


def key(number: int, day: int = 1) -> str:
    name = f"{ACCOUNT}_CloudTrail_{REGION}_202603{day:02}T1000Z_{number:016d}.json.gz"
    return f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/03/{day:02}/{name}"


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def log(number: int, events: int = 3, **members: Any) -> bytes:
    random = Random(number)
    return gzip.compress(json.dumps({"Records": [event(random, **members) for _ in range(events)]}).encode())


@pytest.fixture
def imports(lake: Lake, store: EventDataStore, folder: Path) -> Iterator[Imports]:
    locations = Locations((folder.parent,), frozenset({"logs"}))
    made = Imports(lake, ImportRecords(lake.engine), lambda *_: store, locations, limits=Limits(workers=1))
    yield made
    made.close()
    for one in made.records.ongoing():
        made.records.end(one.id, ImportStatus.STOPPED)


@pytest.fixture
def done(imports: Imports, store: EventDataStore, folder: Path) -> Callable[..., Import]:
    """Imports the folder, and waits for the end."""

    def perform(**bounds: Any) -> Import:
        started = imports.start(ACCOUNT, REGION, store, folder.as_uri(), **bounds)
        return imports.wait(started.id)

    return perform


def test_an_import_takes_in_all_files_of_a_folder_and_counts_them(
    lake: Lake, store: EventDataStore, folder: Path, done: Callable[..., Import]
) -> None:
    for number, day in ((1, 1), (2, 1), (3, 2)):
        write(folder, key(number, day), log(number))

    ended = done()

    counts = ended.statistics
    assert ended.status is ImportStatus.COMPLETED
    assert (counts.prefixes_found, counts.prefixes_completed) == (2, 2)
    assert (counts.files_found, counts.files_completed, counts.failed_entries) == (3, 3, 0)
    assert counts.events_completed == lake.totals(store.id).rows == 9


def test_an_import_ignores_the_selectors_of_its_store(
    lake: Lake, store: EventDataStore, folder: Path, done: Callable[..., Import]
) -> None:
    write(folder, key(1), log(1, eventCategory="Data", managementEvent=False))

    assert done().statistics.events_completed == lake.totals(store.id).rows == 3


def test_what_cannot_be_read_fails_by_place_and_reason_and_the_rest_is_taken_in(
    imports: Imports, folder: Path, done: Callable[..., Import]
) -> None:
    write(folder, key(1), log(1))
    broken = write(folder, key(2), b"\x1f\x8b no gzip")
    partly = write(folder, key(3), gzip.compress(b'{"Records": [{"eventID": "without a time"}]}'))

    ended = done()

    assert ended.status is ImportStatus.FAILED
    assert (ended.statistics.files_completed, ended.statistics.failed_entries) == (1, 2)
    failures = {one.location: (one.status, one.error_type) for one in imports.records.failures(ended.id)}
    assert failures.keys() == {broken.as_uri(), partly.as_uri()}
    assert failures[partly.as_uri()] == (FailureStatus.FAILED, "DeadRecords")


def test_a_copy_of_what_cannot_be_read_fails_too_and_a_copy_of_what_came_in_counts_no_events_again(
    imports: Imports, folder: Path, done: Callable[..., Import]
) -> None:
    write(folder, key(1), log(1))
    write(folder, key(2), log(1))
    broken = [write(folder, key(number), b"\x1f\x8b no gzip").as_uri() for number in (3, 4)]

    ended = done()
    again = done()

    for one in (ended, again):
        counts = one.statistics
        assert (counts.files_completed, counts.failed_entries, counts.events_completed) == (2, 2, 3)
        assert broken == [failure.location for failure in imports.records.failures(one.id)]


def test_an_import_that_is_retried_takes_in_what_was_mended(
    imports: Imports, lake: Lake, store: EventDataStore, folder: Path, done: Callable[..., Import]
) -> None:
    write(folder, key(1), log(1))
    broken = write(folder, key(2), b"\x1f\x8b no gzip")
    failed = done()
    broken.write_bytes(log(2))

    imports.retry(failed.id)
    ended = imports.wait(failed.id)

    assert (ended.status, ended.statistics.files_completed) == (ImportStatus.COMPLETED, 2)
    assert ended.statistics.events_completed == lake.totals(store.id).rows == 6
    assert [one.status for one in imports.records.failures(failed.id)] == [FailureStatus.SUCCEEDED]


def test_only_files_whose_names_lie_between_the_times_are_imported(folder: Path, done: Callable[..., Import]) -> None:
    for day in (1, 2, 3):
        write(folder, key(day, day), log(day))

    moment = datetime(2026, 3, 2, 10, tzinfo=UTC)
    ended = done(start_event_time=moment, end_event_time=moment)

    assert ended.statistics.files_found == 1


def test_an_account_has_one_import_at_a_time(imports: Imports, store: EventDataStore, folder: Path) -> None:
    imports.records.create(ACCOUNT, REGION, store.id, folder.as_uri())

    with pytest.raises(AccountHasOngoingImport):
        imports.start(ACCOUNT, REGION, store, folder.as_uri())


def test_an_import_that_nobody_performs_is_taken_up_where_it_was(
    imports: Imports, lake: Lake, store: EventDataStore, folder: Path
) -> None:
    for number in range(4):
        write(folder, key(number), log(number))
    left = imports.records.create(ACCOUNT, REGION, store.id, folder.as_uri())

    imports.resume()

    while imports.wait(left.id).is_ongoing:
        threading.Event().wait(0.01)
    assert imports.wait(left.id).status is ImportStatus.COMPLETED
    assert lake.totals(store.id).rows == 12


def test_an_import_can_be_stopped_and_goes_on_when_it_is_retried(
    imports: Imports, store: EventDataStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 1)
    for number in range(40):
        write(folder, key(number), log(number))
    started = imports.start(ACCOUNT, REGION, store, folder.as_uri())
    while imports.records.get(started.id).statistics.files_completed == 0:
        threading.Event().wait(0.01)

    stopped = imports.stop(started.id, seconds=60)

    assert stopped.status is ImportStatus.STOPPED
    assert 0 < stopped.statistics.files_completed < 40
    imports.retry(started.id)
    assert imports.wait(started.id).statistics.files_completed == 40


def test_a_location_that_is_not_there_fails_the_import_and_says_why(
    imports: Imports, folder: Path, done: Callable[..., Import]
) -> None:
    folder.rmdir()

    ended = done()

    (failure,) = imports.records.failures(ended.id)
    assert (ended.status, failure.error_type) == (ImportStatus.FAILED, "SourceNotFound")


@pytest.mark.parametrize("location", ["file:///etc", "/etc", "s3://", "s3://other/logs", "http://example.com/logs", ""])
def test_only_buckets_and_named_folders_can_be_imported(imports: Imports, store: EventDataStore, location: str) -> None:
    with pytest.raises(InvalidImportSource):
        imports.start(ACCOUNT, REGION, store, location)


def test_what_ended_cannot_be_stopped_and_what_is_done_not_be_retried(
    imports: Imports, folder: Path, done: Callable[..., Import]
) -> None:
    write(folder, key(1), log(1))
    ended = done()

    with pytest.raises(InvalidImportStatus):
        imports.stop(ended.id)
    with pytest.raises(InvalidImportStatus):
        imports.retry(ended.id)
    with pytest.raises(ImportNotFound):
        imports.retry("00000000-0000-0000-0000-000000000000")


def test_times_in_the_wrong_order_are_refused(imports: Imports, store: EventDataStore, folder: Path) -> None:
    late, early = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)

    with pytest.raises(InvalidParameter):
        imports.start(ACCOUNT, REGION, store, folder.as_uri(), start_event_time=late, end_event_time=early)


def test_only_stores_of_cloudtrail_events_are_imported_into(
    imports: Imports, new_store: Callable[..., EventDataStore], folder: Path
) -> None:
    other = new_store("activity-audit-log")

    with pytest.raises(InvalidStoreCategory):
        imports.start(ACCOUNT, REGION, other, folder.as_uri())


def test_an_import_that_is_not_ours_to_perform_waits_for_a_server(
    imports: Imports, store: EventDataStore, folder: Path
) -> None:
    write(folder, key(1), log(1))
    left = imports.start(ACCOUNT, REGION, store, folder.as_uri(), perform=False)

    assert imports.wait(left.id).status is ImportStatus.INITIALIZING
    imports.resume()
    while imports.wait(left.id).is_ongoing:
        threading.Event().wait(0.01)
    assert imports.wait(left.id).status is ImportStatus.COMPLETED


def test_an_import_that_nobody_performs_is_stopped_at_once(
    imports: Imports, store: EventDataStore, folder: Path
) -> None:
    left = imports.records.create(ACCOUNT, REGION, store.id, folder.as_uri())

    assert imports.stop(left.id).status is ImportStatus.STOPPED
