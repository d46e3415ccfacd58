"""The selector builder: rows of field, operator and values, to and from AWS's JSON. Pure; the form is ``stores_form``.

A row is one operator of one field. Rows of a field become one field selector, so that JSON and rows say the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trailmere.errors import InvalidEventSelectors
from trailmere.events.columns import FAMILIES
from trailmere.events.selector_templates import template
from trailmere.events.selector_values import NETWORK_ACTIVITY_EVENT_SOURCES
from trailmere.events.selectors import (
    FIELD_RULES,
    MAXIMUM_SELECTORS,
    OPERATORS,
    AdvancedEventSelector,
    FieldRule,
    parse_selectors,
    to_json,
)

CATEGORIES = tuple(FAMILIES)
FEW = 10  # values that are chosen from, not typed
MOST_ROWS = 40  # of a selector in a form
EVENT_TYPES = ("AwsApiCall", "AwsServiceEvent", "AwsConsoleAction", "AwsConsoleSignIn", "AwsVpceEvents")
EVENT_SOURCES = tuple(sorted({*NETWORK_ACTIVITY_EVENT_SOURCES, "iam.amazonaws.com", "sts.amazonaws.com"} | {
    f"{name}.amazonaws.com"
    for name in ("rdsdata", "signin", "logs", "autoscaling", "organizations", "sso", "eks", "ecr", "route53", "wafv2")
}))  # fmt: skip
_WORDS = {
    "Equals": "is",
    "NotEquals": "is not",
    "StartsWith": "starts with",
    "NotStartsWith": "does not start with",
    "EndsWith": "ends with",
    "NotEndsWith": "does not end with",
}
_PLACE = re.compile(r"selector (\d+)(?:, field (?!selector)([\w.]+)|, field selector (\d+))?")


@dataclass(frozen=True, slots=True)
class Row:
    """A condition: one operator of one field. Values are as they were typed."""

    field: str
    operator: str = "Equals"
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drafted:
    """A selector as the builder has it."""

    name: str = ""
    category: str = "Management"
    rows: tuple[Row, ...] = ()

    @property
    def rules(self) -> Mapping[str, FieldRule]:
        """The fields of its category but eventCategory, with what AWS allows for them."""
        return {name: rule for name, rule in FIELD_RULES[self.category].items() if name != "eventCategory"}

    def choices(self, row: Row) -> tuple[str, ...]:
        """The values that a row is chosen from; () where they are typed."""
        rule = self.rules.get(row.field)
        known = rule.values if rule else None
        return tuple(known) if known is not None and len(known) <= FEW else ()

    def suggested(self, row: Row) -> str:
        """The id of the list of values that are suggested for a row, "" for none."""
        if row.field == "resources.type":
            return "resource-types"
        if row.field == "eventSource":
            return "network-sources" if self.category == "NetworkActivity" else "event-sources"
        return "event-types" if row.field == "eventType" else ""

    def operators(self, row: Row) -> tuple[tuple[str, str], ...]:
        """What a row's field may be compared by: AWS's word, and ours."""
        rule = self.rules.get(row.field)
        return tuple((one, _WORDS[one]) for one in _WORDS if rule is None or one in rule.operators)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong, and where: the number of a selector, the field in it, both None for all of it."""

    message: str
    hint: str = ""
    selector: int | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form: the builder's selectors (None: it cannot show them), the JSON, what is wrong."""

    selectors: tuple[Drafted, ...] | None
    text: str
    wrong: Wrong | None = None
    note: str = ""
    focus: str = ""  # the id of the field to go on with
    read: tuple[AdvancedEventSelector, ...] = field(default=())

    @property
    def members(self) -> Any:
        """The selectors as AWS's JSON members."""
        return json.loads(self.text)


def of_selectors(selectors: Iterable[AdvancedEventSelector]) -> Draft:
    """A draft of selectors that are good."""
    return of_text(_text(to_json(selectors)))


def of_text(text: str) -> Draft:
    """A draft of JSON that was typed. The builder shows what can be read."""
    read, wrong = _read(text)
    return Draft(_drafted(read) if read else None, text, wrong, read=read)


def of_rows(selectors: Sequence[Drafted]) -> Draft:
    """A draft of what the builder has."""
    text = _text([_member(one) for one in selectors])
    read, wrong = _read(text)
    return Draft(tuple(selectors), text, wrong, read=read)


def of_form(fields: Sequence[tuple[str, str]]) -> Draft:
    """What a form says. The JSON counts where it was edited, else the builder."""
    told = dict(fields)
    text, was = _lines(told.get("json", "")), _lines(told.get("json.was", ""))
    rows = _rows(told)
    if not rows or text.strip() != was.strip():
        drafted = of_text(text)
        edited = rows and _text([_member(one) for one in rows]).strip() != was.strip()
        if drafted.wrong and rows:
            return replace(drafted, selectors=tuple(rows))
        return replace(
            drafted, note="The JSON was taken; what was changed above it beside that was not." if edited else ""
        )
    return of_rows(rows)


def changed(draft: Draft, action: str) -> Draft:
    """The draft after a button of the builder: ``add:0``, ``remove:0:1``, ``add-selector``, ``remove-selector:0``."""
    if draft.selectors is None:
        return draft
    what, *numbers = action.split(":")
    at = [int(one) for one in numbers if one.isdecimal()]
    selectors = list(draft.selectors)
    if what == "add-selector" and len(selectors) < MAXIMUM_SELECTORS:
        first = selectors[-1].category if selectors else "Management"
        selectors.append(_with_required(Drafted(category=first)))
        return replace(of_rows(selectors), focus=f"s{len(selectors) - 1}-category")
    if not at or at[0] >= len(selectors):
        return draft
    number, chosen = at[0], selectors[at[0]]
    if what == "remove-selector" and len(selectors) > 1:
        del selectors[number]
        return replace(of_rows(selectors), focus=f"s{max(0, number - 1)}-category")
    if what == "add" and chosen.rules and len(chosen.rows) < MOST_ROWS:
        selectors[number] = replace(chosen, rows=(*chosen.rows, _next_row(chosen)))
        return replace(of_rows(selectors), focus=f"s{number}-c{len(chosen.rows)}-field")
    if what == "remove" and len(at) > 1 and at[1] < len(chosen.rows):
        rest = chosen.rows[: at[1]] + chosen.rows[at[1] + 1 :]
        selectors[number] = replace(chosen, rows=rest)
        return replace(of_rows(selectors), focus=f"s{number}-add")
    return draft


def of_template(name: str, values: str) -> Draft:
    """The draft of a template; its error where its values are not such. ``values``: one a line, or with commas."""
    given = ",".join(one for one in re.split(r"[\s,]+", values) if one)
    return of_selectors(template(f"{name}:{given}" if given else name))


def wrong_of(error: InvalidEventSelectors) -> Wrong:
    """An error with its place in the builder."""
    found = _PLACE.match(error.place or "")
    if found is None:
        return Wrong(error.message, error.hint or "")
    return Wrong(error.message, error.hint or "", int(found[1]) - 1, found[2])


def _read(text: str) -> tuple[tuple[AdvancedEventSelector, ...], Wrong | None]:
    try:
        data = json.loads(text)
    except RecursionError:
        return (), Wrong("expected selectors, got JSON that is nested too deep")
    except ValueError as error:
        place = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        return (), Wrong(f"expected JSON{place}: {getattr(error, 'msg', error)}")
    try:
        everything = template("everything")
        return (everything if data == to_json(everything) else parse_selectors(data)), None
    except InvalidEventSelectors as error:
        return (), wrong_of(error)


def _drafted(selectors: Iterable[AdvancedEventSelector]) -> tuple[Drafted, ...] | None:
    """The builder's selectors; None where one names its categories otherwise than by one ``Equals``."""
    found = []
    for one in selectors:
        category = next((each for each in one.fields if each.field == "eventCategory"), None)
        if category is None or category.conditions() != (("Equals", category.equals[:1]),):
            return None
        rows = [
            Row(each.field, operator, values)
            for each in one.fields
            if each.field != "eventCategory"
            for operator, values in each.conditions()
        ]
        found.append(Drafted(one.name or "", category.equals[0], tuple(rows)))
    return tuple(found)


def _member(drafted: Drafted) -> dict[str, Any]:
    """A selector as a member of AWS's JSON; rows without values say nothing yet, and are left out."""
    fields: dict[str, dict[str, list[str]]] = {"eventCategory": {"Equals": [drafted.category]}}
    for row in drafted.rows:
        if row.values:
            of_field = fields.setdefault(row.field, {})
            known = of_field.setdefault(row.operator, [])
            known.extend(one for one in row.values if one not in known)
    listed = [
        {"Field": name, **{operator: found[operator] for operator in OPERATORS if operator in found}}
        for name, found in fields.items()
    ]
    return {**({"Name": drafted.name} if drafted.name else {}), "FieldSelectors": listed}


def _rows(told: Mapping[str, str]) -> list[Drafted]:
    found = []
    for number in range(MAXIMUM_SELECTORS):
        start = f"s{number}."
        category = told.get(f"{start}category")
        if category not in CATEGORIES:
            break
        drafted = Drafted(told.get(f"{start}name", "").strip(), category)
        rows = tuple(
            _row(told, f"{start}c{row}.", drafted) for row in range(MOST_ROWS) if f"{start}c{row}.field" in told
        )
        kept = tuple(one for one in rows if one.field in drafted.rules)
        found.append(_with_required(replace(drafted, rows=tuple(_fitting(drafted, one) for one in kept))))
    return found


def _row(told: Mapping[str, str], start: str, drafted: Drafted) -> Row:
    row = Row(told[f"{start}field"], told.get(f"{start}op", "Equals"))
    shown = Row(told.get(f"{start}was", row.field))  # as which field it was shown when it was sent
    if shown.field != row.field and drafted.choices(shown):
        return row  # what a list of choices stood at says nothing of another field
    given = [*_lines(told.get(f"{start}values", "")).split("\n"), told.get(f"{start}add", "")]
    return replace(row, values=tuple(dict.fromkeys(one.strip() for one in given if one.strip())))


def _fitting(drafted: Drafted, row: Row) -> Row:
    """The row with an operator and, where they are chosen from, values that its field can have."""
    operators = [name for name, _ in drafted.operators(row)]
    operator = row.operator if row.operator in operators else operators[0]
    choices = drafted.choices(row)
    values = tuple(one for one in row.values if one in choices) or choices[:1] if choices else row.values
    return Row(row.field, operator, values)


def _with_required(drafted: Drafted) -> Drafted:
    """With a row for each field that the category needs, these first."""
    present = {one.field for one in drafted.rows}
    missing = tuple(Row(name) for name, rule in drafted.rules.items() if rule.required and name not in present)
    return replace(drafted, rows=missing + drafted.rows)


def _next_row(drafted: Drafted) -> Row:
    """A row of the first field that has none."""
    used = {one.field for one in drafted.rows}
    name = next((one for one in drafted.rules if one not in used), next(iter(drafted.rules)))
    return _fitting(drafted, Row(name))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _text(members: object) -> str:
    return json.dumps(members, indent=2, ensure_ascii=False)
