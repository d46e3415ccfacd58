"""The test that advanced event selectors make of an event: compiled once, run once for all events that look the same.

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

import numpy as np

from trailmere.events.event import Event

if TYPE_CHECKING:
    import numpy.typing as npt

    from trailmere.events.batch import Batch
    from trailmere.events.selectors import AdvancedEventSelector, FieldSelector


class SelectorFields(Protocol):
    """An event, as far as selectors look at it."""

    def values(self, field: str) -> tuple[str, ...]:
        """The values of a field as selectors name it (``resources.ARN``); booleans as ``true`` and ``false``.

        ``()`` where the event lacks it. Every event has an eventCategory, also one of a record too old to name it.
        """


Test = Callable[[SelectorFields], bool]
BatchTest = Callable[["Batch"], "npt.NDArray[np.bool_]"]


def compile_selectors(selectors: Iterable[AdvancedEventSelector]) -> Test:
    """A function that says whether an event is selected. No selectors select nothing."""
    chosen = tuple(selectors)
    if all(_categories(selector) for selector in chosen):
        return _by_category(chosen)
    return _any_of([_all_of(selector.fields) for selector in chosen])


def compile_for_batches(family: str, selectors: Iterable[AdvancedEventSelector]) -> BatchTest:
    """A function that says which records of a batch are events of the family that the selectors select.

    It says what ``compile_selectors`` says of each; but of events that are alike in all fields that the selectors name,
    only one is asked.
    """
    chosen = tuple(selectors)
    wanted = compile_selectors(chosen)
    names = sorted({field.field for selector in chosen for field in selector.fields})

    def test(batch: Batch) -> npt.NDArray[np.bool_]:
        selected = np.zeros(len(batch), np.bool_)
        if batch.family == family:
            looks = list(zip(*(batch.telling(name) for name in names), strict=True)) if names else [()] * len(batch)
            examples = {look: number for number, look in enumerate(looks) if number not in batch.odd}
            verdicts = {look: wanted(batch.usual_event(number)) for look, number in examples.items()}
            selected[:] = [verdicts.get(look, False) for look in looks]
        for number, told in batch.odd.items():
            selected[number] = isinstance(told, Event) and told.family == family and wanted(told)
        return selected

    return test


def _categories(selector: AdvancedEventSelector) -> tuple[str, ...]:
    """The categories that it names, () where it says them otherwise than by ``Equals``."""
    fields = [field for field in selector.fields if field.field == "eventCategory"]
    plain = len(fields) == 1 and fields[0].conditions() == (("Equals", fields[0].equals),)
    return fields[0].equals if plain else ()


def _by_category(selectors: tuple[AdvancedEventSelector, ...]) -> Test:
    """The category is looked up, and only the selectors of that category are asked: with five, half of the time."""
    found: dict[str, list[Test]] = {}
    for selector in selectors:
        rest = tuple(field for field in selector.fields if field.field != "eventCategory")
        for category in _categories(selector):
            found.setdefault(category, []).append(_all_of(rest))
    tests = {category: _any_of(alternatives) for category, alternatives in found.items()}

    def test(event: SelectorFields) -> bool:
        for category in event.values("eventCategory"):  # noqa: SIM110  (see _all_of)
            if category in tests and tests[category](event):
                return True
        return False

    return test


def _always(event: SelectorFields) -> bool:
    return True


def _any_of(tests: list[Test]) -> Test:
    if _always in tests:
        return _always
    if len(tests) == 1:
        return tests[0]
    alternatives = tuple(tests)

    def test(event: SelectorFields) -> bool:
        for one in alternatives:  # noqa: SIM110  (see _all_of)
            if one(event):
                return True
        return False

    return test


def _all_of(fields: tuple[FieldSelector, ...]) -> Test:
    tests = tuple(_field_test(field) for field in fields)
    if len(tests) < 2:
        return tests[0] if tests else _always

    def test(event: SelectorFields) -> bool:
        for one in tests:  # noqa: SIM110  (this runs for each event; a generator costs more than the tests)
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
    if negative and not (positive or no_prefixes or no_suffixes):
        return lambda event: others.isdisjoint(event.values(name))
    if positive and not negative:
        return lambda event: any(map(wanted, event.values(name)))
    if not positive:
        return lambda event: not any(map(barred, event.values(name)))

    def test(event: SelectorFields) -> bool:
        values = event.values(name)
        return any(map(wanted, values)) and not any(map(barred, values))

    return test
