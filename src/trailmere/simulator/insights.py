"""The Insight events that the incidents set off, as CloudTrail Insights writes them (``CloudTrail-Insight`` keys)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

from trailmere.simulator.cast import utc_text
from trailmere.simulator.noise import INSIGHT, Record
from trailmere.simulator.organisation import PRODUCTION
from trailmere.simulator.records import render
from trailmere.simulator.values import Guids

# day -> (start, minutes, service, action, type, error code, baseline average, insight average)
_KNOWN: dict[date, tuple[datetime, int, str, str, str, str | None, float, float]] = {
    date(2022, 3, 15): (datetime(2022, 3, 15, 15, 6), 9, "s3", "DeleteBucket", "ApiCallRateInsight", None, 0.0004, 0.3),
    date(2022, 9, 13): (
        datetime(2022, 9, 13, 13, 20),
        14,
        "iam",
        "CreateRole",
        "ApiErrorRateInsight",
        "AccessDenied",
        0.0001,
        0.2,
    ),
}


def of_day(day: date) -> list[tuple[list[Record], datetime]]:
    """The Insight records of a day with the time of their delivery: one file for the start, one for the end."""
    if day not in _KNOWN:
        return []
    start, minutes, *_ = _KNOWN[day]
    end = start + timedelta(minutes=minutes)
    guids = iter(Guids(Random(f"insights/{day}")))
    shared = next(guids)
    return [
        ([_record(day, when, state, shared, next(guids))], when + timedelta(minutes=30))
        for when, state in ((start, "Start"), (end, "End"))
    ]


def _record(day: date, when: datetime, state: str, shared: str, event_id: str) -> Record:
    _start, minutes, source, name, kind, error, baseline, unusual = _KNOWN[day]
    statistics: dict[str, object] = {"baseline": {"average": baseline}, "insight": {"average": unusual}}
    if state == "End":
        statistics |= {"insightDuration": minutes, "baselineDuration": 10069}
    details: dict[str, object] = {
        "state": state,
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "insightType": kind,
        "errorCode": error,
        "insightContext": {"statistics": statistics},
    }
    members = {
        "eventVersion": "1.08",
        "eventTime": utc_text(when),
        "awsRegion": "us-east-1",
        "eventID": event_id,
        "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": PRODUCTION.id,
        "sharedEventID": shared,
        "insightDetails": {key: value for key, value in details.items() if value is not None},
        "eventCategory": "Insight",
    }
    text = render(members).replace('"requestParameters":null,"responseElements":null,', "")
    return Record(text, PRODUCTION.id, "us-east-1", str(day), INSIGHT)
