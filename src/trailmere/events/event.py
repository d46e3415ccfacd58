"""An event as the rest of the house sees it: typed access to the fields that selection needs.

The fields themselves stay in the struct that the decoder made (see ``structs``); ``rows`` turns them into columns, and
nobody else looks inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from trailmere.events.columns import FAMILIES

_CATEGORY_OF_TYPE = {
    "AwsVpceEvents": "NetworkActivity",
    "AwsCloudTrailInsight": "Insight",
    "AwsConfigurationItem": "ConfigurationItem",
    "AwsAuditManagerEvidence": "Evidence",
    "ActivityLog": "ActivityAuditLog",
}
# Aggregated events summarise data events; advanced event selectors know no category of their own for them.
_SELECTED_AS = {"Aggregated": "Data"}


class Event(msgspec.Struct, gc=False):
    """A decoded record.

    ``category`` is what advanced event selectors compare ``eventCategory`` with: the record's own, or for records
    before 1.07 the one that its other fields imply. ``family`` says which stores can hold it (``columns.FAMILIES``).
    ``time`` is eventTime in microseconds since 1970, UTC. ``unknown_fields`` are dotted paths that no column declares.
    """

    fields: Any
    family: str
    category: str
    time: int
    unknown_fields: tuple[str, ...] = ()

    def values(self, field: str) -> tuple[str, ...]:
        """The values of a field of advanced event selectors; () where the record has none or the field is unknown.

        Source: AWS API reference, AdvancedFieldSelector. Booleans are ``true`` and ``false``; ``resources.type`` and
        ``resources.ARN`` have one value a resource.
        """
        if field == "eventCategory":
            return (self.category,)
        reader = _READERS.get(field)
        return reader(self.fields) if reader else ()


def family_of(category: str) -> str:
    """The family of stores that can hold events of this category; what AWS adds tomorrow is a CloudTrail event."""
    return FAMILIES.get(category, "cloudtrail")


def category_of(fields: Any) -> str:
    """The category of a record of the CloudTrail struct, implied where it is older than eventCategory (1.07)."""
    declared: str | None = fields.eventCategory
    if declared:
        return _SELECTED_AS.get(declared, declared)
    if fields.insightDetails is not None:
        return "Insight"
    if fields.eventType in _CATEGORY_OF_TYPE:
        return _CATEGORY_OF_TYPE[fields.eventType]
    return "Data" if fields.managementEvent is False else "Management"


def _text(name: str) -> Callable[[Any], tuple[str, ...]]:
    def read(fields: Any) -> tuple[str, ...]:
        value = getattr(fields, name, None)
        return () if value is None else (value,)

    return read


def _boolean(name: str) -> Callable[[Any], tuple[str, ...]]:
    def read(fields: Any) -> tuple[str, ...]:
        value = getattr(fields, name, None)
        return () if value is None else ("true" if value else "false",)

    return read


def _resource(*names: str) -> Callable[[Any], tuple[str, ...]]:
    def read(fields: Any) -> tuple[str, ...]:
        resources = [resource for resource in getattr(fields, "resources", None) or () if resource is not None]
        found = (next((v for n in names if (v := getattr(r, n)) is not None), None) for r in resources)
        return tuple(value for value in found if value is not None)

    return read


def _identity_arn(fields: Any) -> tuple[str, ...]:
    identity = getattr(fields, "userIdentity", None)
    return () if identity is None or identity.arn is None else (identity.arn,)


_READERS: dict[str, Callable[[Any], tuple[str, ...]]] = {
    "eventSource": _text("eventSource"),
    "eventName": _text("eventName"),
    "eventType": _text("eventType"),
    "readOnly": _boolean("readOnly"),
    "resources.type": _resource("type"),
    "resources.ARN": _resource("ARN", "arn"),
    "userIdentity.arn": _identity_arn,
    "errorCode": _text("errorCode"),
    "vpcEndpointId": _text("vpcEndpointId"),
    "sessionCredentialFromConsole": _text("sessionCredentialFromConsole"),
}
SELECTOR_FIELDS = frozenset({"eventCategory", *_READERS})  # what ``Event.values`` knows
