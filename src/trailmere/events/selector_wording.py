"""Advanced event selectors in plain words: one sentence a selector, for the console. Nothing is decided by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from trailmere.events.columns import FAMILIES

if TYPE_CHECKING:
    from trailmere.events.selectors import AdvancedEventSelector, FieldSelector

_CATEGORIES: Mapping[str, str] = {
    "Management": "Management events",
    "Data": "Data events",
    "NetworkActivity": "Network activity events",
    "Insight": "CloudTrail Insights events",
    "ConfigurationItem": "AWS Config configuration items",
    "Evidence": "AWS Audit Manager evidence",
    "ActivityAuditLog": "Events from outside of AWS",
}
_OPERATORS: Mapping[str, str] = {
    "Equals": "is",
    "StartsWith": "starts with",
    "EndsWith": "ends with",
    "NotEquals": "is not",
    "NotStartsWith": "does not start with",
    "NotEndsWith": "does not end with",
}
# what a condition of one value is better told as
_PHRASES: Mapping[tuple[str, str, str], str] = {
    ("readOnly", "Equals", "true"): "they only read",
    ("readOnly", "Equals", "false"): "they change something",
    ("eventType", "NotEquals", "AwsServiceEvent"): "no AWS service caused them",
    ("sessionCredentialFromConsole", "Equals", "true"): "they came from a console session",
    ("sessionCredentialFromConsole", "NotEquals", "true"): "they did not come from a console session",
    ("errorCode", "Equals", "VpceAccessDenied"): "a VPC endpoint policy refused them",
}
MOST_VALUES = 6  # of a condition that are told; the others are counted


def category_name(category: str) -> str:
    """A category as people say it."""
    return _CATEGORIES.get(category, f"{category} events")


def sentences(selectors: Iterable[AdvancedEventSelector]) -> tuple[str, ...]:
    """One sentence for each selector, in their order."""
    return tuple(sentence(one) for one in selectors)


def sentence(selector: AdvancedEventSelector) -> str:
    """``Management events where eventSource is not kms.amazonaws.com and they only read.``"""
    named = [field for field in selector.fields if field.field == "eventCategory"]
    others = [_told(field) for field in selector.fields if field.field != "eventCategory"]
    what = " and ".join(_category(field) for field in named) or "Events of every category"
    return f"{what}{' where ' + ', and '.join(others) if others else ''}."


def _category(field: FieldSelector) -> str:
    if field.conditions() == (("Equals", field.equals),):
        return _listed([category_name(one) for one in field.equals], "and")
    apart = tuple(one for one, family in FAMILIES.items() if family != "cloudtrail")
    if field.conditions() == (("NotEquals", apart),):
        return "Management, data and network activity events, and whatever kinds CloudTrail adds to them"
    return f"Events where {_told(field)}"


def _told(field: FieldSelector) -> str:
    """The positive operators are OR-ed, the negative ones AND-ed, the two groups AND-ed."""
    told = {operator: _condition(field.field, operator, values) for operator, values in field.conditions()}
    positive = [text for operator, text in told.items() if not operator.startswith("Not")]
    negative = [text for operator, text in told.items() if operator.startswith("Not")]
    either = " or ".join(positive)
    both = [f"({either})" if len(positive) > 1 and negative else either] if positive else []
    return " and ".join(both + negative)


def _condition(field: str, operator: str, values: Sequence[str]) -> str:
    if len(values) == 1 and (phrase := _PHRASES.get((field, operator, values[0]))):
        return phrase
    told = list(values[:MOST_VALUES])
    more = len(values) - len(told)
    return f"{field} {_OPERATORS[operator]} {_listed(told + ([f'{more} more'] if more else []), 'or')}"


def _listed(words: Sequence[str], last: str) -> str:
    """``a, b or c``."""
    *others, end = words
    return f"{', '.join(others)} {last} {end}" if others else end
