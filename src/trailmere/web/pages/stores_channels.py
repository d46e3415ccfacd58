"""Channels: what brings events from outside of AWS into stores. Made, changed, watched; and how to put events."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trailmere.errors import InvalidParameter
from trailmere.registry.channels import FAMILY, SOURCES, check_destination
from trailmere.registry.records import Operation, partition, status_after
from trailmere.web.pages.stores_change import REFUSED, is_denied, said
from trailmere.web.pages.stores_read import asked, id_of
from trailmere.web.pages.stores_sharing import policy_of
from trailmere.web.visit import Answer, Page, Redirect, Visit

if TYPE_CHECKING:
    from trailmere.registry.records import EventDataStore

LISTED = 50
# what PutAuditEvents wants of an event. Source: CloudTrail user guide, "CloudTrail Lake integrations event schema"
EXAMPLE = {
    "version": "1.0",
    "userIdentity": {"type": "person", "principalId": "ana", "details": {}},
    "userAgent": "doors/1",
    "eventSource": "doors.example.com",
    "eventName": "DoorOpened",
    "eventTime": "TIME",
    "UID": "1",
    "recipientAccountId": "ACCOUNT",
    "sourceIPAddress": "192.0.2.7",
    "requestParameters": {"door": "north"},
    "responseElements": {},
    "additionalEventData": {},
}


def show_list(visit: Visit) -> Page:
    """All of them, with their state."""
    told = asked(visit, "ListChannels", MaxResults=LISTED, NextToken=visit.arg("after") or None)
    listed = () if told.output is None else told.output["Channels"]
    context = {
        "refused": told.refused,
        "channels": [_row(visit, one) for one in listed],
        "after": None if told.output is None else told.output.get("NextToken"),
        "may_create": visit.may("cloudtrail:CreateChannel", _any(visit, "channel")),
    }
    return Page("stores_channels.html", context)


def new(visit: Visit) -> Page:
    """The form."""
    visit.allow("cloudtrail:CreateChannel", _any(visit, "channel"))
    return Page("stores_channels_new.html", _form(visit, {"source": "Custom", "into": visit.args("store")}))


def create(visit: Visit) -> Answer:
    """A new channel."""
    typed = {"name": visit.field("name").strip(), "source": visit.field("source"), "into": visit.fields("into")}
    try:
        made = visit.perform(
            "CreateChannel",
            Name=typed["name"],
            Source=typed["source"],
            Destinations=_destinations(visit.fields("into")),
        )
    except REFUSED as error:
        if is_denied(error):
            raise
        return Page("stores_channels_new.html", _form(visit, typed) | {"wrong": said(error)}, 400)
    place = f"/stores/channels/{id_of(made['ChannelArn'])}"
    return Redirect(visit.link(place), said=f"{made['Name']} was created. This is how events come in by it.")


def show(visit: Visit) -> Page:
    """One: where it leads, how it goes, how to put events. A part of the page asks for its status again."""
    if visit.is_part:
        told = visit.perform("GetChannel", Channel=visit.values["channel"])
        return Page("stores_channel_status.html", {"status": told["IngestionStatus"]})
    return Page("stores_channel.html", _context(visit))


def change(visit: Visit) -> Answer:
    """New name and destinations, or no channel any more."""
    channel = visit.values["channel"]
    try:
        if visit.field("do") == "delete":
            name = visit.perform("GetChannel", Channel=channel)["Name"]
            visit.perform("DeleteChannel", Channel=channel)
            return Redirect(visit.link("/stores/channels"), said=f"{name} was deleted. Its events stay.")
        told = visit.perform(
            "UpdateChannel",
            Channel=channel,
            Name=visit.field("name").strip(),
            Destinations=_destinations(visit.fields("into")),
        )
    except REFUSED as error:
        if is_denied(error):
            raise
        typed = {"name": visit.field("name"), "into": visit.fields("into")}
        return Page("stores_channel.html", _context(visit) | {"wrong": said(error), "typed": typed}, 400)
    return Redirect(visit.link(f"/stores/channels/{channel}"), said=f"{told['Name']} was changed.")


def _context(visit: Visit) -> dict[str, Any]:
    told = visit.perform("GetChannel", Channel=visit.values["channel"])
    arn, into = told["ChannelArn"], [id_of(one["Location"]) for one in told["Destinations"]]
    wrong: Mapping[str, str] | None = None
    return {
        "told": told,
        "id": id_of(arn),
        "arn": arn,
        "status": told["IngestionStatus"],
        "into": [(id, _name(visit, id)) for id in into],
        "stores": _stores(visit),
        "typed": {"name": told["Name"], "into": into},
        "policy": policy_of(visit, arn),
        "may": {
            name: visit.may(f"cloudtrail:{name}", arn)
            for name in ("UpdateChannel", "DeleteChannel", "PutResourcePolicy")
        },
        "may_put": visit.may("cloudtrail-data:PutAuditEvents", arn),
        "server": address(visit),
        "cli": cli_line(visit, arn),
        "python": python_lines(visit, arn),
        "wrong": wrong,
    }


def address(visit: Visit) -> str:
    """Where the browser found this server; clients will, too."""
    return f"{'https' if visit.request.secure else 'http'}://{visit.request.header('host')}"


def cli_line(visit: Visit, arn: str) -> str:
    """A line of the AWS CLI that puts one event."""
    event = json.dumps(_example(visit), separators=(",", ":"))
    events = json.dumps([{"id": "1", "eventData": event}], separators=(",", ":"))
    return (
        f"aws cloudtrail-data put-audit-events --endpoint-url {address(visit)} --region {visit.region} \\\n"
        f"  --channel-arn {arn} \\\n  --audit-events '{events}'"
    )


def python_lines(visit: Visit, arn: str) -> str:
    """The same in Python."""
    event = {**_example(visit), "eventTime": "TIME"}
    lines = json.dumps(event, indent=4).replace('"TIME"', 'f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"')
    return "\n".join(
        (
            "import json",
            "import uuid",
            "from datetime import UTC, datetime",
            "",
            "import boto3",
            "",
            f'client = boto3.client("cloudtrail-data", endpoint_url="{address(visit)}", region_name="{visit.region}")',
            f"event = {lines}",
            "answer = client.put_audit_events(",
            f'    channelArn="{arn}",',
            '    auditEvents=[{"id": str(uuid.uuid4()), "eventData": json.dumps(event)}],',
            ")",
            'print(answer["successful"], answer["failed"])',
        )
    )


def _example(visit: Visit) -> dict[str, Any]:
    now = f"{visit.request.arrived:%Y-%m-%dT%H:%M:%SZ}"
    return {**EXAMPLE, "eventTime": now, "recipientAccountId": visit.account_id}


def _row(visit: Visit, listed: Mapping[str, Any]) -> dict[str, Any]:
    told = asked(visit, "GetChannel", ("ChannelNotFoundException",), Channel=listed["ChannelArn"])
    into = [] if told.output is None else [id_of(one["Location"]) for one in told.output["Destinations"]]
    return {
        "id": id_of(listed["ChannelArn"]),
        "name": listed["Name"],
        "told": told.output,
        "into": [(id, _name(visit, id)) for id in into],
    }


def _form(visit: Visit, typed: Mapping[str, Any]) -> dict[str, Any]:
    wrong: Mapping[str, str] | None = None
    given = {"name": "", "source": "Custom", "into": [], **typed}
    return {"typed": given, "sources": SOURCES, "stores": _stores(visit), "wrong": wrong}


def _stores(visit: Visit) -> list[EventDataStore]:
    """The stores that a channel can lead into."""
    here = visit.app.stores_in(visit.account_id, visit.region).list()
    return [one for one in here if one.family == FAMILY and _takes(visit, one)]


def _takes(visit: Visit, store: EventDataStore) -> bool:
    try:
        check_destination(store)
        status_after(store, Operation.INGEST)
    except REFUSED:
        return False
    return visit.may("cloudtrail:GetEventDataStore", store.arn)


def _destinations(stores: Sequence[str]) -> list[dict[str, str]]:
    if not stores:
        raise InvalidParameter("Choose at least one store for the events to go into.")
    return [{"Type": "EVENT_DATA_STORE", "Location": one} for one in stores]


def _name(visit: Visit, store_id: str) -> str:
    """The name of a store, its id where whoever looks may not see it."""
    arn = _any(visit, "eventdatastore").removesuffix("*") + store_id
    found = visit.app.stores.find(arn)
    return found.name if found is not None and visit.may("cloudtrail:GetEventDataStore", arn) else store_id


def _any(visit: Visit, kind: str) -> str:
    return f"arn:{partition(visit.region)}:cloudtrail:{visit.region}:{visit.account_id}:{kind}/*"


ROUTES = (
    ("GET", "/stores/channels", show_list),
    ("GET", "/stores/channels/new", new),
    ("POST", "/stores/channels/new", create),
    ("GET", "/stores/channels/{channel}", show),
    ("POST", "/stores/channels/{channel}", change),
)
