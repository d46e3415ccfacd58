"""Insights: the four operations on them. They are computed by ``trailmere.insights``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from trailmere.api.errors import Fault
from trailmere.api.operations import trails
from trailmere.api.operations.lookup import MOST_LISTED, page_of_events
from trailmere.api.paging import place, token
from trailmere.errors import InsightNotEnabled, InvalidInsightSelectors, InvalidParameter, InvalidParameterCombination
from trailmere.insights.metrics import AVAILABLE, Wanted, points
from trailmere.query.lookup import INSIGHT, Attribute, Sought
from trailmere.registry.trails import check_home

if TYPE_CHECKING:
    from trailmere.api.call import Call
    from trailmere.registry.insights import InsightSettings

MOST_POINTS = 21600
MANAGEMENT = "Management"


def put(call: Call) -> Mapping[str, Any]:
    """PutInsightSelectors: of an event data store. An empty list turns Insights off."""
    selectors = call.input["InsightSelectors"]
    trail, given = call.input.get("TrailName"), call.input.get("EventDataStore")
    destination = call.input.get("InsightsDestination")
    if trail is not None:
        _check_alone(call, "EventDataStore", "InsightsDestination")
        check_home(trails.find(call, trail), call.region)
        raise Fault("UnsupportedOperationException", "Insights are computed of event data stores, not of trails.")
    if given is None:
        raise InvalidParameterCombination("expected TrailName, or EventDataStore and InsightsDestination")
    store = call.store(given)
    if not selectors:
        call.app.insights.records.remove(store.id)
        return {"EventDataStoreArn": store.arn, "InsightSelectors": []}
    if destination is None:
        raise InvalidParameterCombination("expected InsightsDestination beside EventDataStore")
    into = call.store(destination)
    return _described(call, call.app.insights.enable(store, into, [_type(one) for one in selectors]))


def get(call: Call) -> Mapping[str, Any]:
    """GetInsightSelectors."""
    trail, given = call.input.get("TrailName"), call.input.get("EventDataStore")
    if trail is not None:
        _check_alone(call, "EventDataStore")
        raise InsightNotEnabled(f"Insights are not enabled for {trails.find(call, trail).arn}")
    if given is None:
        raise InvalidParameterCombination("expected TrailName or EventDataStore")
    return _described(call, call.app.insights.records.get(call.store(given).id))


def list_data(call: Call) -> Mapping[str, Any]:
    """ListInsightsData: the Insights events of one source, newest first."""
    call.allow(call.input["InsightSource"])
    given = next(iter((call.input.get("Dimensions") or {}).items()), None)
    sought = Sought(
        category=INSIGHT,
        attribute=None if given is None else Attribute(*given),
        start=call.input.get("StartTime"),
        end=call.input.get("EndTime"),
        insight_source=call.input["InsightSource"],
    )
    return page_of_events(call, sought, MOST_LISTED)


def list_metric_data(call: Call) -> Mapping[str, Any]:
    """ListInsightsMetricData: of the account's stores that have Insights."""
    call.allow()
    trail = call.input.get("TrailName")
    if trail is not None:
        arn = trails.find(call, trail).arn
        raise InvalidParameter(f"Insights are computed of event data stores, not of {arn}: name no trail")
    period = call.input.get("Period", 3600)
    wanted = Wanted(
        event_source=call.input["EventSource"],
        event_name=call.input["EventName"],
        insight_type=call.input["InsightType"],
        error_code=call.input.get("ErrorCode"),
        period=period,
        start=call.input.get("StartTime") or call.when - AVAILABLE.get(period, timedelta(days=90)),
        end=call.input.get("EndTime") or call.when,
        zeros=call.input.get("DataType") == "FillWithZeros",
    )
    after = place(call)
    found, more = points(
        call.app.queries,
        _analysed_stores(call),
        wanted,
        after=None if after is None else datetime.fromisoformat(after),
        limit=call.input.get("MaxResults", MOST_POINTS),
        now=call.when,
    )
    return {
        "EventSource": wanted.event_source,
        "EventName": wanted.event_name,
        "InsightType": wanted.insight_type,
        "ErrorCode": wanted.error_code,
        "Timestamps": [time for time, _ in found],
        "Values": [float(count) for _, count in found],
        **({"NextToken": token(call, found[-1][0].isoformat())} if more else {}),
    }


def _analysed_stores(call: Call) -> list[str]:
    have = {one.store_id for one in call.app.insights.records.list()}
    return [one.id for one in call.app.searchable(call.account_id, call.region) if one.id in have]


def _type(selector: Mapping[str, Any]) -> str:
    if "InsightType" not in selector:
        raise InvalidInsightSelectors("expected InsightType in each of InsightSelectors")
    if selector.get("EventCategories") not in (None, [], [MANAGEMENT]):
        raise InvalidInsightSelectors("expected no EventCategories but Management: stores have Insights of those only")
    return str(selector["InsightType"])


def _described(call: Call, settings: InsightSettings) -> dict[str, Any]:
    source = call.arn(f"eventdatastore/{settings.store_id}")
    return {
        "EventDataStoreArn": source,
        "InsightSelectors": [{"InsightType": one, "EventCategories": [MANAGEMENT]} for one in settings.types],
        "InsightsDestination": call.arn(f"eventdatastore/{settings.destination_id}"),
    }


def _check_alone(call: Call, *others: str) -> None:
    if given := [name for name in others if name in call.input]:
        raise InvalidParameterCombination(f"expected TrailName alone, got {', '.join(given)} too")


OPERATIONS = {
    "PutInsightSelectors": put,
    "GetInsightSelectors": get,
    "ListInsightsData": list_data,
    "ListInsightsMetricData": list_metric_data,
}
