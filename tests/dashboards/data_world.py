"""Stores of known events in one shared lake, and events of kinds that ``world`` has none of: data events with their
resources, enriched events, Insights."""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from tests.dashboards.world import ACCOUNT, ALICE, FIRST_DAY, RETENTION_DAYS, Case, Days, Event, data, event
from trailmere.events.selector_templates import template
from trailmere.lake.lifecycle import StoreLifecycle
from trailmere.registry.records import Operation
from trailmere.sources.delivery import Delivery

if TYPE_CHECKING:
    from trailmere.app import App

GATEWAY = {"type": "AWSService", "invokedBy": "apigateway.amazonaws.com"}


def days_in(app: App, name: str, cases: Sequence[Case], selectors: str = "everything") -> Days:
    """A store of this name with the events of the cases, each on its day and, under another id, on the day after."""
    events = [
        {**one, "eventTime": f"{day}T{one['eventTime']}:00Z"}
        for place, case in enumerate(cases)
        for day in (day_of(place), day_of(place) + timedelta(days=1))
        for one in case.events
    ]
    return Days(app, store_of(app, name, numbered(events), selectors), cases)


def day_of(place: int) -> date:
    """The day of the case in this place."""
    return FIRST_DAY + timedelta(days=2 * place)


def numbered(events: Iterable[Event]) -> list[Event]:
    """The events with ids, except those that have one."""
    return [{"eventID": str(uuid.UUID(int=number)), **one} for number, one in enumerate(events, start=1)]


def store_of(app: App, name: str, events: Sequence[Event], selectors: str = "everything") -> str:
    """The id of a new store that holds these events, in an account of its own: one has ten at most."""
    account = f"{zlib.crc32(name.encode()):012}"
    lifecycle = StoreLifecycle(app.stores_in(account, "eu-west-1"), app.lake)
    made = lifecycle.create(name, selectors=template(selectors), retention_days=RETENTION_DAYS)
    content = "\n".join(map(json.dumps, events)).encode()
    store = lifecycle.use(made.id, Operation.INGEST)
    app.pusher.put(store, [Delivery(f"push:{name}", size=len(content), content=content)])
    return store.id


def network(action: str, time: str, **members: Any) -> Event:
    """The event that a VPC endpoint has of a call."""
    return event(action, time, eventCategory="NetworkActivity", eventType="AwsVpceEvents", **members)


def resource(arn: str, type_: str, account: str = ACCOUNT) -> Event:
    """A resource as an event names it."""
    return {"ARN": arn, "type": type_, "accountId": account}


def invoked(function: str | None, time: str, by: Event = ALICE, arn: str | None = None, **members: Any) -> Event:
    """An invocation of a function, by any of its names; ``arn``: the function as the event's resource."""
    more: Event = {"request": {"functionName": function} if function else None, "readOnly": False, **members}
    if arn:
        more["resources"] = [resource(arn, "AWS::Lambda::Function")]
    return data("lambda:Invoke", time, by, **more)


def item(name: str, time: str, table: str | None = None, by: Event = ALICE, **members: Any) -> Event:
    """A call on items of DynamoDB; ``tables`` among the members: ARNs of the event's resources."""
    arns: Iterable[str] = members.pop("tables", ())
    more: Event = {"request": {"tableName": table} if table else None, **members}
    if arns:
        more["resources"] = [resource(arn, "AWS::DynamoDB::Table") for arn in arns]
    return data(f"dynamodb:{name}", time, by, **more)


def object_(name: str, time: str, bucket: str, key: str | None, by: Event = ALICE, **members: Any) -> Event:
    """A call on an object of S3."""
    request = {"bucketName": bucket} | ({"key": key} if key else {})
    return data(f"s3:{name}", time, by, request=request, **members)


def enriched(
    action: str,
    time: str,
    by: Event = ALICE,
    *,
    context: Event | None = None,
    of_caller: Event | None = None,
    of_resources: Event | None = None,
    **members: Any,
) -> Event:
    """An event with condition keys, with tags of its caller, and with tags of resources by their ARN."""
    tags = [{"arn": arn, "tags": tags} for arn, tags in (of_resources or {}).items()]
    context_of_tags = {"principalTags": of_caller or {}, "resourceTags": tags}
    return event(
        action, time, by, eventContext={"requestContext": context or {}, "tagContext": context_of_tags}, **members
    )


def insight(
    shared: str,
    state: str,
    time: str,
    action: str = "s3:DeleteBucket",
    *,
    error: str | None = None,
    user: str | None = None,
    attribute: str = "userIdentityArn",
) -> Event:
    """An Insights event; ``error`` makes it one of an error rate. Start and End of an Insight share ``shared``."""
    source, name = action.split(":")
    context: Event = {"statistics": {"baseline": {"average": 0.5}, "insight": {"average": 20.0}}}
    if state == "End":
        context["statistics"]["insightDuration"] = 7
    if user is not None:
        values = [{"value": user, "average": 20.0}, {"value": "somebody-else", "average": 1.0}]
        context["attributions"] = [{"attribute": attribute, "insight": values, "baseline": []}]
    details = {
        "state": state,
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "insightType": "ApiErrorRateInsight" if error else "ApiCallRateInsight",
        **({"errorCode": error} if error else {}),
        "insightContext": context,
    }
    return {
        "eventVersion": "1.08",
        "eventTime": time,
        "awsRegion": "eu-west-1",
        "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": ACCOUNT,
        "sharedEventID": shared,
        "insightDetails": details,
        "eventCategory": "Insight",
    }
