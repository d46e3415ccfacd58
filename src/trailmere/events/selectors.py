"""Advanced event selectors: which events a store takes in. What AWS would refuse is refused, with the place.

``parse_selectors`` reads AWS's JSON shape into frozen dataclasses, ``to_json`` writes it back, ``compile_selectors``
(``trailmere.events.selection``) turns them into a test that runs for each event. Selectors by name are in
``trailmere.events.selector_templates``; where a selector is kept is the registry's business.

Sources: CloudTrail API reference, AdvancedEventSelector and AdvancedFieldSelector; user guide, "Filtering data events
by using advanced event selectors" (filtering-data-events), "Logging management events", "Logging network activity
events" and "Quotas".
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from trailmere.errors import InvalidEventSelectors
from trailmere.events.columns import FAMILIES
from trailmere.events.selection import SelectorFields, compile_selectors
from trailmere.events.selector_values import DATA_EVENT_RESOURCE_TYPES, NETWORK_ACTIVITY_EVENT_SOURCES

__all__ = [
    "DEFAULT_SELECTORS",
    "FIELD_RULES",
    "OPERATORS",
    "AdvancedEventSelector",
    "FieldRule",
    "FieldSelector",
    "SelectorFields",
    "categories_of",
    "compile_selectors",
    "family_of",
    "parse_selectors",
    "stored_selectors",
    "to_json",
]

MAXIMUM_SELECTORS = 5
MAXIMUM_VALUES = 500  # over all conditions of all selectors
MAXIMUM_NAME = 1000  # characters
MAXIMUM_FIELD = 1000  # characters
MAXIMUM_VALUE = 2048  # characters
FIELD_PATTERN = re.compile(r"[\w.|]+", re.ASCII)

# AWS's spelling -> the attribute of FieldSelector that holds its values
OPERATORS: dict[str, str] = {
    "Equals": "equals",
    "StartsWith": "starts_with",
    "EndsWith": "ends_with",
    "NotEquals": "not_equals",
    "NotStartsWith": "not_starts_with",
    "NotEndsWith": "not_ends_with",
}


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """Conditions on one field. The positive operators are OR-ed, the negative ones AND-ed, the two groups AND-ed."""

    field: str
    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    not_starts_with: tuple[str, ...] = ()
    not_ends_with: tuple[str, ...] = ()

    def conditions(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(operator as AWS spells it, values), only those that are used."""
        used = ((operator, getattr(self, attribute)) for operator, attribute in OPERATORS.items())
        return tuple((operator, values) for operator, values in used if values)


@dataclass(frozen=True, slots=True)
class AdvancedEventSelector:
    """An event is selected when it meets every field selector. ``name`` is free text, None where there is none."""

    fields: tuple[FieldSelector, ...]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What a category allows for a field. ``values``: the only ones, None for any. ``single``: exactly one value."""

    operators: Collection[str] = tuple(OPERATORS)
    values: Collection[str] | None = None
    single: bool = False
    required: bool = False


_ANY = FieldRule()
_EQUALS = ("Equals",)
_CATEGORY = FieldRule(_EQUALS, FAMILIES, single=True, required=True)
_READ_ONLY = FieldRule(_EQUALS, ("true", "false"))
_FROM_CONSOLE = FieldRule(("Equals", "NotEquals"), ("true",))

# eventCategory -> field -> rule, for event data stores (trails allow less)
FIELD_RULES: dict[str, dict[str, FieldRule]] = {
    "Management": {
        "eventCategory": _CATEGORY,
        "eventSource": _ANY,
        "readOnly": _READ_ONLY,
        "eventName": _ANY,
        "eventType": _ANY,
        "sessionCredentialFromConsole": _FROM_CONSOLE,
        "userIdentity.arn": _ANY,
    },
    "Data": {
        "eventCategory": _CATEGORY,
        "resources.type": FieldRule(_EQUALS, DATA_EVENT_RESOURCE_TYPES, single=True, required=True),
        "eventName": _ANY,
        "eventSource": _ANY,
        "eventType": _ANY,
        "readOnly": _READ_ONLY,
        "resources.ARN": _ANY,
        "sessionCredentialFromConsole": _FROM_CONSOLE,
        "userIdentity.arn": _ANY,
    },
    "NetworkActivity": {
        "eventCategory": _CATEGORY,
        "eventSource": FieldRule(_EQUALS, NETWORK_ACTIVITY_EVENT_SOURCES, single=True, required=True),
        "eventName": _ANY,
        "errorCode": FieldRule(_EQUALS, ("VpceAccessDenied",)),
        "vpcEndpointId": _ANY,
    },
    **{
        category: {"eventCategory": _CATEGORY}
        for category in ("Insight", "ConfigurationItem", "Evidence", "ActivityAuditLog")
    },
}

_NEWER_THAN_US = "if AWS has added it since, use the selectors named everything, which need no list"


def parse_selectors(data: object) -> tuple[AdvancedEventSelector, ...]:
    """The selectors in ``data``: ``[{"Name": ..., "FieldSelectors": [{"Field": ..., "Equals": [...]}]}]``.

    Raises InvalidEventSelectors, whose ``place`` is like ``selector 2, field readOnly``, for all that AWS would refuse.
    A member that is null counts as absent, as the AWS clients write it.
    """
    listed = _list(data, "", "the selectors", maximum=MAXIMUM_SELECTORS)
    selectors = tuple(_selector(item, f"selector {number}") for number, item in enumerate(listed, start=1))
    values = sum(len(given) for one in selectors for field in one.fields for _, given in field.conditions())
    if values > MAXIMUM_VALUES:
        _refuse("", f"expected at most {MAXIMUM_VALUES} values over all selectors, got {values}")
    family_of(selectors)
    return selectors


def stored_selectors(text: str) -> tuple[AdvancedEventSelector, ...]:
    """The selectors that ``json.dumps(to_json(...))`` wrote: they were checked then, and are not checked again."""
    return tuple(
        AdvancedEventSelector(
            name=item.get("Name"),
            fields=tuple(
                FieldSelector(
                    part["Field"],
                    **{OPERATORS[key]: tuple(values) for key, values in part.items() if key in OPERATORS},
                )
                for part in item["FieldSelectors"]
            ),
        )
        for item in json.loads(text)
    )


def to_json(selectors: Iterable[AdvancedEventSelector]) -> list[dict[str, object]]:
    """AWS's JSON shape: what ``parse_selectors`` reads."""
    return [
        {
            **({} if selector.name is None else {"Name": selector.name}),
            "FieldSelectors": [
                {"Field": field.field, **{operator: list(values) for operator, values in field.conditions()}}
                for field in selector.fields
            ],
        }
        for selector in selectors
    ]


def categories_of(selectors: Iterable[AdvancedEventSelector]) -> tuple[str, ...]:
    """The event categories that these selectors can take in, in the order of ``FAMILIES``."""
    tests = [_category_test(selector) for selector in selectors]
    return tuple(category for category in FAMILIES if any(test(_OnlyCategory(category)) for test in tests))


def family_of(selectors: Iterable[AdvancedEventSelector]) -> str:
    """The one family (``events.columns.FAMILIES``) that a store with these selectors holds.

    Raises InvalidEventSelectors when they reach over more than one.
    """
    categories = categories_of(selectors)
    families = {FAMILIES[category] for category in categories}
    if len(families) != 1:
        _refuse(
            "",
            f"expected events of one kind, got eventCategory {' and '.join(categories)}",
            "Management, Data and NetworkActivity can share a store; each other category needs a store of its own",
        )
    return families.pop()


@dataclass(frozen=True, slots=True)
class _OnlyCategory:
    """An event of which nothing but the category is known."""

    category: str

    def values(self, field: str) -> tuple[str, ...]:
        return (self.category,) if field == "eventCategory" else ()


def _category_test(selector: AdvancedEventSelector) -> Callable[[SelectorFields], bool]:
    fields = tuple(field for field in selector.fields if field.field == "eventCategory")
    return compile_selectors((AdvancedEventSelector(fields),))


def _selector(item: object, place: str) -> AdvancedEventSelector:
    members = _members(item, place, ("Name", "FieldSelectors"))
    name = members.get("Name")
    if name is not None and not (isinstance(name, str) and len(name) <= MAXIMUM_NAME):
        _refuse(place, f"expected a Name of at most {MAXIMUM_NAME} characters, got {_shown(name)}")
    fields = tuple(
        _field(part, f"{place}, field selector {number}")
        for number, part in enumerate(_list(members.get("FieldSelectors"), place, "FieldSelectors"), start=1)
    )
    _check_fields(fields, place)
    return AdvancedEventSelector(fields, name)


def _field(item: object, place: str) -> FieldSelector:
    members = _members(item, place, ("Field", *OPERATORS))
    name = members.get("Field")
    if not (isinstance(name, str) and len(name) <= MAXIMUM_FIELD and FIELD_PATTERN.fullmatch(name)):
        _refuse(place, f"expected the name of a field as Field, got {_shown(name)}")
    given = {key: value for key, value in members.items() if key in OPERATORS}
    if not given:
        _refuse(place, f"expected one of {', '.join(OPERATORS)} for the field {name}, got none")
    return FieldSelector(name, **{OPERATORS[key]: _values(value, place, key) for key, value in given.items()})


def _values(data: object, place: str, operator: str) -> tuple[str, ...]:
    values = _list(data, place, operator)
    for value in values:
        if not (isinstance(value, str) and 1 <= len(value) <= MAXIMUM_VALUE):
            _refuse(f"{place}, {operator}", f"expected text of 1 to {MAXIMUM_VALUE} characters, got {_shown(value)}")
    return tuple(str(value) for value in values)


def _check_fields(fields: Sequence[FieldSelector], place: str) -> None:
    names = [field.field for field in fields]
    for name in names:
        if names.count(name) > 1:
            _refuse(f"{place}, field {name}", "expected each field once, got it again", "put all its values in one")
    if "eventCategory" not in names:
        _refuse(place, "expected the field eventCategory, which every selector needs")
    category_field = fields[names.index("eventCategory")]
    _check_rule(category_field, _CATEGORY, f"{place}, field eventCategory")
    category = category_field.equals[0]
    rules = FIELD_RULES[category]
    for field in fields:
        if field.field not in rules:
            _refuse(
                f"{place}, field {field.field}",
                f"expected a field that {category} events can be selected by, got {field.field}",
                _meant(field.field, rules) or f"use {', '.join(rules)}",
            )
        _check_rule(field, rules[field.field], f"{place}, field {field.field}")
    for name, rule in rules.items():
        if rule.required and name not in names:
            _refuse(place, f"expected the field {name}, which every selector of {category} events needs")


def _check_rule(field: FieldSelector, rule: FieldRule, place: str) -> None:
    for operator, values in field.conditions():
        if operator not in rule.operators:
            _refuse(place, f"expected {' or '.join(rule.operators)}, got {operator}")
        for value in values:
            if rule.values is not None and value not in rule.values:
                _refuse_value(value, rule.values, place)
    if rule.single and len(field.equals) != 1:
        _refuse(place, f"expected one value, got {len(field.equals)}", "write one selector for each value")


def _refuse_value(value: str, known: Collection[str], place: str) -> NoReturn:
    if len(known) <= 10:
        _refuse(place, f"expected {' or '.join(known)}, got {_shown(value)}", _meant(value, known))
    hint = " ".join(part for part in (_meant(value, known), _NEWER_THAN_US) if part)
    _refuse(place, f"expected one of the {len(known)} values that AWS lists, got {_shown(value)}", hint)


def _members(item: object, place: str, known: Collection[str]) -> dict[str, object]:
    if not isinstance(item, Mapping):
        _refuse(place, f"expected an object with {', '.join(known)}, got {_shown(item)}")
    for key in item:
        if key not in known:
            _refuse(place, f"expected {', '.join(known)}, got {_shown(key)}", _meant(str(key), known))
    return {str(key): value for key, value in item.items() if value is not None}


def _list(data: object, place: str, what: str, *, maximum: int | None = None) -> list[object]:
    if not isinstance(data, list | tuple) or not data:
        _refuse(place, f"expected {what} as a list that is not empty, got {_shown(data)}")
    if maximum is not None and len(data) > maximum:
        _refuse(place, f"expected {what} to be at most {maximum}, got {len(data)}")
    return list(data)


def _meant(given: str, known: Iterable[str]) -> str | None:
    lowered = {name.lower(): name for name in known}
    close = difflib.get_close_matches(given.lower(), lowered, n=1, cutoff=0.6)
    return f"did you mean {lowered[close[0]]}?" if close else None


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _refuse(place: str, message: str, hint: str | None = None) -> NoReturn:
    raise InvalidEventSelectors(message, place=place or None, hint=hint)


DEFAULT_SELECTORS: tuple[AdvancedEventSelector, ...] = (
    AdvancedEventSelector((FieldSelector("eventCategory", equals=("Management",)),), "Default management events"),
)
