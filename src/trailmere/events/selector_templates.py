"""Advanced event selectors by name, for those who do not want to write JSON.

Most are what the CloudTrail console offers as log selector templates (user guide, "Creating an event data store for
CloudTrail events"). ``everything`` is Trailmere's own: CloudTrail wants one resource type in each selector of data
events and one source in each of network activity, so that five selectors cannot say "all that was delivered to me".
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from trailmere.errors import InvalidEventSelectors
from trailmere.events.columns import FAMILIES
from trailmere.events.selectors import (
    DEFAULT_SELECTORS,
    AdvancedEventSelector,
    FieldSelector,
    parse_selectors,
    to_json,
)

Selectors = tuple[AdvancedEventSelector, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """``make`` takes what stands behind the colon of ``name:value,value``.

    ``values`` says what that is ("": it takes nothing), ``usual`` what is taken where nobody says.
    """

    name: str
    meaning: str
    make: Callable[[tuple[str, ...]], Selectors]
    values: str = ""
    usual: tuple[str, ...] = ()


def template(text: str) -> Selectors:
    """The selectors of a template: ``management-events``, ``data-events:AWS::S3::Object,AWS::Lambda::Function``.

    Raises InvalidEventSelectors for an unknown name, and for values that its selectors cannot have.
    """
    name, _, behind = text.partition(":")
    found = TEMPLATES.get(name)
    if found is None:
        close = difflib.get_close_matches(name, TEMPLATES, n=1)
        hint = f"did you mean {close[0]}?" if close else f"use one of {', '.join(TEMPLATES)}"
        raise InvalidEventSelectors(f"expected the name of a selector template, got {name!r}", hint=hint)
    values = tuple(value.strip() for value in behind.split(",") if value.strip())
    if values and not found.values:
        raise InvalidEventSelectors(f"the template {name} takes no values, got {behind!r}")
    selectors = found.make(values or found.usual)
    # `everything` is wider than CloudTrail allows, on purpose; all others are held to its rules
    return selectors if name == "everything" else parse_selectors(to_json(selectors))


def everything_of(family: str) -> Selectors:
    """Selectors that keep every event that a store of this family (``columns.COLUMNS``) can hold."""
    return template(_EVERYTHING[family])


_EVERYTHING = {
    "cloudtrail": "everything",
    "insight": "insight-events",
    "configurationitem": "configuration-items",
    "evidence": "audit-evidence",
    "activityauditlog": "activity-audit-log",
}


def _equals(field: str, *values: str) -> FieldSelector:
    return FieldSelector(field, equals=values)


def _but(field: str, *values: str) -> FieldSelector:
    return FieldSelector(field, not_equals=values)


def _management(name: str, *fields: FieldSelector) -> Callable[[tuple[str, ...]], Selectors]:
    return lambda _values: (AdvancedEventSelector((_equals("eventCategory", "Management"), *fields), name),)


def _data(what: str, *fields: FieldSelector) -> Callable[[tuple[str, ...]], Selectors]:
    return lambda types: tuple(
        AdvancedEventSelector(
            (_equals("eventCategory", "Data"), _equals("resources.type", type), *fields), f"{what} of {type}"
        )
        for type in types
    )


def _network(what: str, *fields: FieldSelector) -> Callable[[tuple[str, ...]], Selectors]:
    return lambda sources: tuple(
        AdvancedEventSelector(
            (_equals("eventCategory", "NetworkActivity"), _equals("eventSource", source), *fields),
            f"{what} of {source}",
        )
        for source in sources
    )


def _category(category: str) -> Callable[[tuple[str, ...]], Selectors]:
    return lambda _values: (AdvancedEventSelector((_equals("eventCategory", category),), f"{category} events"),)


def _everything(_values: tuple[str, ...]) -> Selectors:
    # said by what it leaves out, so that a category that CloudTrail invents tomorrow is taken in
    apart = tuple(category for category, family in FAMILIES.items() if family != "cloudtrail")
    return (AdvancedEventSelector((_but("eventCategory", *apart),), "Everything that was delivered"),)


_TYPES = "resource types"
_SOURCES = "event sources"
_USUAL_TYPES = ("AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table")
_USUAL_SOURCES = (
    "s3.amazonaws.com",
    "kms.amazonaws.com",
    "secretsmanager.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "ec2.amazonaws.com",
)

TEMPLATES: dict[str, Template] = {
    one.name: one
    for one in (
        Template("default", "All management events.", lambda _values: DEFAULT_SELECTORS),
        Template(
            "everything", "Management, data and network activity events of every kind, whatever came.", _everything
        ),
        Template("management-events", "All management events.", _management("Management events")),
        Template(
            "management-read-only",
            "Management events that only read.",
            _management("Read-only management events", _equals("readOnly", "true")),
        ),
        Template(
            "management-write-only",
            "Management events that change something.",
            _management("Write-only management events", _equals("readOnly", "false")),
        ),
        Template(
            "management-exclude-service-events",
            "Management events without those that AWS services cause.",
            _management("Without AWS service-initiated events", _but("eventType", "AwsServiceEvent")),
        ),
        Template(
            "management-exclude-kms-rds",
            "Management events without AWS KMS and the RDS Data API, which are many.",
            _management(
                "Without AWS KMS and RDS Data API",
                _but("eventSource", "kms.amazonaws.com", "rdsdata.amazonaws.com"),
            ),
        ),
        Template(
            "management-console",
            "Management events of console sessions.",
            _management("Console sessions", _equals("sessionCredentialFromConsole", "true")),
        ),
        Template(
            "data-events", "All data events of up to five resource types.", _data("Data events"), _TYPES, _USUAL_TYPES
        ),
        Template(
            "data-read-only",
            "Data events that only read.",
            _data("Read-only data events", _equals("readOnly", "true")),
            _TYPES,
            _USUAL_TYPES,
        ),
        Template(
            "data-write-only",
            "Data events that change something.",
            _data("Write-only data events", _equals("readOnly", "false")),
            _TYPES,
            _USUAL_TYPES,
        ),
        Template(
            "data-exclude-service-events",
            "Data events without those that AWS services cause.",
            _data("Data events not caused by services", _but("eventType", "AwsServiceEvent")),
            _TYPES,
            _USUAL_TYPES,
        ),
        Template(
            "network-events",
            "All network activity events of up to five sources.",
            _network("Network activity"),
            _SOURCES,
            _USUAL_SOURCES,
        ),
        Template(
            "network-access-denied",
            "Network activity that a VPC endpoint policy refused.",
            _network("Network access denied", _equals("errorCode", "VpceAccessDenied")),
            _SOURCES,
            _USUAL_SOURCES,
        ),
        Template("insight-events", "CloudTrail Insights events.", _category("Insight")),
        Template("configuration-items", "AWS Config configuration items.", _category("ConfigurationItem")),
        Template("audit-evidence", "AWS Audit Manager evidence.", _category("Evidence")),
        Template("activity-audit-log", "Events from outside of AWS.", _category("ActivityAuditLog")),
    )
}
