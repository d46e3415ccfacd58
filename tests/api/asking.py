"""What the tests of events that are brought share: queries through a client, and events from outside of AWS."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.query.background import PATIENCE_SECONDS

ACTIVITY_SELECTORS = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["ActivityAuditLog"]}]}]


def rows(client: Any, statement: str) -> list[dict[str, str]]:
    """All rows of a query, page by page."""
    query_id = client.start_query(QueryStatement=statement)["QueryId"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (page := client.get_query_results(QueryId=query_id))["QueryStatus"] in ("QUEUED", "RUNNING"):
        assert time.monotonic() < deadline, page
        time.sleep(0.05)
    assert page["QueryStatus"] == "FINISHED", page
    found = page["QueryResultRows"]
    while token := page.get("NextToken"):
        page = client.get_query_results(QueryId=query_id, NextToken=token)
        found += page["QueryResultRows"]
    return [{name: value for cell in row for name, value in cell.items()} for row in found]


def a_store_of_activity(client: Any, name: str = "doors") -> str:
    """The ARN of a new store that channels may bring events into."""
    made = client.create_event_data_store(
        Name=name,
        AdvancedEventSelectors=ACTIVITY_SELECTORS,
        MultiRegionEnabled=False,
        TerminationProtectionEnabled=False,
    )
    return str(made["EventDataStoreArn"])


def destination(store: str, kind: str = "EVENT_DATA_STORE") -> list[dict[str, str]]:
    """``Destinations`` of a channel."""
    return [{"Type": kind, "Location": store}]


def a_channel(client: Any, store: str, name: str = "from-doors", source: str = "Custom", **more: Any) -> str:
    """The ARN of a new channel into a store."""
    made = client.create_channel(Name=name, Source=source, Destinations=destination(store), **more)
    return str(made["ChannelArn"])


def an_event(id: str, account: str, **members: Any) -> dict[str, str]:
    """An event as PutAuditEvents takes it."""
    data = {
        "version": "1",
        "userIdentity": {"type": "custom", "principalId": "p-7", "details": {"team": "blue"}},
        "eventSource": "door.example",
        "eventName": "DoorOpened",
        "eventTime": "2026-03-01T08:00:00Z",
        "UID": f"u-{id}",
        "requestParameters": {"door": "7"},
        "recipientAccountId": account,
        **members,
    }
    return {"id": id, "eventData": json.dumps(data)}
