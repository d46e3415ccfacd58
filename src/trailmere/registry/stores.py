"""Event data stores as the control plane knows them: their records, found by name, id or ARN, and how they change.

``StoreRegistry`` keeps the records in the lake's database and lets them change only as ``registry.records.TRANSITIONS``
permits. It knows nothing of tables: ``trailmere.lake.lifecycle`` makes and drops them together with the records.
"""

from __future__ import annotations

import copy
import difflib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, true, update

from trailmere.errors import (
    AmbiguousStore,
    InvalidParameter,
    InvalidStoreStatus,
    LakeDamaged,
    StoreAlreadyExists,
    StoreFederated,
    StoreLimitExceeded,
    StoreNotFound,
    TerminationProtected,
)
from trailmere.events.selectors import (
    DEFAULT_SELECTORS,
    AdvancedEventSelector,
    family_of,
)
from trailmere.registry.bounds import (
    ChangeTags,
    changed,
    check_can_begin_stopped,
    check_can_stop,
    check_context_keys,
    check_federation_role,
    check_kms_key,
    check_name,
    check_retention,
    check_tags,
)
from trailmere.registry.constraints import forget_unique
from trailmere.registry.database import create_tables, reading, utc_now, writing
from trailmere.registry.records import (
    PENDING_DELETION_DAYS,
    BillingMode,
    EventDataStore,
    Operation,
    Status,
    status_after,
)
from trailmere.registry.seals import SEAL, reseal, seal_of, sealed
from trailmere.registry.tables import FORMERLY_UNIQUE, METADATA, STORES, row_of, store_of
from trailmere.registry.unchanged import Unchanged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Engine

__all__ = ["MAXIMUM_STORES", "BillingMode", "EventDataStore", "Operation", "Status", "StoreRegistry"]

MAXIMUM_STORES = 10  # in a Region, with those pending deletion: CloudTrail's quota


class StoreRegistry:
    """The event data stores of a lake. ``account_id`` and ``region`` are those that new stores belong to.

    Names are unique in an account and Region. A store is named by its name, its id or its ARN; ids and ARNs in any
    letter case, and before names. Of several stores of one name that of the registry's own account and Region is meant.
    ``maximum_stores`` is a quota for each Region, as AWS has one. ``clock`` gives the time with its zone.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        account_id: str,
        region: str,
        clock: Callable[[], datetime] = utc_now,
        maximum_stores: int = MAXIMUM_STORES,
    ) -> None:
        self._engine = engine
        self._found: Unchanged[EventDataStore | None] = Unchanged(engine)
        self._account_id = account_id
        self._region = region
        self._clock = clock
        self._maximum_stores = maximum_stores
        self._only_here = False
        forget_unique(engine, STORES, FORMERLY_UNIQUE)
        create_tables(engine, METADATA)

    def within(self, account_id: str, region: str) -> StoreRegistry:
        """The stores of one account and Region: new ones belong there, and others are not found, under no name."""
        there = copy.copy(self)
        there._account_id, there._region, there._only_here = account_id, region, True
        return there

    def create(
        self,
        name: str,
        *,
        selectors: tuple[AdvancedEventSelector, ...] = DEFAULT_SELECTORS,
        multi_region: bool = True,
        organization: bool = False,
        retention_days: int | None = None,
        termination_protection: bool = True,
        billing_mode: BillingMode = BillingMode.EXTENDABLE_RETENTION_PRICING,
        kms_key: str | None = None,
        tags: Mapping[str, str] | None = None,
        start_ingestion: bool = True,
        store_id: str | None = None,
        place: tuple[str, str] | None = None,
    ) -> EventDataStore:
        """A new store in status CREATED; ``activate`` it when its table is there.

        ``store_id`` is a GUID of the caller's choice: the demo's stores have those that its queries name. ``place`` is
        the account and Region that it belongs to, those of the registry where it is None.

        Raises InvalidParameter, InvalidEventSelectors, StoreAlreadyExists, StoreLimitExceeded.
        """
        now = self._clock()
        account_id, region = place or (self._account_id, self._region)
        store = EventDataStore(
            id=_identity(store_id),
            name=check_name(name),
            account_id=account_id,
            region=region,
            status=Status.CREATED,
            ingesting=start_ingestion,
            selectors=selectors,
            family=family_of(selectors),
            multi_region=multi_region,
            organization=organization,
            retention_days=check_retention(retention_days, billing_mode),
            termination_protection=termination_protection,
            billing_mode=billing_mode,
            kms_key=check_kms_key(kms_key),
            tags=check_tags(tags or {}),
            created=now,
            updated=now,
        )
        if not start_ingestion:
            check_can_begin_stopped(selectors)
        with writing(self._engine) as connection:
            _check_name_is_free(connection, store)
            _check_id_is_free(connection, store.id)
            self._check_room(connection, store)
            connection.execute(insert(STORES).values(**sealed(STORES, row_of(store))))
        return store

    def get(self, name: str) -> EventDataStore:
        """The store of this name, id or ARN. Raises StoreNotFound, with what may have been meant; AmbiguousStore."""
        with reading(self._engine) as connection:
            return self._get(connection, name)

    def find(self, name: str) -> EventDataStore | None:
        """The store of this name, id or ARN, or None. Raises AmbiguousStore."""
        return self._found.get(f"{self._account_id} {self._region} {self._only_here} {name}", lambda: self._read(name))

    def _read(self, name: str) -> EventDataStore | None:
        with reading(self._engine) as connection:
            return self._find(connection, name)

    def names(self) -> tuple[str, ...]:
        """The names of all stores, sorted, each once."""
        names = select(STORES.c.name).where(self._seen()).distinct().order_by(STORES.c.name)
        with reading(self._engine) as connection:
            return tuple(connection.scalars(names))

    def list(self) -> tuple[EventDataStore, ...]:
        """All stores, sorted by name."""
        stores = select(STORES).where(self._seen()).order_by(STORES.c.name, STORES.c.account_id, STORES.c.region)
        with reading(self._engine) as connection:
            return tuple(store_of(row) for row in connection.execute(stores).mappings())

    def sound(self, name: str) -> EventDataStore:
        """The store as it was written: for what cannot be undone, such as the removal of events by its retention.

        Raises StoreNotFound; LakeDamaged where its row is not what its seal was taken over, or has none.
        """
        with reading(self._engine) as connection:
            store = self._get(connection, name)
            row = _row(connection, store.id)
        if row[SEAL] != seal_of(STORES, row):
            raise LakeDamaged(
                f"the record of {store.name} is not as it was written: its seal "
                + ("is missing" if row[SEAL] is None else "does not fit"),
                hint=f"nothing was removed; look at it (trailmere store show {store.name}), put right what is wrong "
                f"(trailmere store update), then: trailmere store seal {store.name}",
            )
        return store

    def seal(self, name: str) -> EventDataStore:
        """The store, its row sealed as it is now: for people who looked at it. Raises StoreNotFound."""
        with writing(self._engine) as connection:
            store = self._get(connection, name)
            seal = seal_of(STORES, _row(connection, store.id))
            connection.execute(update(STORES).where(STORES.c.id == store.id).values({SEAL: seal}))
        return store

    def require(self, name: str, operation: Operation) -> EventDataStore:
        """The store, if ``operation`` is permitted in its status; else InactiveStore or InvalidStoreStatus."""
        store = self.get(name)
        status_after(store, operation)
        return store

    def update(
        self,
        store: str,
        *,
        name: str | None = None,
        selectors: tuple[AdvancedEventSelector, ...] | None = None,
        multi_region: bool | None = None,
        organization: bool | None = None,
        retention_days: int | None = None,
        termination_protection: bool | None = None,
        billing_mode: BillingMode | None = None,
        kms_key: str | None = None,
    ) -> EventDataStore:
        """The store with what is given changed, the rest as it was.

        Raises InvalidParameter when nothing is given, and the errors of ``create``.
        """
        given: dict[str, Any] = {
            "name": name,
            "selectors": selectors,
            "multi_region": multi_region,
            "organization": organization,
            "retention_days": retention_days,
            "termination_protection": termination_protection,
            "billing_mode": billing_mode,
            "kms_key": kms_key,
        }
        changes = {key: value for key, value in given.items() if value is not None}
        if not changes:
            raise InvalidParameter("expected at least one thing to change, got none")
        return self._change(store, Operation.UPDATE, lambda before: changed(before, changes))

    def delete(self, store: str) -> EventDataStore:
        """Pending deletion, for seven days. Raises TerminationProtected while protection is on, StoreFederated."""

        def requested(before: EventDataStore) -> EventDataStore:
            if before.termination_protection:
                raise TerminationProtected(
                    f"cannot delete {before.name}: its termination protection is on",
                    hint=f"turn it off first: trailmere store update {before.name} --no-termination-protection",
                )
            if before.federation_role is not None:
                raise StoreFederated(
                    f"cannot delete {before.name}: it is federated", hint="disable its federation first"
                )
            return replace(before, deletion_requested=self._clock())

        return self._change(store, Operation.DELETE, requested)

    def restore(self, store: str) -> EventDataStore:
        """Back from pending deletion, to the ingestion that it had. Raises InvalidStoreStatus after the seven days."""

        def restored(before: EventDataStore) -> EventDataStore:
            over = before.deletion_due is not None and before.deletion_due <= self._clock()
            if before.purging or over:
                raise InvalidStoreStatus(f"cannot restore {before.name}: its seven days are over")
            return replace(before, deletion_requested=None)

        return self._change(store, Operation.RESTORE, restored)

    def change_tags(self, store: str, change: ChangeTags) -> EventDataStore:
        """The store with what ``change`` makes of its tags. Raises InvalidTags, TagsLimitExceeded, InactiveStore."""
        return self._change(
            store, Operation.UPDATE, lambda before: replace(before, tags=check_tags(change(before.tags)))
        )

    def federate(self, store: str, role: str) -> EventDataStore:
        """Open to other engines. Raises StoreFederated where it is, InvalidParameter, InactiveStore."""

        def federated(before: EventDataStore) -> EventDataStore:
            if before.federation_role is not None:
                raise StoreFederated(
                    f"{before.name} is federated already, with {before.federation_role}",
                    hint="disable its federation first, to name another role",
                )
            return replace(before, federation_role=check_federation_role(role, before.account_id))

        return self._change(store, Operation.UPDATE, federated)

    def stop_federation(self, store: str) -> EventDataStore:
        """Open to the lake's own doors only. Raises InactiveStore."""
        return self._change(store, Operation.UPDATE, lambda before: replace(before, federation_role=None))

    def configure_events(
        self, store: str, max_event_size: str | None, context_keys: tuple[tuple[str, tuple[str, ...]], ...] | None
    ) -> EventDataStore:
        """The store with the event configuration that is given; what is None stays.

        Raises InvalidParameter, InvalidStoreCategory, InactiveStore.
        """

        def configured(before: EventDataStore) -> EventDataStore:
            after = replace(
                before,
                max_event_size=before.max_event_size if max_event_size is None else max_event_size,
                context_keys=before.context_keys if context_keys is None else context_keys,
            )
            check_context_keys(after)
            return after

        return self._change(store, Operation.UPDATE, configured)

    def start_ingestion(self, store: str) -> EventDataStore:
        """Raises InvalidStoreCategory for a store whose ingestion cannot be stopped and started."""
        check_can_stop(self.get(store))
        return self._change(store, Operation.START_INGESTION, lambda before: replace(before, ingesting=True))

    def stop_ingestion(self, store: str) -> EventDataStore:
        """Raises InvalidStoreCategory for a store whose ingestion cannot be stopped and started."""
        check_can_stop(self.get(store))
        return self._change(store, Operation.STOP_INGESTION, lambda before: replace(before, ingesting=False))

    def activate(self, store_id: str) -> EventDataStore:
        """Its table is there: from CREATED to ENABLED or STOPPED_INGESTION. Doing it twice does no harm."""
        return self._change(store_id, Operation.ACTIVATE, lambda before: before)

    def abandon(self, store_id: str) -> None:
        """Remove a store that is still CREATED."""
        self._remove(store_id, Operation.ABANDON)

    def claim_purge(self) -> tuple[EventDataStore, ...]:
        """The stores whose seven days are over. From now on they cannot be restored; ``purge`` ends each."""
        latest = self._clock() - timedelta(days=PENDING_DELETION_DAYS)
        due = (STORES.c.status == Status.PENDING_DELETION) & (STORES.c.deletion_requested <= latest)
        claimed = select(STORES).where(STORES.c.purging)
        with reading(self._engine) as connection:
            unclaimed = connection.execute(select(STORES.c.id).where(due & ~STORES.c.purging)).first()
        if unclaimed is not None:  # rarely: nobody else has to wait for us
            with writing(self._engine) as connection:
                reseal(connection, STORES, due & ~STORES.c.purging, {"purging": True})
        with reading(self._engine) as connection:
            return tuple(store_of(row) for row in connection.execute(claimed).mappings())

    def purge(self, store_id: str) -> None:
        """Remove the record of a store whose table is dropped."""
        self._remove(store_id, Operation.PURGE)

    def _change(
        self, name: str, operation: Operation, change: Callable[[EventDataStore], EventDataStore]
    ) -> EventDataStore:
        """Every change of a record: the status by the table of transitions, the rest by ``change``."""
        with writing(self._engine) as connection:
            before = self._get(connection, name)
            status = status_after(before, operation)
            if status is None:
                raise ValueError(f"{operation} removes a store, it does not change it")
            after = replace(change(before), status=status)
            if after == before:
                return before
            if after.name != before.name:
                _check_name_is_free(connection, after)
            after = replace(after, updated=self._clock())
            reseal(connection, STORES, STORES.c.id == after.id, row_of(after))
        return after

    def _remove(self, store_id: str, operation: Operation) -> None:
        """Every removal of a record. One that is gone already is no error."""
        with writing(self._engine) as connection:
            store = self._find(connection, store_id)
            if store is None:
                return
            if status_after(store, operation) is not None:
                raise ValueError(f"{operation} changes a store, it does not remove it")
            connection.execute(delete(STORES).where(STORES.c.id == store.id))

    def _get(self, connection: Connection, name: str) -> EventDataStore:
        found = self._find(connection, name)
        if found is None:
            names = list(connection.scalars(select(STORES.c.name).where(self._seen())))
            close = difflib.get_close_matches(name, names, n=1)
            raise StoreNotFound(
                f"there is no event data store {name!r}",
                hint=f"did you mean {close[0]}?" if close else "see them all: trailmere store list",
            )
        return found

    def _find(self, connection: Connection, name: str) -> EventDataStore | None:
        """By ARN, by id, by name: in this order, so that no name can hide a store."""
        lowered = name.lower()
        id = lowered.rpartition(":eventdatastore/")[2]
        by_id = connection.execute(select(STORES).where(STORES.c.id == id, self._seen())).mappings().first()
        if by_id is not None:
            store = store_of(by_id)
            return store if lowered in (store.id, store.arn.lower()) else None
        by_name = connection.execute(select(STORES).where(STORES.c.name == name, self._seen())).mappings()
        return self._meant(name, [store_of(row) for row in by_name])

    def _meant(self, name: str, stores: Sequence[EventDataStore]) -> EventDataStore | None:
        if len(stores) <= 1:
            return next(iter(stores), None)
        for store in stores:
            if (store.account_id, store.region) == (self._account_id, self._region):
                return store
        arns = sorted(store.arn for store in stores)
        raise AmbiguousStore(
            f"{len(arns)} event data stores are named {name}: {', '.join(arns)}",
            hint="name one by its ARN, or set TRAILMERE_ACCOUNT_ID and TRAILMERE_REGION",
        )

    def _seen(self) -> ColumnElement[bool]:
        return _belongs_to(self._account_id, self._region) if self._only_here else true()

    def _check_room(self, connection: Connection, store: EventDataStore) -> None:
        here = _belongs_to(store.account_id, store.region)
        stores = connection.execute(select(func.count()).select_from(STORES).where(here)).scalar_one()
        if stores >= self._maximum_stores:
            raise StoreLimitExceeded(
                f"expected at most {self._maximum_stores} event data stores in {store.region}, with those pending "
                f"deletion; there are {stores}",
                hint="delete one that is not needed, or raise the limit",
            )


def _belongs_to(account_id: str, region: str) -> ColumnElement[bool]:
    return (STORES.c.account_id == account_id) & (STORES.c.region == region)


def _row(connection: Connection, store_id: str) -> dict[str, Any]:
    return dict(connection.execute(select(STORES).where(STORES.c.id == store_id)).mappings().one())


def _check_name_is_free(connection: Connection, store: EventDataStore) -> None:
    here = _belongs_to(store.account_id, store.region)
    if connection.execute(select(STORES.c.id).where(here, STORES.c.name == store.name)).first() is not None:
        raise StoreAlreadyExists(
            f"an event data store named {store.name} exists",
            hint="choose another name; one that is pending deletion keeps its name until it is gone",
        )


def _identity(wanted: str | None) -> str:
    try:
        return str(uuid.uuid4() if wanted is None else uuid.UUID(wanted))
    except ValueError:
        raise InvalidParameter(f"expected a GUID as the id of the event data store, got {wanted!r}") from None


def _check_id_is_free(connection: Connection, store_id: str) -> None:
    if connection.execute(select(STORES.c.id).where(STORES.c.id == store_id)).first() is not None:
        raise StoreAlreadyExists(
            f"an event data store with the id {store_id} exists",
            hint="leave the id out for a new one",
        )
