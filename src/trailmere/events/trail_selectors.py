"""Event selectors of trails: basic or advanced ones, and what AWS would refuse of them.

What advanced ones have in common with those of event data stores is in ``trailmere.events.selectors``. Sources:
CloudTrail API reference, PutEventSelectors, EventSelector and DataResource; user guide, "Logging management events".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trailmere.errors import InvalidEventSelectors
from trailmere.events.columns import FAMILIES
from trailmere.events.selectors import AdvancedEventSelector, FieldSelector, categories_of, parse_selectors

MAXIMUM_SELECTORS = 5
MAXIMUM_RESOURCES = 250  # values over all selectors
RESOURCE_TYPES = ("AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::S3::Object")
SOURCES_TO_EXCLUDE = ("kms.amazonaws.com", "rdsdata.amazonaws.com")
MANAGEMENT_FIELDS = ("eventCategory", "eventSource", "readOnly")

# what a trail has that nobody has given any
DEFAULT: Mapping[str, Any] = {
    "EventSelectors": [
        {
            "ReadWriteType": "All",
            "IncludeManagementEvents": True,
            "DataResources": [],
            "ExcludeManagementEventSources": [],
        }
    ]
}


def check_selectors(basic: Sequence[Any] | None, advanced: Sequence[Any] | None) -> dict[str, Any]:
    """``{"EventSelectors": basic}`` or ``{"AdvancedEventSelectors": advanced}``. Raises InvalidEventSelectors."""
    if (basic is None) == (advanced is None):
        raise InvalidEventSelectors("expected EventSelectors or AdvancedEventSelectors, one of both")
    faults = _basic_faults(basic) if basic is not None else _advanced_faults(parse_selectors(advanced))
    for place, message in faults:
        raise InvalidEventSelectors(message, place=place or None)
    return {"EventSelectors": basic} if basic is not None else {"AdvancedEventSelectors": advanced}


def _basic_faults(selectors: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    if not 1 <= len(selectors) <= MAXIMUM_SELECTORS:
        yield "", f"expected 1 to {MAXIMUM_SELECTORS} selectors, got {len(selectors)}"
    resources = [resource for one in selectors for resource in one.get("DataResources", ())]
    for resource in resources:
        if resource.get("Type") not in RESOURCE_TYPES:
            yield "DataResources", f"expected {' or '.join(RESOURCE_TYPES)} as Type, got {resource.get('Type')!r}"
        if not resource.get("Values"):
            yield "DataResources", "expected ARNs, or beginnings of ARNs, as Values, got none"
    values = sum(len(resource.get("Values", ())) for resource in resources)
    if values > MAXIMUM_RESOURCES:
        yield "DataResources", f"expected at most {MAXIMUM_RESOURCES} values over all selectors, got {values}"
    for number, one in enumerate(selectors, 1):
        manages = one.get("IncludeManagementEvents", True)
        excluded = one.get("ExcludeManagementEventSources", ())
        if strange := [source for source in excluded if source not in SOURCES_TO_EXCLUDE]:
            yield f"selector {number}", f"expected {' or '.join(SOURCES_TO_EXCLUDE)} to exclude, got {strange[0]!r}"
        if excluded and not manages:
            yield f"selector {number}", "expected management events, where some of them are excluded"
        if not manages and not one.get("DataResources"):
            yield f"selector {number}", "expected management events, data resources, or both"


def _advanced_faults(selectors: Sequence[AdvancedEventSelector]) -> Iterator[tuple[str, str]]:
    for category in categories_of(selectors):
        if FAMILIES[category] != "cloudtrail":
            yield "", f"trails have no {category} events: an event data store can have them"
    for number, selector in enumerate(selectors, 1):
        if any(field.field == "eventCategory" and field.equals == ("Management",) for field in selector.fields):
            yield from ((f"selector {number}, field {field.field}", said) for field, said in _management(selector))


def _management(selector: AdvancedEventSelector) -> Iterator[tuple[FieldSelector, str]]:
    for field in selector.fields:
        if field.field not in MANAGEMENT_FIELDS:
            yield field, f"expected {' or '.join(MANAGEMENT_FIELDS)} for the management events of a trail"
        elif field.field == "eventSource":
            for operator, values in field.conditions():
                if operator != "NotEquals" or not set(values) <= set(SOURCES_TO_EXCLUDE):
                    yield field, f"expected NotEquals {' or '.join(SOURCES_TO_EXCLUDE)} in a trail"
