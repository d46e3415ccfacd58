"""How often each API was called, or refused, by the minute: one pass of SQL over a store, one API at a time out of it.

An API is an action of a service in one account and Region, whoever calls; of an error rate, with the error code. Only
those that were busy at all since the time in question are read by the minute, in order, so that memory holds one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from trailmere.insights.detect import BASELINE, LEAST_EVENTS, WINDOW, Series
from trailmere.query.quoting import literal
from trailmere.query.results import rows

if TYPE_CHECKING:
    from trailmere.insights.detect import Episode
    from trailmere.query.service import QueryService

CALL_RATE, ERROR_RATE = "ApiCallRateInsight", "ApiErrorRateInsight"
IS_MANAGEMENT = "(eventcategory = 'Management' OR (eventcategory IS NULL AND COALESCE(managementevent, TRUE)))"
# which events a type counts; AWS: calls that write, and any call that was refused
COUNTED: Mapping[str, str] = {
    CALL_RATE: f"{IS_MANAGEMENT} AND readonly = FALSE",
    ERROR_RATE: f"{IS_MANAGEMENT} AND errorcode IS NOT NULL",
}
MINUTE = "CAST(floor(to_unixtime(eventtime) / 60) AS bigint)"
ATTRIBUTES: Mapping[str, str] = {  # as Insights events name them -> the column
    "userIdentityArn": "COALESCE(useridentity.arn, useridentity.invokedby)",
    "userAgent": "useragent",
    "errorCode": "errorcode",
}
MOST_VALUES = 5  # of an attribute
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True, slots=True)
class Api:
    """What is counted. ``error_code`` is "" where calls are."""

    account_id: str
    region: str
    event_source: str
    event_name: str
    error_code: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of an attribute, and how many events a minute have it."""

    value: str
    average: float


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who or what an unusual activity is due to: the most frequent values during it, and in its baseline."""

    attribute: str
    insight: tuple[Value, ...]
    baseline: tuple[Value, ...]


class Counts:
    """Asks a store."""

    def __init__(self, service: QueryService, store_id: str) -> None:
        self._service = service
        self._store = f'"{store_id}"'

    def known(self, since: int | None, before: datetime) -> tuple[int, int] | None:
        """The minutes of the first and the latest event that matter from minute ``since`` on; None where none does."""
        bound = "" if since is None else f"eventtime >= {moment(time_of(since - BASELINE - WINDOW))} AND "
        sql = f"SELECT min({MINUTE}), max({MINUTE}) FROM {self._store} WHERE {bound}eventtime < {moment(before)}"  # noqa: S608
        first, latest = next(iter(list(self._rows(sql))))
        return None if first is None else (int(first), int(latest))

    def series(self, insight_type: str, known_from: int, since: int, until: int) -> Iterator[tuple[Api, Series]]:
        """The APIs that were busy from minute ``since`` to before ``until``, each with what is needed of the past."""
        first = max(known_from, since - BASELINE - WINDOW)
        error = "errorcode" if insight_type == ERROR_RATE else "''"
        sql = f"""
            WITH counted AS (
                SELECT recipientaccountid AS a, awsregion AS r, eventsource AS s, eventname AS n, {error} AS e,
                       {MINUTE} AS m, count(*) AS c
                FROM {self._store}
                WHERE {_between(first, until)} AND {COUNTED[insight_type]}
                GROUP BY 1, 2, 3, 4, 5, 6
            ), busy AS (
                SELECT DISTINCT a, r, s, n, e FROM (
                    SELECT a, r, s, n, e, floor(m / {WINDOW}) AS part, sum(c) AS events
                    FROM counted WHERE m > {since - WINDOW} GROUP BY 1, 2, 3, 4, 5, 6
                ) WHERE events >= {LEAST_EVENTS // 2}
            )
            SELECT counted.a, counted.r, counted.s, counted.n, counted.e, m, c FROM counted JOIN busy ON
                counted.a = busy.a AND counted.r = busy.r AND counted.s = busy.s AND counted.n = busy.n
                AND counted.e = busy.e
            ORDER BY 1, 2, 3, 4, 5, 6"""  # noqa: S608 - numbers, and names of ours
        for key, group in groupby(self._rows(sql), key=lambda row: row[:5]):
            counts = np.zeros(until - first, dtype=np.int64)
            for *_, minute, count in group:
                counts[int(minute) - first] = int(count)
            yield Api(*key), Series(first, counts, known_from)

    def attributions(self, insight_type: str, api: Api, episode: Episode) -> tuple[Attribution, ...]:
        """To whom and what the episode is due, ranked."""
        opening = episode.start - episode.baseline_minutes
        named = ("userIdentityArn", "userAgent") if insight_type == ERROR_RATE else tuple(ATTRIBUTES)
        return tuple(
            Attribution(
                name,
                self._values(insight_type, api, name, episode.start, episode.last + 1, episode.minutes),
                self._values(insight_type, api, name, opening, episode.start, episode.baseline_minutes),
            )
            for name in named
        )

    def _values(
        self, insight_type: str, api: Api, attribute: str, since: int, until: int, minutes: int
    ) -> tuple[Value, ...]:
        column = ATTRIBUTES[attribute]
        sql = (
            f"SELECT COALESCE({column}, 'null'), count(*) FROM {self._store} "  # noqa: S608 - literals are quoted
            f"WHERE {_between(since, until)} AND {COUNTED[insight_type]} AND {_is(api)} "
            f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_VALUES}"
        )
        return tuple(Value(str(value), int(count) / minutes) for value, count in self._rows(sql))

    def _rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        answer = self._service.run(sql)
        try:
            yield from rows(answer)
        finally:
            answer.close()


def moment(when: datetime) -> str:
    """A moment as a literal of SQL, UTC."""
    return f"TIMESTAMP '{when.astimezone(UTC):%Y-%m-%d %H:%M:%S}'"


def time_of(minute: int) -> datetime:
    """When a minute begins."""
    return EPOCH + timedelta(minutes=minute)


def minute_of(when: datetime) -> int:
    """The minute that a moment falls into, counted from 1970 UTC."""
    return (when - EPOCH) // timedelta(minutes=1)


def _between(since: int, until: int) -> str:
    return f"eventtime >= {moment(time_of(since))} AND eventtime < {moment(time_of(until))}"


def _is(api: Api) -> str:
    error = f" AND errorcode = {literal(api.error_code)}" if api.error_code else ""
    return (
        f"recipientaccountid = {literal(api.account_id)} AND awsregion = {literal(api.region)} "
        f"AND eventsource = {literal(api.event_source)} AND eventname = {literal(api.event_name)}{error}"
    )
