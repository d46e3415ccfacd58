"""What the pages of stores know of a store: what operations tell, and what AWS has no word for, where it is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trailmere.api.errors import Fault
from trailmere.errors import InsightNotEnabled, StoreNotFound
from trailmere.events.selector_wording import category_name
from trailmere.events.selectors import categories_of
from trailmere.registry.records import Status

if TYPE_CHECKING:
    from trailmere.lake.days import StoredDay
    from trailmere.registry.insights import InsightSettings
    from trailmere.registry.records import EventDataStore
    from trailmere.web.visit import Visit

DENIED = "AccessDeniedException"
STATUS_WORDS: Mapping[str, tuple[str, str]] = {
    Status.CREATED: ("being made", "note"),
    Status.ENABLED: ("ingesting", "good"),
    Status.STOPPED_INGESTION: ("ingestion stopped", "warn"),
    Status.PENDING_DELETION: ("pending deletion", "bad"),
}
RETENTION_YEARS = 365.25


@dataclass(frozen=True, slots=True)
class Told:
    """What an operation told, or why it did not: ``missing`` (there is none) or ``refused``, a sentence."""

    output: Mapping[str, Any] | None = None
    refused: str = ""

    def __bool__(self) -> bool:
        return self.output is not None


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store in the list. ``record`` is None where whoever looks may not see it."""

    name: str
    arn: str
    record: EventDataStore | None = None
    days: tuple[StoredDay, ...] = ()
    insights: InsightSettings | None = None
    is_shared: bool = False
    imports: int = 0

    @property
    def id(self) -> str:
        """Its id."""
        return id_of(self.arn)

    @property
    def events(self) -> int:
        """How many it has."""
        return sum(one.rows for one in self.days)

    @property
    def bytes(self) -> int:
        """On disk."""
        return sum(one.bytes for one in self.days)


def asked(visit: Visit, operation: str, absent: Sequence[str] = (), **given: Any) -> Told:
    """What an operation tells. Faults named in ``absent`` mean that there is nothing; all others but a refusal pass."""
    try:
        return Told(visit.perform(operation, **given))
    except Fault as fault:
        if fault.code in absent:
            return Told()
        if fault.code != DENIED:
            raise
        return Told(refused=fault.message)


def id_of(arn: str) -> str:
    """The id at the end of an ARN."""
    return arn.rpartition("/")[2]


def record_of(visit: Visit, arn: str) -> EventDataStore:
    """The record behind an ARN that an operation answered with: what AWS's members leave out. Raises StoreNotFound."""
    found = visit.app.stores.find(arn)
    if found is None:
        raise StoreNotFound(f"there is no event data store {arn!r}")
    return found


def days_of(visit: Visit, store: EventDataStore) -> tuple[StoredDay, ...]:
    """The days that a store has events of; of one that has no table yet, none."""
    try:
        return visit.app.lake.days(store.id)
    except StoreNotFound:
        return ()


def insights_of(visit: Visit, store: EventDataStore) -> InsightSettings | None:
    """Its Insights, where whoever looks may know of them."""
    if not visit.may("cloudtrail:GetInsightSelectors", store.arn):
        return None
    try:
        return visit.app.insights.records.get(store.id)
    except InsightNotEnabled:
        return None


def is_shared(visit: Visit, arn: str) -> bool:
    """Whether a resource has a policy, as far as whoever looks may know."""
    return visit.may("cloudtrail:GetResourcePolicy", arn) and visit.app.resource_policies.get(arn) is not None


def row_of(visit: Visit, listed: Mapping[str, Any], imports: Sequence[Mapping[str, Any]]) -> StoreRow:
    """What the list shows of a store that ListEventDataStores named. ``imports``: those that are running."""
    arn, name = listed["EventDataStoreArn"], listed["Name"]
    told = asked(visit, "GetEventDataStore", ("EventDataStoreNotFoundException",), EventDataStore=arn)
    if not told:
        return StoreRow(name, arn)
    record = record_of(visit, arn)
    return StoreRow(
        name,
        arn,
        record,
        days_of(visit, record),
        insights_of(visit, record),
        is_shared(visit, arn),
        sum(arn in one["Destinations"] for one in imports),
    )


def kind_of(store: EventDataStore) -> str:
    """What kinds of events it can hold, in words."""
    names = [category_name(one) for one in categories_of(store.selectors)]
    if len(names) == 3:
        return "All CloudTrail events"
    return " and ".join([names[0], *(one[0].lower() + one[1:] for one in names[1:])]) if names else "Nothing"


def retention_words(days: int) -> str:
    """``3,653 days (10 years)``."""
    years = days / RETENTION_YEARS
    about = f" ({years:.0f} year{'' if round(years) == 1 else 's'})" if years >= 0.95 else ""
    return f"{days:,} days{about}"


def is_open(store: EventDataStore) -> bool:
    """Whether it can be queried."""
    return store.status in (Status.ENABLED, Status.STOPPED_INGESTION)


def running_imports(visit: Visit) -> Sequence[Mapping[str, Any]]:
    """Imports that have not ended, where whoever looks may list them."""
    found: list[Mapping[str, Any]] = []
    for status in ("INITIALIZING", "IN_PROGRESS"):
        told = asked(visit, "ListImports", ImportStatus=status, MaxResults=100)
        found += [] if told.output is None else told.output["Imports"]
        if told.refused:
            break
    return found
