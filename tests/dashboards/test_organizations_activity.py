"""Activity of an organisation: what each widget shows, and what it must not take for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.dashboards.data_world import days_in, network
from tests.dashboards.world import ACCOUNT, ALICE, BOB, OTHER_ACCOUNT, Case, Days, Event, arn, data, event
from trailmere.dashboards.library.organizations_activity import ORGANIZATIONS_ACTIVITY

if TYPE_CHECKING:
    from trailmere.app import App

THIRD_ACCOUNT = "777788889999"
SCP, TAGS = "SERVICE_CONTROL_POLICY", "TAG_POLICY"


def there(action: str, time: str, by: Event = ALICE, **members: Any) -> Event:
    """An event of the other account."""
    return event(action, time, by, recipientAccountId=OTHER_ACCOUNT, **members)


def denied(time: str, account: str = ACCOUNT, by: Event = ALICE, error: str = "AccessDenied") -> Event:
    """A denial in an account."""
    return event("s3:ListBuckets", time, by, error=error, recipientAccountId=account)


def account_made(time: str, state: str) -> Event:
    """What became of an account that was asked for."""
    details = {"createAccountStatus": {"state": state, "accountName": "new"}}
    return event("organizations:CreateAccountResult", time, eventType="AwsServiceEvent", serviceEventDetails=details)


CASES = (
    Case(
        "Activity trend in the organization",
        (
            event("s3:ListBuckets", "10:00"),
            there("s3:ListBuckets", "10:30"),
            event("s3:CreateBucket", "10:40", error="AccessDenied"),
            data("s3:GetObject", "11:59"),
            network("s3:GetObject", "11:59"),
        ),
        (
            {"time": "10:00:00", "activity": "Read", "events": 2},
            {"time": "10:00:00", "activity": "Write", "events": 1},
            {"time": "11:00:00", "activity": "Read", "events": 1},
        ),
    ),
    Case(
        "Member account management summary",
        (
            event("organizations:CreateAccount", "10:00"),
            event("organizations:CreateAccount", "10:01"),
            account_made("10:02", "SUCCEEDED"),
            account_made("10:03", "FAILED"),
            event("organizations:CloseAccount", "10:04", error="AccessDeniedException"),
            event("organizations:MoveAccount", "10:05"),
            event("organizations:DescribeAccount", "10:06"),
            event("organizations:ListAccounts", "10:07"),
            event("organizations:CreatePolicy", "10:08"),
            event("account:CloseAccount", "10:09"),
            event("macie2:CreateAccount", "10:10"),
        ),
        (
            {"eventName": "CreateAccount", "succeeded": 2, "failed": 0, "latest": "10:01:00"},
            {"eventName": "CreateAccountResult", "succeeded": 1, "failed": 1, "latest": "10:03:00"},
            {"eventName": "MoveAccount", "succeeded": 1, "failed": 0, "latest": "10:05:00"},
            {"eventName": "CloseAccount", "succeeded": 0, "failed": 1, "latest": "10:04:00"},
        ),
    ),
    Case(
        "Most used services across organization",
        (
            event("iam:ListUsers", "10:00"),
            event("s3:ListBuckets", "10:01"),
            event("s3:CreateBucket", "10:02"),
            there("s3:ListBuckets", "10:03"),
            event("ec2:DescribeVpcs", "10:04"),
            event("ec2:DescribeVpcs", "10:05", BOB),
            *(network("kms:Decrypt", "10:06") for _ in range(9)),
        ),
        (
            {"eventSource": "s3.amazonaws.com", "events": 3, "accounts": 2},
            {"eventSource": "ec2.amazonaws.com", "events": 2, "accounts": 1},
            {"eventSource": "iam.amazonaws.com", "events": 1, "accounts": 1},
        ),
    ),
    Case(
        "Most active accounts by service",
        (
            event("s3:ListBuckets", "10:00"),
            there("s3:ListBuckets", "10:01"),
            there("s3:CreateBucket", "10:02"),
            there("s3:CreateBucket", "10:03"),
            there("ec2:DescribeVpcs", "10:04"),
            there("ec2:DescribeVpcs", "10:05"),
            network("kms:Decrypt", "10:06"),
        ),
        (
            {"recipientAccountId": OTHER_ACCOUNT, "eventSource": "s3.amazonaws.com", "events": 3},
            {"recipientAccountId": OTHER_ACCOUNT, "eventSource": "ec2.amazonaws.com", "events": 2},
            {"recipientAccountId": ACCOUNT, "eventSource": "s3.amazonaws.com", "events": 1},
        ),
    ),
    Case(
        "Most used APIs across organization",
        (
            event("s3:ListTags", "10:00"),
            there("s3:ListTags", "10:01"),
            there("lambda:ListTags", "10:02"),
            there("lambda:ListTags", "10:03"),
            there("lambda:ListTags", "10:04"),
            event("s3:CreateBucket", "10:05"),
            network("s3:ListTags", "10:06"),
        ),
        (
            {"eventName": "ListTags", "eventSource": "lambda.amazonaws.com", "events": 3, "accounts": 1},
            {"eventName": "ListTags", "eventSource": "s3.amazonaws.com", "events": 2, "accounts": 2},
            {"eventName": "CreateBucket", "eventSource": "s3.amazonaws.com", "events": 1, "accounts": 1},
        ),
    ),
    Case(
        "Most active member accounts",
        (
            event("sts:AssumeRole", "10:00", {**ALICE, "accountId": OTHER_ACCOUNT}),
            there("s3:ListBuckets", "10:01"),
            there("s3:CreateBucket", "10:02"),
            *(network("s3:GetObject", "10:03") for _ in range(3)),
        ),
        ({"recipientAccountId": OTHER_ACCOUNT, "events": 2}, {"recipientAccountId": ACCOUNT, "events": 1}),
    ),
    Case(
        "Access denied errors trend across the organization",
        (
            denied("10:00"),
            denied("10:30", OTHER_ACCOUNT, error="AccessDeniedException"),
            denied("12:00", error="Client.UnauthorizedOperation"),
            denied("11:00", error="ThrottlingException"),
            event("s3:ListBuckets", "11:01"),
            network("s3:GetObject", "11:02", error="VpceAccessDenied"),
        ),
        ({"time": "10:00:00", "denials": 2}, {"time": "12:00:00", "denials": 1}),
    ),
    Case(
        "Accounts with most access denied errors",
        (
            denied("10:00"),
            denied("10:01", OTHER_ACCOUNT),
            denied("10:02", OTHER_ACCOUNT),
            denied("10:03", OTHER_ACCOUNT, BOB),
            denied("10:04", error="NoSuchBucket"),
            event("s3:ListBuckets", "10:05", recipientAccountId=THIRD_ACCOUNT),
            network("s3:GetObject", "10:06", error="VpceAccessDenied"),
        ),
        (
            {"recipientAccountId": OTHER_ACCOUNT, "denials": 3, "callers": 2},
            {"recipientAccountId": ACCOUNT, "denials": 1, "callers": 1},
        ),
    ),
    Case(
        "Recent service control policy changes",
        (
            event(
                "organizations:CreatePolicy",
                "10:00",
                request={"name": "no-root", "type": SCP},
                response={"policy": {"policySummary": {"id": "p-1", "type": SCP}}},
            ),
            event("organizations:AttachPolicy", "10:01", request={"policyId": "p-1", "targetId": OTHER_ACCOUNT}),
            event("organizations:DetachPolicy", "10:02", BOB, request={"policyId": "p-1"}, error="AccessDenied"),
            event("organizations:DisablePolicyType", "10:03", request={"rootId": "r-1", "policyType": SCP}),
            event("organizations:CreatePolicy", "10:04", request={"name": "tags", "type": TAGS}),
            event(
                "organizations:UpdatePolicy",
                "10:05",
                request={"policyId": "p-2"},
                response={"policy": {"policySummary": {"id": "p-2", "type": TAGS}}},
            ),
            event("organizations:EnablePolicyType", "10:06", request={"rootId": "r-1", "policyType": TAGS}),
            event("organizations:DescribePolicy", "10:07", request={"policyId": "p-1"}),
            event("iam:CreatePolicy", "10:08", request={"policyName": "p"}),
        ),
        (
            {"eventTime": "10:03:00", "caller": arn("alice"), "policy": None, "target": "r-1", "outcome": "Success"},
            {"eventTime": "10:02:00", "caller": arn("bob"), "policy": "p-1", "target": None, "outcome": "AccessDenied"},
            {
                "eventTime": "10:01:00",
                "caller": arn("alice"),
                "policy": "p-1",
                "target": OTHER_ACCOUNT,
                "outcome": "Success",
            },
            {"eventTime": "10:00:00", "caller": arn("alice"), "policy": "p-1", "target": None, "outcome": "Success"},
        ),
    ),
)


@pytest.fixture(scope="module")
def days(shared_app: App) -> Days:
    return days_in(shared_app, "organizations-activity", CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_organizations_activity_show_what_happened_and_nothing_else(days: Days, case: Case) -> None:
    shown = days.shown(ORGANIZATIONS_ACTIVITY, case)

    assert shown == list(case.rows)


def test_each_widget_of_organizations_activity_has_a_case() -> None:
    assert [case.title for case in CASES] == [widget.title for widget in ORGANIZATIONS_ACTIVITY.widgets]
