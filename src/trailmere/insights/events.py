"""Unusual activities as CloudTrail's Insights events: one for the start, one for the end, sharing an id.

The ids follow from the store, the API and the minute of the start, so that whoever computes an event again makes the
same one, and the lake takes it in once.

Source: CloudTrail user guide, "CloudTrail record contents for Insights events".
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trailmere.insights.counts import time_of
from trailmere.sources.delivery import Delivery

if TYPE_CHECKING:
    from trailmere.insights.counts import Api, Attribution, Value
    from trailmere.insights.detect import Episode
    from trailmere.registry.records import EventDataStore

START, END = "Start", "End"
_NAMES = uuid.UUID("8f0c3c1e-6d0b-4a55-9a6f-2f6e1b7d4a10")  # the space that our ids are made in


def delivery(
    store: EventDataStore,
    insight_type: str,
    api: Api,
    episode: Episode,
    state: str,
    attributions: Sequence[Attribution] = (),
) -> Delivery:
    """The Insights event of the start or the end of an episode, to be pushed once."""
    shared = uuid.uuid5(_NAMES, json.dumps([store.arn, insight_type, *_parts(api), episode.start]))
    event_id = uuid.uuid5(shared, state)
    record = _record(store, insight_type, api, episode, state, attributions)
    text = json.dumps(record | {"eventID": str(event_id), "sharedEventID": str(shared)}, separators=(",", ":"))
    content = text.encode()
    return Delivery(f"insight:{store.arn}/{event_id}", size=len(content), content=content)


def _record(
    store: EventDataStore,
    insight_type: str,
    api: Api,
    episode: Episode,
    state: str,
    attributions: Sequence[Attribution],
) -> dict[str, Any]:
    when = time_of(episode.start if state == START else episode.last + 1)
    statistics: dict[str, Any] = {
        "baseline": {"average": episode.baseline_average},
        "insight": {"average": episode.average},
        "baselineDuration": episode.baseline_minutes,
    }
    if state == END:
        statistics["insightDuration"] = episode.minutes
    context: dict[str, Any] = {"statistics": statistics}
    if attributions:
        context["attributions"] = [
            {"attribute": one.attribute, "insight": _values(one.insight), "baseline": _values(one.baseline)}
            for one in attributions
        ]
    error = {"errorCode": api.error_code} if api.error_code else {}
    return {
        "eventVersion": "1.09",
        "eventTime": f"{when:%Y-%m-%dT%H:%M:%SZ}",
        "awsRegion": api.region,
        "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": api.account_id,
        "insightDetails": {
            "state": state,
            "eventSource": api.event_source,
            "eventName": api.event_name,
            "insightType": insight_type,
            **error,
            "insightSource": store.arn,
            "insightContext": context,
        },
        "eventCategory": "Insight",
    }


def _values(values: Sequence[Value]) -> list[dict[str, Any]]:
    return [{"value": one.value, "average": one.average} for one in values]


def _parts(api: Api) -> tuple[str, ...]:
    return (api.account_id, api.region, api.event_source, api.event_name, api.error_code)
