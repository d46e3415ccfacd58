"""The test that advanced event selectors make of an event, compiled once and run for each event.

Evaluation as the CloudTrail user guide has it ("Filtering data events by using advanced event selectors"): within a
field the positive operators are OR-ed, the negative ones AND-ed, the two groups AND-ed; fields are AND-ed, selectors
OR-ed. Text is compared exactly, letter case included, and there are no wildcards.

The guide is silent on two points. A field that an event lacks meets no positive operator and every negative one (so
``sessionCredentialFromConsole NotEquals true`` keeps what did not come from the console). Of a field with several
values (``resources.ARN``) one has to meet the positive operators, and none may meet what a negative one names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from trailmere.events.selectors import AdvancedEventSelector, FieldSelector


class SelectorFields(Protocol):
    """An event, as far as selectors look at it."""

    def values(self, field: str) -> tuple[str, ...]:
        """The values of a field as selectors name it (``resources.ARN``); booleans as ``true`` and ``false``.

        ``()`` where the event lacks it. ``eventCategory`` is what ``event_category`` gives.
        """


Test = Callable[[SelectorFields], bool]


def event_category(category: str | None, event_type: str | None, management_event: bool | None) -> str:
    """The category of an event, also of records older than eventVersion 1.07, which do not name it.

    ``category`` is eventCategory, ``event_type`` eventType and ``management_event`` managementEvent (since 1.06).
    """
    if category:
        return category
    if event_type in _CATEGORY_OF_TYPE:
        return _CATEGORY_OF_TYPE[event_type]
    return "Data" if management_event is False else "Management"


_CATEGORY_OF_TYPE: dict[str | None, str] = {
    "AwsCloudTrailInsight": "Insight",
    "AwsVpceEvents": "NetworkActivity",
    "AwsConfigurationItem": "ConfigurationItem",
    "AwsAuditManagerEvidence": "Evidence",
    "ActivityLog": "ActivityAuditLog",
}


def compile_selectors(selectors: Iterable[AdvancedEventSelector]) -> Test:
    """A function that says whether an event is selected. No selectors select nothing."""
    tests = tuple(_all_of(tuple(_field_test(field) for field in selector.fields)) for selector in selectors)
    if len(tests) == 1:
        return tests[0]
    return lambda event: any(test(event) for test in tests)


def _all_of(tests: tuple[Test, ...]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def test(event: SelectorFields) -> bool:
        for one in tests:  # noqa: SIM110  (runs for each event, and a generator costs more than the tests)
            if not one(event):
                return False
        return True

    return test


def _field_test(selector: FieldSelector) -> Test:
    """One closure with the operators that are used; a field is fetched once."""
    name = selector.field
    equals, prefixes, suffixes = frozenset(selector.equals), selector.starts_with, selector.ends_with
    others, no_prefixes, no_suffixes = (
        frozenset(selector.not_equals),
        selector.not_starts_with,
        selector.not_ends_with,
    )
    positive = bool(equals or prefixes or suffixes)
    negative = bool(others or no_prefixes or no_suffixes)

    def wanted(value: str) -> bool:
        return value in equals or value.startswith(prefixes) or value.endswith(suffixes)

    def barred(value: str) -> bool:
        return value in others or value.startswith(no_prefixes) or value.endswith(no_suffixes)

    if positive and not (negative or prefixes or suffixes):
        return lambda event: not equals.isdisjoint(event.values(name))
    if positive and not negative:
        return lambda event: any(map(wanted, event.values(name)))
    if not positive:
        return lambda event: not any(map(barred, event.values(name)))

    def test(event: SelectorFields) -> bool:
        values = event.values(name)
        return any(map(wanted, values)) and not any(map(barred, values))

    return test
