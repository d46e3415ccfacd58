"""What an event data store is to the control plane: its record, its statuses, and which operation is permitted when.

``TRANSITIONS`` is the one place that says so; code and tests go by it. Source: CloudTrail API reference
(CreateEventDataStore, DeleteEventDataStore, RestoreEventDataStore, StartEventDataStoreIngestion,
StopEventDataStoreIngestion). AWS also shows STARTING_INGESTION and STOPPING_INGESTION; here both take no time, so that
no store is ever seen in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from trailmere.errors import InactiveStore, InvalidStoreStatus

if TYPE_CHECKING:
    from trailmere.events.selectors import AdvancedEventSelector

PENDING_DELETION_DAYS = 7


class Status(StrEnum):
    """The status of an event data store, as AWS spells it."""

    CREATED = "CREATED"  # known to the registry; its table is being made
    ENABLED = "ENABLED"
    STOPPED_INGESTION = "STOPPED_INGESTION"
    PENDING_DELETION = "PENDING_DELETION"


class BillingMode(StrEnum):
    """Here it decides default and maximum of the retention only; nobody is billed."""

    EXTENDABLE_RETENTION_PRICING = "EXTENDABLE_RETENTION_PRICING"
    FIXED_RETENTION_PRICING = "FIXED_RETENTION_PRICING"


class Operation(StrEnum):
    """What can be done with an event data store."""

    ACTIVATE = "activate"  # its table is there
    ABANDON = "abandon"  # its table could not be made
    UPDATE = "update"
    INGEST = "ingest into"
    IMPORT = "import into"  # also into a store that takes no events in by itself: AWS names it as a use of such stores
    QUERY = "query"
    START_INGESTION = "start ingestion of"
    STOP_INGESTION = "stop ingestion of"
    DELETE = "delete"
    RESTORE = "restore"
    PURGE = "purge"


@dataclass(frozen=True, slots=True)
class EventDataStore:
    """The record of one event data store. Times are UTC; ``tags`` must not be changed.

    ``family`` is a key of ``events.columns.COLUMNS``. ``ingesting`` says whether the store takes events in when it is
    neither being created nor pending deletion. ``purging``: its table is being dropped, nothing brings it back.
    ``federation_role``: the ARN of the role that it is federated with, None while it is not. It, ``max_event_size`` and
    ``context_keys`` are kept as stated; the last are (type, its keys), by type.
    """

    id: str
    name: str
    account_id: str
    region: str
    status: Status
    ingesting: bool
    selectors: tuple[AdvancedEventSelector, ...]
    family: str
    multi_region: bool
    organization: bool
    retention_days: int
    termination_protection: bool
    billing_mode: BillingMode
    kms_key: str | None
    tags: Mapping[str, str]
    created: datetime
    updated: datetime
    deletion_requested: datetime | None = None
    purging: bool = False
    federation_role: str | None = None
    max_event_size: str | None = None
    context_keys: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def arn(self) -> str:
        """``arn:aws:cloudtrail:REGION:ACCOUNT:eventdatastore/ID``."""
        return f"arn:{partition(self.region)}:cloudtrail:{self.region}:{self.account_id}:eventdatastore/{self.id}"

    @property
    def deletion_due(self) -> datetime | None:
        """When it is deleted for good, None while it is not pending deletion."""
        if self.deletion_requested is None:
            return None
        return self.deletion_requested + timedelta(days=PENDING_DELETION_DAYS)

    @property
    def ready_status(self) -> Status:
        """The status that it has when nothing else is going on."""
        return Status.ENABLED if self.ingesting else Status.STOPPED_INGESTION


def partition(region: str) -> str:
    """The AWS partition of a Region: aws, aws-cn or aws-us-gov."""
    for start, name in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region.startswith(start):
            return name
    return "aws"


READY: Literal["ready"] = "ready"  # ENABLED or STOPPED_INGESTION, as its ``ingesting`` says
GONE: Literal["gone"] = "gone"  # the record is removed


@dataclass(frozen=True, slots=True)
class Transition:
    """``operation`` is permitted in ``status`` and leads to ``then``."""

    operation: Operation
    status: Status
    then: Status | Literal["ready", "gone"]


TRANSITIONS: tuple[Transition, ...] = (
    Transition(Operation.ACTIVATE, Status.CREATED, READY),
    # two processes may both finish what a third one began: the second finds it done
    Transition(Operation.ACTIVATE, Status.ENABLED, READY),
    Transition(Operation.ACTIVATE, Status.STOPPED_INGESTION, READY),
    Transition(Operation.ABANDON, Status.CREATED, GONE),
    Transition(Operation.UPDATE, Status.CREATED, Status.CREATED),
    Transition(Operation.UPDATE, Status.ENABLED, Status.ENABLED),
    Transition(Operation.UPDATE, Status.STOPPED_INGESTION, Status.STOPPED_INGESTION),
    Transition(Operation.INGEST, Status.ENABLED, Status.ENABLED),
    Transition(Operation.IMPORT, Status.ENABLED, Status.ENABLED),
    Transition(Operation.IMPORT, Status.STOPPED_INGESTION, Status.STOPPED_INGESTION),
    Transition(Operation.QUERY, Status.ENABLED, Status.ENABLED),
    Transition(Operation.QUERY, Status.STOPPED_INGESTION, Status.STOPPED_INGESTION),
    Transition(Operation.START_INGESTION, Status.STOPPED_INGESTION, Status.ENABLED),
    Transition(Operation.STOP_INGESTION, Status.ENABLED, Status.STOPPED_INGESTION),
    Transition(Operation.DELETE, Status.CREATED, Status.PENDING_DELETION),
    Transition(Operation.DELETE, Status.ENABLED, Status.PENDING_DELETION),
    Transition(Operation.DELETE, Status.STOPPED_INGESTION, Status.PENDING_DELETION),
    Transition(Operation.RESTORE, Status.PENDING_DELETION, READY),
    Transition(Operation.PURGE, Status.PENDING_DELETION, GONE),
)

_THEN = {(one.operation, one.status): one.then for one in TRANSITIONS}

# AWS declares no InactiveEventDataStoreException for these: in every other status they are refused alike
_SAYS_STATUS = (Operation.START_INGESTION, Operation.STOP_INGESTION, Operation.RESTORE, Operation.ACTIVATE)

_HINTS: dict[tuple[Operation, Status], str] = {
    (Operation.INGEST, Status.STOPPED_INGESTION): "start it first: trailmere store start-ingestion {name}",
    (Operation.DELETE, Status.PENDING_DELETION): "it is deleted for good on {due:%Y-%m-%d at %H:%M} UTC",
}

_USUAL_HINTS: dict[Status, str] = {
    Status.CREATED: "its table is being made; if its maker was killed, this finishes it: trailmere store list",
    Status.PENDING_DELETION: "restore it first: trailmere store restore {name}",
}


def status_after(store: EventDataStore, operation: Operation) -> Status | None:
    """The status after ``operation``, None when the store is gone then.

    Raises InactiveStore when the store is pending deletion, InvalidStoreStatus when another status forbids it.
    """
    then = _THEN.get((operation, store.status))
    if then is None:
        raise _refusal(store, operation)
    if then == GONE:
        return None
    return store.ready_status if then == READY else Status(then)


def _refusal(store: EventDataStore, operation: Operation) -> InactiveStore | InvalidStoreStatus:
    permitted = " or ".join(one.status for one in TRANSITIONS if one.operation is operation)
    message = f"cannot {operation} {store.name}: expected status {permitted}, it is {store.status}"
    hint = _HINTS.get((operation, store.status), _USUAL_HINTS.get(store.status))
    inactive = store.status is Status.PENDING_DELETION and operation not in _SAYS_STATUS
    kind = InactiveStore if inactive else InvalidStoreStatus
    return kind(message, hint=None if hint is None else hint.format(name=store.name, due=store.deletion_due))
