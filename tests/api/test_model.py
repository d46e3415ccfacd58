"""The service models that botocore ships, and what we say we serve of them."""

from __future__ import annotations

import re._constants as codes  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterator
from typing import Any

import pytest

from trailmere.api.checks import MEMBER_ERRORS, pattern
from trailmere.api.model import CLOUDTRAIL, CLOUDTRAIL_DATA, STS, model, operations
from trailmere.api.operations import OPERATIONS

REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT)
PATTERNS = sorted(
    {
        shape.metadata["pattern"]
        for service in (CLOUDTRAIL, CLOUDTRAIL_DATA)
        for shape in map(model(service).shape_for, model(service).shape_names)
        if "pattern" in shape.metadata
    }
)


def test_every_operation_is_served() -> None:
    known = {(service, name) for service in (CLOUDTRAIL, CLOUDTRAIL_DATA) for name in operations(service)}
    served = {one for one in OPERATIONS if one[0] != STS}

    assert known == served


def test_both_services_together_have_sixty_one_operations() -> None:
    assert (len(operations(CLOUDTRAIL)), len(operations(CLOUDTRAIL_DATA))) == (60, 1)


@pytest.mark.parametrize("java", PATTERNS)
def test_a_pattern_of_the_models_cannot_run_away(java: str) -> None:
    tree = parser.parse(pattern(java).pattern)

    assert [inner for inner in _repeats(tree) if list(_repeats(inner))] == []


def _repeats(tree: Any) -> Iterator[Any]:
    """What is repeated, wherever it stands. What comes at most once is not."""
    for code, argument in tree:
        if code in REPEATS and argument[1] > 1:
            yield argument[2]
        for part in argument if isinstance(argument, tuple | list) else ():
            if isinstance(part, parser.SubPattern):
                yield from _repeats(part)
            elif isinstance(part, list):
                yield from (found for one in part if isinstance(one, parser.SubPattern) for found in _repeats(one))


def test_nested_repetitions_are_seen_by_that_test() -> None:
    tree = parser.parse("(a+)+b|(?:x*y)*")

    assert len([inner for inner in _repeats(tree) if list(_repeats(inner))]) == 2


def test_a_character_beyond_the_basic_plane_fits_a_pattern_that_writes_it_as_surrogates() -> None:
    shape = model(CLOUDTRAIL).shape_for("PartitionKeyName")

    assert pattern(shape.metadata["pattern"]).fullmatch("calendarday \U0001f4c5")


def test_digits_of_other_scripts_are_no_digits() -> None:
    assert not pattern(r"\d+").fullmatch("\u0661\u0662\u0663")


def test_every_error_of_a_member_is_declared_by_an_operation_that_has_the_member() -> None:
    known = [*operations(CLOUDTRAIL).values(), *operations(CLOUDTRAIL_DATA).values()]
    unused = {
        (member, error)
        for member, errors in MEMBER_ERRORS.items()
        for error in errors
        if not any(one.input and member in one.input.members and error in one.declared for one in known)
    }

    assert unused == set()


@pytest.mark.parametrize("name", ["ListTags", "GetTrail", "DescribeQuery", "LookupEvents", "SearchSampleQueries"])
def test_an_operation_that_only_reads_is_called_reading(name: str) -> None:
    assert operations(CLOUDTRAIL)[name].is_reading


@pytest.mark.parametrize("name", ["StartQuery", "GenerateQuery", "CreateTrail", "RestoreEventDataStore"])
def test_an_operation_that_changes_something_is_not_called_reading(name: str) -> None:
    assert not operations(CLOUDTRAIL)[name].is_reading
