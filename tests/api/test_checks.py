"""What is told of an input that breaks a bound, in AWS's words."""

from __future__ import annotations

from typing import Any

import pytest

from trailmere.api.checks import check
from trailmere.api.errors import Fault
from trailmere.api.model import CLOUDTRAIL, operations

ID = "abcdef01-2345-6789-abcd-ef0123456789"


@pytest.mark.parametrize(
    ("operation", "members", "code", "message"),
    [
        (
            "ListEventDataStores",
            {"MaxResults": 2000},
            "InvalidMaxResultsException",
            "1 validation error detected: Value '2000' at 'maxResults' failed to satisfy constraint: "
            "Member must have value less than or equal to 1000",
        ),
        (
            "GetEventDataStore",
            {},
            "EventDataStoreARNInvalidException",
            "1 validation error detected: Value null at 'eventDataStore' failed to satisfy constraint: "
            "Member must not be null",
        ),
        (
            "CreateEventDataStore",
            {"Name": "a!"},
            "InvalidParameterException",
            "2 validation errors detected: Value 'a!' at 'name' failed to satisfy constraint: Member must have length "
            "greater than or equal to 3; Value 'a!' at 'name' failed to satisfy constraint: Member must satisfy "
            r"regular expression pattern: ^[a-zA-Z0-9._\-]+$",
        ),
        (
            "ListQueries",
            {"MaxResults": 0, "QueryStatus": "DONE"},
            "EventDataStoreARNInvalidException",
            "3 validation errors detected: Value null at 'eventDataStore' failed to satisfy constraint: "
            "Member must not be null; Value '0' at 'maxResults' failed to satisfy constraint: Member must have value "
            "greater than or equal to 1; Value 'DONE' at 'queryStatus' failed to satisfy constraint: "
            "Member must satisfy enum value set: [QUEUED, RUNNING, FINISHED, FAILED, CANCELLED, TIMED_OUT]",
        ),
        (
            "CreateEventDataStore",
            {"Name": "abc", "BillingMode": "FREE"},
            "InvalidParameterException",
            "1 validation error detected: Value 'FREE' at 'billingMode' failed to satisfy constraint: Member must "
            "satisfy enum value set: [EXTENDABLE_RETENTION_PRICING, FIXED_RETENTION_PRICING]",
        ),
        (
            "CreateEventDataStore",
            {"Name": "abc", "TagsList": [{"Key": "a"}, {"Key": ""}]},
            "InvalidTagParameterException",
            "1 validation error detected: Value '' at 'tagsList.2.member.key' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            "StartQuery",
            {"QueryAlias": "a", "QueryParameters": ["x", ""]},
            "InvalidParameterException",
            "1 validation error detected: Value '[x, ]' at 'queryParameters' failed to satisfy constraint: Member must "
            "satisfy constraint: [Member must have length greater than or equal to 1]",
        ),
        (
            "StartDashboardRefresh",
            {"DashboardId": "d", "QueryParameterValues": {"$Period$": "!"}},
            "ValidationException",
            "1 validation error detected: Value '{$Period$=!}' at 'queryParameterValues' failed to satisfy constraint: "
            "Map value must satisfy constraint: "
            r"[Member must satisfy regular expression pattern: ^[a-zA-Z0-9._/\-:]+$]",
        ),
    ],
)
def test_a_violation_is_told_as_aws_tells_it(operation: str, members: Any, code: str, message: str) -> None:
    with pytest.raises(Fault) as caught:
        check(operations(CLOUDTRAIL)[operation], members)

    assert (code, message) == (caught.value.code, caught.value.message)


def test_a_long_value_is_shown_shortened() -> None:
    with pytest.raises(Fault) as caught:
        check(operations(CLOUDTRAIL)["StartQuery"], {"QueryStatement": "x" * 1_000_000})

    assert len(caught.value.message) < 500


def test_of_many_violations_only_some_are_told() -> None:
    tags = [{"Key": ""}] * 200

    with pytest.raises(Fault) as caught:
        check(operations(CLOUDTRAIL)["AddTags"], {"ResourceId": ID, "TagsList": tags})

    assert caught.value.message.startswith("5 validation errors detected: ")


def test_an_input_within_its_bounds_passes() -> None:
    check(operations(CLOUDTRAIL)["CancelQuery"], {"QueryId": ID})
