"""Policies that dashboards need, merged into those that are there: who may query for them, refresh them, see them.

Source: CloudTrail user guide, "Example: Allow CloudTrail to run queries to populate a dashboard" and "Resource-based
policy example for a dashboard". Pure: policies are texts in and out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

SERVICE = "cloudtrail.amazonaws.com"
QUERYING, REFRESHING = "DashboardQueries", "DashboardRefreshes"  # Sids of statements for the service
SHOWING, RESULTS = "DashboardShared", "DashboardResultsShared"  # of those for other accounts
Statement = dict[str, Any]


def may_query(store: str, dashboards: Sequence[str]) -> Statement:
    """CloudTrail may query an event data store for these dashboards."""
    return _for_service(QUERYING, "cloudtrail:StartQuery", store, dashboards)


def may_refresh(dashboard: str) -> Statement:
    """CloudTrail may refresh a dashboard by its schedule."""
    return _for_service(REFRESHING, "cloudtrail:StartDashboardRefresh", dashboard, [dashboard])


def may_see(dashboard: str, principals: Sequence[str]) -> Statement:
    """Principals of other accounts may look at a dashboard."""
    return _for_people(SHOWING, ["cloudtrail:GetDashboard"], dashboard, principals)


def may_see_results(store: str, principals: Sequence[str]) -> Statement:
    """Principals of other accounts may see answers over a store, of queries that they are shown."""
    return _for_people(RESULTS, ["cloudtrail:DescribeQuery", "cloudtrail:GetQueryResults"], store, principals)


def merged(policy: str | None, statement: Statement) -> str:
    """The policy with a statement; one of the same Sid takes the new one's principals or sources in."""
    document = _read(policy)
    kept = [one for one in document["Statement"] if one.get("Sid") != statement["Sid"]]
    before = [one for one in document["Statement"] if one.get("Sid") == statement["Sid"]]
    return _text(document, [*kept, _union(before[0], statement) if before else statement])


def without_source(policy: str | None, dashboard: str) -> str | None:
    """The policy without what it lets CloudTrail do for a dashboard that is gone; None where nothing is left of it."""
    document, kept = _read(policy), []
    for one in document["Statement"]:
        if one.get("Sid") == QUERYING:
            rest = [arn for arn in _sources(one) if arn != dashboard]
            if rest:
                kept.append(_for_service(QUERYING, one["Action"], one["Resource"], rest))
        else:
            kept.append(one)
    return _text(document, kept) if kept else None


def without_principal(policy: str | None, principal: str) -> str | None:
    """The policy without somebody that a dashboard was shared with; None where nothing is left of it."""
    document, kept = _read(policy), []
    for one in document["Statement"]:
        if one.get("Sid") in (SHOWING, RESULTS):
            rest = [name for name in _principals(one) if name != principal]
            if rest:
                kept.append({**one, "Principal": {"AWS": _one_or_all(rest)}})
        else:
            kept.append(one)
    return _text(document, kept) if kept else None


def shared_with(policy: str | None) -> list[str]:
    """Who may look at a dashboard by its policy."""
    return [name for one in _read(policy)["Statement"] if one.get("Sid") == SHOWING for name in _principals(one)]


def _for_service(sid: str, action: str, resource: str, dashboards: Sequence[str]) -> Statement:
    account = dashboards[0].split(":")[4]
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": action,
        "Resource": resource,
        "Condition": {"StringEquals": {"aws:SourceArn": _one_or_all(dashboards), "aws:SourceAccount": account}},
    }


def _for_people(sid: str, actions: Sequence[str], resource: str, principals: Sequence[str]) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_all(principals)},
        "Action": _one_or_all(actions),
        "Resource": resource,
    }


def _union(before: Statement, new: Statement) -> Statement:
    if "Condition" in new:
        sources = list(dict.fromkeys([*_sources(before), *_sources(new)]))
        return _for_service(new["Sid"], new["Action"], new["Resource"], sources)
    names = list(dict.fromkeys([*_principals(before), *_principals(new)]))
    return {**new, "Principal": {"AWS": _one_or_all(names)}}


def _sources(statement: Mapping[str, Any]) -> list[str]:
    return _as_list(statement.get("Condition", {}).get("StringEquals", {}).get("aws:SourceArn", []))


def _principals(statement: Mapping[str, Any]) -> list[str]:
    return _as_list(statement.get("Principal", {}).get("AWS", []))


def _read(policy: str | None) -> dict[str, Any]:
    document = json.loads(policy) if policy else {"Version": "2012-10-17", "Statement": []}
    statements = document["Statement"]
    return {**document, "Statement": statements if isinstance(statements, list) else [statements]}


def _text(document: Mapping[str, Any], statements: Sequence[Statement]) -> str:
    return json.dumps({**document, "Statement": list(statements)}, ensure_ascii=False)


def _as_list(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [str(value)]


def _one_or_all(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
