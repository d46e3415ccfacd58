"""Every operation in every status: permitted exactly where the table of transitions says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.registry.helpers import Clock, a_registry
from trailmere.errors import InactiveStore, InvalidStoreStatus
from trailmere.registry.records import TRANSITIONS
from trailmere.registry.stores import EventDataStore, Operation, Status, StoreRegistry

# how a store comes into a status
ROADS: dict[Status, Callable[[StoreRegistry, str], object]] = {
    Status.CREATED: lambda registry, id: None,
    Status.ENABLED: lambda registry, id: registry.activate(id),
    Status.STOPPED_INGESTION: lambda registry, id: (registry.activate(id), registry.stop_ingestion(id)),
    Status.PENDING_DELETION: lambda registry, id: (registry.activate(id), registry.delete(id)),
}

# how an operation is called
CALLS: dict[Operation, Callable[[StoreRegistry, str], object]] = {
    Operation.ACTIVATE: lambda registry, id: registry.activate(id),
    Operation.ABANDON: lambda registry, id: registry.abandon(id),
    Operation.UPDATE: lambda registry, id: registry.update(id, retention_days=30),
    Operation.INGEST: lambda registry, id: registry.require(id, Operation.INGEST),
    Operation.IMPORT: lambda registry, id: registry.require(id, Operation.IMPORT),
    Operation.QUERY: lambda registry, id: registry.require(id, Operation.QUERY),
    Operation.START_INGESTION: lambda registry, id: registry.start_ingestion(id),
    Operation.STOP_INGESTION: lambda registry, id: registry.stop_ingestion(id),
    Operation.DELETE: lambda registry, id: registry.delete(id),
    Operation.RESTORE: lambda registry, id: registry.restore(id),
    Operation.PURGE: lambda registry, id: registry.purge(id),
}

# the table once more, as a newcomer would draw it: None for gone, "-" for not permitted
EXPECTED: dict[Operation, tuple[str | None, str | None, str | None, str | None]] = {
    #                            CREATED              ENABLED              STOPPED_INGESTION    PENDING_DELETION
    Operation.ACTIVATE: ("ENABLED", "ENABLED", "STOPPED_INGESTION", "-"),
    Operation.ABANDON: (None, "-", "-", "-"),
    Operation.UPDATE: ("CREATED", "ENABLED", "STOPPED_INGESTION", "-"),
    Operation.INGEST: ("-", "ENABLED", "-", "-"),
    Operation.IMPORT: ("-", "ENABLED", "STOPPED_INGESTION", "-"),
    Operation.QUERY: ("-", "ENABLED", "STOPPED_INGESTION", "-"),
    Operation.START_INGESTION: ("-", "-", "ENABLED", "-"),
    Operation.STOP_INGESTION: ("-", "STOPPED_INGESTION", "-", "-"),
    Operation.DELETE: ("PENDING_DELETION", "PENDING_DELETION", "PENDING_DELETION", "-"),
    Operation.RESTORE: ("-", "-", "-", "ENABLED"),
    Operation.PURGE: ("-", "-", "-", None),
}


def a_store_in(registry: StoreRegistry, status: Status) -> EventDataStore:
    store = registry.create("audit", termination_protection=False)
    ROADS[status](registry, store.id)
    found = registry.get(store.id)
    assert found.status is status
    return found


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("operation", Operation)
def test_an_operation_is_permitted_exactly_where_the_table_says_so(
    tmp_path: Path, operation: Operation, status: Status
) -> None:
    registry = a_registry(tmp_path)
    store = a_store_in(registry, status)
    expected = EXPECTED[operation][list(Status).index(status)]

    if expected == "-":
        with pytest.raises((InactiveStore, InvalidStoreStatus)):
            CALLS[operation](registry, store.id)
        assert registry.get(store.id) == store
    else:
        CALLS[operation](registry, store.id)
        found = registry.find(store.id)
        assert (None if found is None else found.status) == expected


def test_the_table_permits_nothing_twice() -> None:
    pairs = [(one.operation, one.status) for one in TRANSITIONS]

    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("operation", [Operation.UPDATE, Operation.DELETE, Operation.QUERY, Operation.INGEST])
def test_what_aws_calls_inactive_is_refused_as_inactive(tmp_path: Path, operation: Operation) -> None:
    registry = a_registry(tmp_path)
    store = a_store_in(registry, Status.PENDING_DELETION)

    with pytest.raises(InactiveStore) as caught:
        CALLS[operation](registry, store.id)

    assert caught.value.hint


@pytest.mark.parametrize("operation", [Operation.QUERY, Operation.INGEST])
def test_a_store_whose_table_is_being_made_says_how_it_is_finished(tmp_path: Path, operation: Operation) -> None:
    registry = a_registry(tmp_path)
    store = a_store_in(registry, Status.CREATED)

    with pytest.raises(InvalidStoreStatus) as caught:
        registry.require(store.id, operation)

    assert "trailmere store list" in str(caught.value.hint)


def test_a_restored_store_is_as_it_was_before_it_was_deleted(tmp_path: Path) -> None:
    registry = a_registry(tmp_path)
    store = a_store_in(registry, Status.STOPPED_INGESTION)
    registry.delete(store.id)

    restored = registry.restore(store.id)

    assert (restored.status, restored.deletion_requested) == (Status.STOPPED_INGESTION, None)


def test_a_store_can_be_restored_until_its_seven_days_are_over(tmp_path: Path) -> None:
    clock = Clock()
    registry = a_registry(tmp_path, clock)
    store = a_store_in(registry, Status.PENDING_DELETION)
    clock.forward(days=7, microseconds=-1)
    restored = registry.restore(store.id)
    registry.delete(store.id)
    clock.forward(days=7)

    with pytest.raises(InvalidStoreStatus, match="seven days are over"):
        registry.restore(store.id)

    assert restored.status is Status.ENABLED


def test_only_stores_whose_seven_days_are_over_are_claimed_for_the_purge(tmp_path: Path) -> None:
    clock = Clock()
    registry = a_registry(tmp_path, clock)
    older, younger = (registry.create(name, termination_protection=False) for name in ("older", "younger"))
    registry.create("kept")
    registry.delete(older.id)
    clock.forward(days=1)
    registry.delete(younger.id)
    clock.forward(days=6)

    claimed = registry.claim_purge()

    assert [one.name for one in claimed] == ["older"]


def test_a_store_that_is_being_purged_cannot_be_restored_though_the_clock_is_set_back(tmp_path: Path) -> None:
    clock = Clock()
    registry = a_registry(tmp_path, clock)
    store = a_store_in(registry, Status.PENDING_DELETION)
    clock.forward(days=7)
    registry.claim_purge()
    clock.forward(days=-7)

    with pytest.raises(InvalidStoreStatus):
        registry.restore(store.id)

    assert [one.id for one in registry.claim_purge()] == [store.id]
