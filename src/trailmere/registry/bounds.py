"""What AWS allows an event data store to be: names, retention, tags, keys, and what may change. Else it is refused.

Source: CloudTrail API reference, CreateEventDataStore and UpdateEventDataStore; user guide, "Quotas". Selectors have
their own bounds in ``trailmere.events.selectors``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trailmere.errors import (
    InvalidEventSelectors,
    InvalidKmsKey,
    InvalidParameter,
    InvalidStoreCategory,
    InvalidTags,
    TagsLimitExceeded,
)
from trailmere.events.selectors import categories_of, family_of
from trailmere.registry.records import BillingMode

if TYPE_CHECKING:
    from trailmere.events.selectors import AdvancedEventSelector
    from trailmere.registry.records import EventDataStore

# what is made of the tags that a resource has, when nobody else can change them
ChangeTags = Callable[[Mapping[str, str]], Mapping[str, str]]

NAME_PATTERN = re.compile(r"[a-zA-Z0-9._\-]{3,128}")
KMS_KEY_PATTERN = re.compile(r"[a-zA-Z0-9._/\-:]{1,350}")
MINIMUM_RETENTION_DAYS = 7
MAXIMUM_TAGS = 50
MAXIMUM_TAG_KEY = 128  # characters
MAXIMUM_TAG_VALUE = 256  # characters

# Categories whose ingestion can be started and stopped (StartEventDataStoreIngestion), and those of stores that can be
# created without it (CreateEventDataStore)
CAN_STOP = ("Management", "Data", "NetworkActivity", "ConfigurationItem")
CAN_BEGIN_STOPPED = ("Management", "Data", "ConfigurationItem")


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that events are kept under a billing mode: where nobody says, and at most."""

    default_days: int
    maximum_days: int


RETENTION: dict[BillingMode, Retention] = {
    BillingMode.EXTENDABLE_RETENTION_PRICING: Retention(366, 3653),
    BillingMode.FIXED_RETENTION_PRICING: Retention(2557, 2557),
}


def check_name(name: str) -> str:
    """``name``, or InvalidParameter."""
    if not NAME_PATTERN.fullmatch(name):
        raise InvalidParameter(
            f"expected a name of 3 to 128 letters, digits, dots, underscores and hyphens, got {name[:140]!r}"
        )
    return name


def check_retention(days: int | None, mode: BillingMode) -> int:
    """The days to keep events (None: the default of the billing mode), or InvalidParameter."""
    bounds = RETENTION[mode]
    if days is None:
        return bounds.default_days
    if not MINIMUM_RETENTION_DAYS <= days <= bounds.maximum_days:
        raise InvalidParameter(
            f"expected a retention of {MINIMUM_RETENTION_DAYS} to {bounds.maximum_days} days under {mode}, got {days}"
        )
    return days


def check_kms_key(key: str | None) -> str | None:
    """``key``, or InvalidKmsKey."""
    if key is not None and not KMS_KEY_PATTERN.fullmatch(key):
        raise InvalidKmsKey(
            f"expected a KMS key (an id, an ARN or alias/NAME of at most 350 characters), got {key[:360]!r}"
        )
    return key


def check_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """A copy of ``tags``. Raises InvalidTags, TagsLimitExceeded."""
    if len(tags) > MAXIMUM_TAGS:
        raise TagsLimitExceeded(f"expected at most {MAXIMUM_TAGS} tags, got {len(tags)}")
    for key, value in tags.items():
        if not 1 <= len(key) <= MAXIMUM_TAG_KEY or key.lower().startswith("aws:"):
            raise InvalidTags(
                f"expected a tag key of 1 to {MAXIMUM_TAG_KEY} characters that does not start with aws:, got {key!r}"
            )
        if len(value) > MAXIMUM_TAG_VALUE:
            raise InvalidTags(f"expected a tag value of at most {MAXIMUM_TAG_VALUE} characters, got {len(value)}")
    return dict(tags)


def check_federation_role(role: str, account_id: str) -> str:
    """``role``, the ARN of a role of the account, or InvalidParameter."""
    if not re.fullmatch(rf"arn:aws[a-z-]*:iam::{account_id}:role/[\w+=,.@/-]{{1,512}}", role, re.ASCII):
        raise InvalidParameter(f"expected the ARN of a role of the account {account_id}, got {role!r}")
    return role


def check_context_keys(store: EventDataStore) -> None:
    """Raise InvalidParameter or InvalidStoreCategory where a store cannot have its event configuration.

    Source: CloudTrail API reference, PutEventConfiguration; user guide, "Enrich CloudTrail events".
    """
    if store.family != "cloudtrail":
        raise InvalidStoreCategory(f"only stores of CloudTrail events have an event configuration, not {store.name}")
    kinds = [kind for kind, _ in store.context_keys]
    if len(set(kinds)) != len(kinds):
        raise InvalidParameter("expected one ContextKeySelector for each type, got two of one type")
    if store.context_keys and store.max_event_size != "Large":
        raise InvalidParameter("expected MaxEventSize Large with ContextKeySelectors")
    for kind, keys in store.context_keys:
        if len(set(keys)) != len(keys):
            raise InvalidParameter(f"expected each key of {kind} once")


def check_billing_change(before: BillingMode, after: BillingMode) -> BillingMode:
    """``after``, or InvalidParameter: the way from extendable to fixed is closed."""
    if before is BillingMode.EXTENDABLE_RETENTION_PRICING and after is BillingMode.FIXED_RETENTION_PRICING:
        raise InvalidParameter(
            f"the billing mode cannot change from {before} to {after}",
            hint="create another event data store with the mode you want",
        )
    return after


def changed(before: EventDataStore, changes: Mapping[str, Any]) -> EventDataStore:
    """``before`` with the changes (fields of EventDataStore), or InvalidParameter or InvalidEventSelectors."""
    after = replace(before, **changes)
    check_name(after.name)
    check_billing_change(before.billing_mode, after.billing_mode)
    check_retention(after.retention_days, after.billing_mode)
    if "kms_key" in changes and before.kms_key not in (None, changes["kms_key"]):
        raise InvalidParameter("the KMS key of an event data store cannot be changed")
    check_kms_key(after.kms_key)
    if family_of(after.selectors) != before.family:
        raise InvalidEventSelectors(
            f"expected selectors of {before.family} events, as {before.name} holds, got {family_of(after.selectors)}",
            hint="create another event data store for them",
        )
    return after


def check_can_stop(store: EventDataStore) -> None:
    """Raise InvalidStoreCategory for a store whose ingestion cannot be stopped and started, whatever its status."""
    categories = categories_of(store.selectors)
    if not set(CAN_STOP).issuperset(categories):
        raise InvalidStoreCategory(
            f"ingestion is started and stopped for {', '.join(CAN_STOP)} events; "
            f"{store.name} holds {' and '.join(categories)} events"
        )


def check_can_begin_stopped(selectors: tuple[AdvancedEventSelector, ...]) -> None:
    """Raise InvalidParameter for selectors of a store that has to be created with its ingestion on."""
    categories = categories_of(selectors)
    if not set(CAN_BEGIN_STOPPED).issuperset(categories):
        raise InvalidParameter(
            f"a store can be created without ingestion for {' and '.join(CAN_BEGIN_STOPPED)} events, "
            f"not for {' and '.join(categories)} events",
            hint="create it with ingestion; where it can be stopped, stop it then",
        )
