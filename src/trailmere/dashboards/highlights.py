"""The Highlights dashboard: what is worth a look in all event data stores of an account, over one day.

An event may lie in several stores and counts once: the rows of all stores are put together by a UNION, with the event's
id among the columns. The window stands outside of it, once however many stores there are, and is known to each of them
when its files are chosen.

Source: CloudTrail user guide, "View the Highlights dashboard" (what it is about; its SQL is not public).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trailmere.dashboards.library import MANAGED
from trailmere.dashboards.library.phrases import (
    ACCESS_DENIED,
    BY_ROOT,
    CALL,
    CALLER,
    CHANGED,
    CONSOLE_LOGIN,
    CREATES,
    DESTROYED,
    LOGIN_OUTCOME,
    MANAGEMENT,
    NOT_A_SERVICE,
    OUTCOME,
)
from trailmere.dashboards.records import ManagedDashboard, ManagedWidget, View

if TYPE_CHECKING:
    from trailmere.dashboards.records import Widget

HIGHLIGHTS_ID = "AWSCloudTrail-Highlights"
MOST_STORES = 12  # of a family: a statement has 10,000 characters. CloudTrail's quota is 10 in a Region
SPIKE_CALLS = 5  # fewer in an hour are none, however unusual
SPIKE_TIMES = 3  # the mean of the other hours

_NAMED_STORE = re.compile(r'\b(FROM|JOIN) "[0-9a-f-]{36}"')
_EVENTS = ":events"  # in a statement: the events of all stores, with the columns that the highlight names


@dataclass(frozen=True, slots=True)
class HighlightStore:
    """An event data store that is looked at. ``family`` is a key of ``events.columns.COLUMNS``."""

    id: str
    family: str


@dataclass(frozen=True, slots=True)
class _Highlight:
    """A widget that reads ``FROM :events``: of each event id, time and ``columns``, where ``condition`` holds."""

    family: str
    columns: str
    condition: str
    widget: ManagedWidget

    def over(self, stores: Sequence[HighlightStore]) -> ManagedWidget:
        """The widget over stores of its family."""
        sides = (
            f'SELECT eventID, eventTime, {self.columns} FROM "{store.id}" WHERE {self.condition}' for store in stores
        )
        events = "\n  UNION ".join(sides)
        return replace(self.widget, sql=self.widget.sql.replace(_EVENTS, f"({events})"))


def highlights(stores: Sequence[HighlightStore]) -> tuple[Widget, ...]:
    """The widgets over these stores; those of families that none of them has are left out.

    Of a family, the first ``MOST_STORES`` stores are looked at.
    """
    by_family: dict[str, list[HighlightStore]] = {}
    for store in stores:
        by_family.setdefault(store.family, []).append(store)
    shown = tuple(one.over(by_family[one.family][:MOST_STORES]) for one in _HIGHLIGHTS if one.family in by_family)
    return ManagedDashboard(HIGHLIGHTS_ID, "Highlights", "", "", shown).as_widgets()


def tells_of(title: str, statement: str) -> str:
    """What a person may read in a widget that comes with the software, or in a copy of one; else nothing."""
    of_highlight = next((one.widget.tells for one in _HIGHLIGHTS if one.widget.title == title), "")
    return _TELLS.get(_NAMED_STORE.sub(r"\1 ?", statement)) or of_highlight


def _of_calls(
    title: str, view: View, columns: str, condition: str, sql: str, tells: str, drawn: Mapping[str, str] | None = None
) -> _Highlight:
    return _Highlight("cloudtrail", columns, condition, ManagedWidget(title, view, sql, tells, drawn or {}))


_HIGHLIGHTS = (
    _of_calls(
        "Top failed API calls",
        View.BAR,
        f"eventSource, eventName, {CALLER} AS caller",
        f"{CALL} AND errorCode IS NOT NULL",
        """SELECT eventName, eventSource, count(*) AS failures, count(DISTINCT caller) AS callers
FROM :events
WHERE :window
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
        "The calls that failed most often.",
        {"XAxisColumn": "eventName", "YAxisColumn": "failures", "FilterColumn": "eventSource"},
    ),
    _of_calls(
        "Failed console login trend",
        View.LINE,
        "sourceIPAddress",
        f"{CONSOLE_LOGIN} AND {LOGIN_OUTCOME} = 'Failure'",
        """SELECT date_trunc('$Period$', eventTime) AS time, count(*) AS failures,
  count(DISTINCT sourceIPAddress) AS addresses
FROM :events
WHERE :window
GROUP BY 1
ORDER BY 1""",
        "How many sign-ins to the console failed over time.",
        {"XAxisColumn": "time", "YAxisColumn": "failures"},
    ),
    _of_calls(
        "Spikes in resource creation",
        View.TABLE,
        "eventSource, eventName, recipientAccountId",
        f"{MANAGEMENT} AND {CHANGED} AND {CREATES}",
        f"""SELECT hour, eventSource, eventName, recipientAccountId, calls, others / 23.0 AS mean_of_other_hours
FROM (SELECT hour, eventSource, eventName, recipientAccountId, calls,
    sum(calls) OVER (PARTITION BY eventSource, eventName, recipientAccountId) - calls AS others
  FROM (SELECT date_trunc('hour', eventTime) AS hour, eventSource, eventName, recipientAccountId, count(*) AS calls
    FROM :events
    WHERE :window
    GROUP BY 1, 2, 3, 4))
WHERE calls >= {SPIKE_CALLS} AND calls > {SPIKE_TIMES} * others / 23.0
ORDER BY 5 DESC, 1, 2, 3, 4
LIMIT 10""",
        "Hours in which an account created far more of something than in the other hours of the day: much is built, "
        "or somebody mines on the account's bill.",
    ),
    _of_calls(
        "Total cross-account access",
        View.TABLE,
        f"userIdentity.accountId AS caller_account, recipientAccountId, {CALLER} AS caller",
        f"{CALL} AND userIdentity.accountId <> recipientAccountId "
        f"AND regexp_like(userIdentity.accountId, '^[0-9]{{12}}$') AND {NOT_A_SERVICE}",
        """SELECT caller_account, recipientAccountId, count(*) AS calls, count(DISTINCT caller) AS callers,
  sum(count(*)) OVER () AS calls_in_all
FROM :events
WHERE :window
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 10""",
        "How often accounts called into others: which into which most often, and how often in all.",
    ),
    _of_calls(
        "Top access denied callers",
        View.TABLE,
        f"eventSource, eventName, sourceIPAddress, {CALLER} AS caller",
        f"{CALL} AND {ACCESS_DENIED}",
        """SELECT caller, count(*) AS denials, count(DISTINCT concat(eventSource, eventName)) AS apis,
  count(DISTINCT sourceIPAddress) AS addresses, max(eventTime) AS latest
FROM :events
WHERE :window
GROUP BY 1
ORDER BY 2 DESC, 1
LIMIT 10""",
        "Who was denied most often. Many different calls of one caller: somebody tries what a credential may do.",
    ),
    _of_calls(
        "Root user activity",
        View.TABLE,
        f"recipientAccountId, eventSource, eventName, sourceIPAddress, userAgent, {OUTCOME} AS outcome",
        f"{CALL} AND {BY_ROOT}",
        """SELECT eventTime, recipientAccountId, eventSource, eventName, sourceIPAddress, userAgent, outcome, eventID
FROM :events
WHERE :window
ORDER BY eventTime DESC, eventID
LIMIT 50""",
        "What was done as the root user of an account, the latest first. There should be hardly anything.",
    ),
    _of_calls(
        "Top destructive actions",
        View.TABLE,
        f"eventSource, eventName, recipientAccountId, {CALLER} AS caller",
        DESTROYED,
        """SELECT caller, eventSource, eventName, recipientAccountId, count(*) AS calls, max(eventTime) AS latest
FROM :events
WHERE :window
GROUP BY 1, 2, 3, 4
ORDER BY 5 DESC, 1, 2, 3, 4
LIMIT 10""",
        "Who deleted, terminated, stopped, detached, disabled or revoked the most, and what.",
    ),
    _Highlight(
        "insight",
        "insightState, insightType, insightEventSource, insightEventName, insightErrorCode, recipientAccountId, "
        "awsRegion, insightContext.baselineAverage AS usual_rate, insightContext.insightAverage AS unusual_rate",
        "insightState = 'Start'",
        ManagedWidget(
            "Recent Insights",
            View.TABLE,
            """SELECT eventTime, insightType, insightEventSource, insightEventName, insightErrorCode,
  recipientAccountId, awsRegion, usual_rate, unusual_rate, eventID
FROM :events
WHERE :window
ORDER BY eventTime DESC, eventID
LIMIT 50""",
            "Calls that began to be made, or to fail, unusually often, the latest first, with their rates a minute.",
        ),
    ),
)

_TELLS = {
    widget.statement: one.tells
    for board in MANAGED
    for one, widget in zip(board.widgets, board.as_widgets(), strict=True)
}
