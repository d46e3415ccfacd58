"""Advanced event selectors at work: which events they select, held against a second, naive evaluator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailmere.events.selector_templates import template
from trailmere.events.selectors import (
    OPERATORS,
    AdvancedEventSelector,
    FieldSelector,
    compile_selectors,
    stored_selectors,
    to_json,
)


@dataclass(frozen=True)
class Event:
    """An event as selectors see it."""

    fields: Mapping[str, tuple[str, ...]]

    def values(self, field: str) -> tuple[str, ...]:
        return self.fields.get(field, ())


def reference(selectors: tuple[AdvancedEventSelector, ...], event: Event) -> bool:
    """The user guide's words, one after the other, without a thought for speed."""

    def compare(operator: str, value: str, wanted: str) -> bool:
        if operator.endswith("StartsWith"):
            return value[: len(wanted)] == wanted
        if operator.endswith("EndsWith"):
            return value[-len(wanted) :] == wanted
        return value == wanted

    def meets(field: FieldSelector) -> bool:
        values = event.values(field.field)
        positive: list[bool] = []
        negative: list[bool] = []
        for operator, wanted in field.conditions():
            matches = [compare(operator, value, one) for one in wanted for value in values]
            (negative if operator.startswith("Not") else positive).append(any(matches))
        return (not positive or any(positive)) and not any(negative)

    return any(all(meets(field) for field in selector.fields) for selector in selectors)


# few letters, so that prefixes and suffixes meet often
words = st.text(alphabet="ab.", min_size=1, max_size=4)
names = st.sampled_from(("eventCategory", "eventName", "eventSource", "resources.ARN"))
some_words = st.lists(words, max_size=3).map(tuple)
fields = st.builds(FieldSelector, names, *([some_words] * len(OPERATORS))).filter(lambda field: field.conditions())
categories = st.builds(
    FieldSelector, st.just("eventCategory"), equals=st.lists(words, min_size=1, max_size=2).map(tuple)
)
selectors = st.lists(
    st.builds(
        AdvancedEventSelector,
        st.one_of(
            st.lists(fields, min_size=1, max_size=3).map(tuple),
            st.tuples(categories, fields),  # the shape that is compiled into a look-up
            st.tuples(categories),
        ),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
events = st.builds(Event, st.dictionaries(names, some_words, max_size=4))


@given(selectors, events)
def test_the_compiled_test_agrees_with_the_words_of_the_user_guide(
    chosen: tuple[AdvancedEventSelector, ...], event: Event
) -> None:
    assert compile_selectors(chosen)(event) == reference(chosen, event)


@given(selectors)
def test_selectors_survive_json(chosen: tuple[AdvancedEventSelector, ...]) -> None:
    assert stored_selectors(json.dumps(to_json(chosen))) == chosen


def data(*fields: FieldSelector) -> tuple[AdvancedEventSelector, ...]:
    return (AdvancedEventSelector((FieldSelector("eventCategory", equals=("Data",)), *fields)),)


@pytest.mark.parametrize(
    ("field", "arns", "selected"),
    [
        (
            FieldSelector("resources.ARN", starts_with=("arn:aws:s3:::a/", "arn:aws:s3:::b/")),
            ("arn:aws:s3:::b/k",),
            True,
        ),
        (FieldSelector("resources.ARN", starts_with=("arn:aws:s3:::a/",)), ("arn:aws:s3:::b/k",), False),
        (FieldSelector("resources.ARN", ends_with=(".log",)), ("arn:aws:s3:::b/k.log",), True),
        (FieldSelector("resources.ARN", starts_with=("arn:aws:s3:::A/",)), ("arn:aws:s3:::a/k",), False),
        (
            FieldSelector("resources.ARN", starts_with=("arn:aws:s3:::a/",), not_ends_with=(".tmp",)),
            ("arn:aws:s3:::a/k.tmp",),
            False,
        ),
        (FieldSelector("resources.ARN", starts_with=("x",), ends_with=("z",)), ("yz",), True),
        (FieldSelector("resources.ARN", not_starts_with=("arn:aws:s3:::logs/",)), (), True),
        (FieldSelector("resources.ARN", equals=("arn:aws:s3:::a/k",)), (), False),
        (FieldSelector("resources.ARN", equals=("two",)), ("one", "two"), True),
        (FieldSelector("resources.ARN", not_equals=("two",)), ("one", "two"), False),
        (FieldSelector("resources.ARN", equals=("a*",)), ("abc",), False),
    ],
)
def test_a_resource_is_selected_by_the_rules_of_its_operators(
    field: FieldSelector, arns: tuple[str, ...], selected: bool
) -> None:
    event = Event({"eventCategory": ("Data",), "resources.ARN": arns})

    assert compile_selectors(data(field))(event) is selected


@pytest.mark.parametrize("category", ["Management", "Data", "NetworkActivity", "SomethingOfTomorrow"])
def test_everything_selects_what_any_cloudtrail_store_can_hold(category: str) -> None:
    assert compile_selectors(template("everything"))(Event({"eventCategory": (category,)})) is True


@pytest.mark.parametrize("category", ["Insight", "ConfigurationItem", "Evidence", "ActivityAuditLog"])
def test_everything_leaves_out_what_needs_a_store_of_its_own(category: str) -> None:
    assert compile_selectors(template("everything"))(Event({"eventCategory": (category,)})) is False


def test_events_without_a_console_session_pass_a_selector_that_excludes_console_sessions() -> None:
    field = FieldSelector("sessionCredentialFromConsole", not_equals=("true",))

    assert compile_selectors((AdvancedEventSelector((field,)),))(Event({})) is True


def test_no_selectors_select_nothing() -> None:
    assert compile_selectors(())(Event({"eventCategory": ("Management",)})) is False
