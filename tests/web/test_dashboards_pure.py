"""What the pages of dashboards decide without a browser: where rows lead, and what policies become."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trailmere.access.policies import parse_policy
from trailmere.access.statements import PolicyKind
from trailmere.dashboards.highlights import HighlightStore, highlights
from trailmere.dashboards.library import MANAGED
from trailmere.dashboards.parameters import filled
from trailmere.query.parameters import fill
from trailmere.web.pages.dashboards_drill import Drill, drill, meanings_of, step_seconds
from trailmere.web.pages.dashboards_policies import (
    may_query,
    may_refresh,
    may_see,
    may_see_results,
    merged,
    shared_with,
    without_principal,
    without_source,
)
from trailmere.web.pages.events_asked import read_filter

STORE = "abcdef01-2345-6789-abcd-ef0123456789"
STORE_ARN = f"arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/{STORE}"
FIRST, SECOND = (f"arn:aws:cloudtrail:us-east-1:111122223333:dashboard/{name}" for name in ("first", "second"))
OTHER, USER = "444455556666", "arn:aws:iam::444455556666:user/ada"
VALUES = {"$EventDataStoreId$": STORE, "$StartTime$": "2024-05-01", "$EndTime$": "2024-05-02", "$Period$": "hour"}
WINDOW = "eventTime >= '2024-05-01' AND eventTime < '2024-05-02'"
ALICE = "arn:aws:iam::111122223333:user/Alice"


def led(sql: str, **cells: str) -> Drill:
    """Where a row of these cells leads."""
    return drill(meanings_of(sql.format(store=f'"{STORE}"', window=WINDOW)), tuple(cells), tuple(cells.values()))


def managed(board: str, title: str, **cells: str) -> Drill:
    widgets = next(one.as_widgets() for one in MANAGED if one.id == f"AWSCloudTrail-{board}")
    widget = next(one for one in widgets if one.properties["Title"] == title)
    return led(fill(widget.statement, filled(widget.parameters, VALUES)), **cells)


# -- where rows lead ---------------------------------------------------------------------------------------------------


def test_columns_of_events_become_filters_in_their_own_spelling() -> None:
    found = led(
        "SELECT eventname AS what, awsregion, count(*) AS n FROM {store} WHERE {window} GROUP BY 1, 2",
        what="A",
        awsregion="eu",
        n="3",
    )

    assert found == Drill(pairs=(("f", "eventName=A"), ("f", "awsRegion=eu")))


def test_what_a_widget_demands_of_events_is_a_filter_too() -> None:
    found = managed("ErrorAnalysis", "Top errors by error code", errorCode="AccessDenied", errors="5")

    assert found.pairs == (("f", "errorCode!="), ("f", "errorCode=AccessDenied"))
    assert not found.wider


def test_the_phrase_for_who_called_leads_to_their_arn() -> None:
    found = managed("IAMActivity", "Top IAM callers", caller=ALICE, calls="5")

    assert found.pairs == (("f", "eventSource=iam.amazonaws.com"), ("f", f"userIdentity.arn={ALICE}"))


def test_who_has_no_arn_is_searched_as_text() -> None:
    assert ("q", "AIDAEXAMPLE") in managed("IAMActivity", "Top IAM callers", caller="AIDAEXAMPLE").pairs


def test_a_bucket_of_time_is_a_range() -> None:
    found = managed("Overview", "Account activity", time="2024-05-01 03:00:00.000", activity="Read", events="5")

    assert found == Drill(pairs=(("f", "readOnly=true"),), range="2024-05-01T03:00:00Z..2024-05-01T04:00:00Z")


def test_a_row_that_is_an_event_leads_to_it() -> None:
    found = managed("SecurityMonitoring", "Root user ConsoleLogin attempts", eventTime="2024-05-01", eventID="e-1")

    assert found == Drill(event="e-1")


def test_a_condition_that_no_filter_can_say_is_told() -> None:
    assert led("SELECT eventName FROM {store} WHERE {window} AND length(userAgent) > 3", eventName="A").wider


def test_a_column_that_is_none_of_events_alone_leads_nowhere_and_says_why() -> None:
    found = led("SELECT length(userAgent) AS long, count(*) AS n FROM {store} GROUP BY 1", long="3", n="5")

    assert found == Drill(why="No column of this row is a column of events.")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a.eventName FROM {store} a JOIN {store} b ON a.eventID = b.eventID",
        "SELECT r.arn FROM {store} CROSS JOIN UNNEST(resources) AS t(r)",
        "WITH x AS (SELECT eventName FROM {store}) SELECT eventName FROM x",
        "SELECT 1 AS eventName",
        "no statement",
    ],
)
def test_a_statement_that_cannot_be_followed_leads_nowhere_and_says_why(sql: str) -> None:
    assert "leads back to no events" in led(sql, eventName="A").why


def test_a_filter_holds_only_where_every_side_of_a_union_demands_it() -> None:
    one, other = "awsRegion = 'eu' AND readOnly = true", "readOnly = true"
    both = " UNION ".join(f"SELECT eventName FROM {{store}} WHERE {condition}" for condition in (one, other))

    found = led(both, eventName="A")

    assert found.pairs == (("f", "readOnly=true"), ("f", "eventName=A"))
    assert found.wider


def test_the_columns_of_highlights_are_followed_through_their_union() -> None:
    widget = highlights([HighlightStore(STORE, "cloudtrail"), HighlightStore(STORE[::-1], "cloudtrail")])[4]
    assert widget.properties["Title"] == "Top access denied callers"

    found = led(fill(widget.statement, filled(widget.parameters, VALUES)), caller=ALICE, denials="3")

    assert found.pairs == (("f", "errorCode!="), ("f", f"userIdentity.arn={ALICE}"))
    assert found.wider


def test_every_filter_of_every_managed_widget_is_one_that_events_know() -> None:
    for board in MANAGED:
        for widget in board.as_widgets():
            meanings = meanings_of(fill(widget.statement, filled(widget.parameters, VALUES)))
            columns = tuple(meanings.columns)
            for name, value in drill(meanings, columns, tuple("x:y" for _ in columns)).pairs:
                assert name == "q" or read_filter(value)


def test_only_counts_over_equal_spans_have_zeros_between_them() -> None:
    trend = "SELECT date_trunc('{}', eventTime) AS t, {} AS n FROM trail GROUP BY 1"

    assert step_seconds(meanings_of(trend.format("hour", "count(*)")), "t", "n") == 3600
    assert step_seconds(meanings_of(trend.format("month", "count(*)")), "t", "n") == 0
    assert step_seconds(meanings_of(trend.format("hour", "max(eventTime)")), "t", "n") == 0


# -- policies ----------------------------------------------------------------------------------------------------------


def read(policy: str | None, kind: PolicyKind = PolicyKind.EVENT_DATA_STORE) -> list[dict[str, Any]]:
    assert policy is not None
    parse_policy(policy, kind)  # what a store or a dashboard may have
    found: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return found


def test_a_statement_joins_those_that_are_there() -> None:
    theirs = may_see_results(STORE_ARN, [OTHER]) | {"Sid": "Theirs"}

    found = read(merged(merged(None, theirs), may_query(STORE_ARN, [FIRST])))

    assert found == [theirs, may_query(STORE_ARN, [FIRST])]


def test_a_policy_of_one_statement_without_a_list_is_joined_too() -> None:
    theirs = may_see_results(STORE_ARN, [OTHER]) | {"Sid": "Theirs"}
    bare = json.dumps({"Version": "2012-10-17", "Statement": theirs})

    assert read(merged(bare, may_query(STORE_ARN, [FIRST])))[0] == theirs


def test_one_statement_names_all_dashboards_once() -> None:
    policy = merged(merged(None, may_query(STORE_ARN, [FIRST])), may_query(STORE_ARN, [SECOND]))

    assert read(merged(policy, may_query(STORE_ARN, [FIRST]))) == [may_query(STORE_ARN, [FIRST, SECOND])]


def test_a_dashboard_that_is_gone_is_taken_out_and_the_rest_stays() -> None:
    both = merged(None, may_query(STORE_ARN, [FIRST, SECOND]))

    assert read(without_source(both, FIRST)) == [may_query(STORE_ARN, [SECOND])]
    assert without_source(without_source(both, FIRST), SECOND) is None


def test_who_a_dashboard_is_shared_with_is_told_and_can_be_taken_out() -> None:
    policy = merged(merged(None, may_refresh(FIRST)), may_see(FIRST, [OTHER]))
    policy = merged(policy, may_see(FIRST, [USER]))

    assert shared_with(policy) == [OTHER, USER]
    assert shared_with(without_principal(policy, OTHER)) == [USER]
    assert read(without_principal(without_principal(policy, OTHER), USER), PolicyKind.DASHBOARD) == [may_refresh(FIRST)]
