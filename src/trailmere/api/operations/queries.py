"""Queries: StartQuery and the four operations on what it started. They run in ``trailmere.query.jobs``.

A query is seen by whoever may see the stores that it reads. One that reads another account's stores is seen from that
account, and by the account that asked; to everybody else it is not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trailmere.api.paging import place, token
from trailmere.app import StoreCatalog
from trailmere.dashboards.records import WIDGETS
from trailmere.errors import InvalidParameter, QueryNotFound
from trailmere.query.jobs import Asked
from trailmere.registry.query_records import QueryStatus
from trailmere.registry.records import Operation, status_after

if TYPE_CHECKING:
    from trailmere.api.call import Call
    from trailmere.query.records import StoreEntry
    from trailmere.registry.query_records import Query
    from trailmere.registry.stores import EventDataStore, StoreRegistry

SHOWN_BY = frozenset({"DescribeQuery", "GetQueryResults"})  # what a dashboard that is shared lets others do
MOST_ROWS = 1000
MOST_LISTED = 1000
_ID_OR_ARN = re.compile(r"arn:.*|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


def start(call: Call) -> Mapping[str, Any]:
    """StartQuery."""
    owner = _owner(call)
    asked = Asked(
        account_id=owner,
        region=call.region,
        asked_by=call.identity.arn,
        asked_by_account=call.account_id,
        statement=call.input.get("QueryStatement"),
        alias=call.input.get("QueryAlias"),
        parameters=tuple(call.input.get("QueryParameters", ())),
        delivery_uri=call.input.get("DeliveryS3Uri"),
    )

    def allow(store_ids: tuple[str, ...]) -> None:
        if not store_ids:  # those that there are were allowed when the catalog gave them
            call.allow()

    query = call.app.jobs.start(asked, CallCatalog(call, owner), allow)
    return {"QueryId": query.id, "EventDataStoreOwnerAccountId": query.account_id}


def describe(call: Call) -> Mapping[str, Any]:
    """DescribeQuery: by id, or the latest of an alias, or that of one refresh of a dashboard."""
    query = _query(call)
    cost = query.cost
    return {
        "QueryId": query.id,
        "QueryString": query.statement,
        "QueryStatus": query.status,
        "QueryStatistics": {
            "EventsMatched": cost.events_matched,
            "EventsScanned": cost.events_scanned,
            "BytesScanned": cost.bytes_scanned,
            "ExecutionTimeInMillis": cost.milliseconds,
            "CreationTime": query.created,
        },
        "ErrorMessage": query.error_message,
        "DeliveryS3Uri": query.delivery_uri,
        "DeliveryStatus": query.delivery_status,
        "Prompt": query.prompt,
        "EventDataStoreOwnerAccountId": query.account_id,
    }


def results(call: Call) -> Mapping[str, Any]:
    """GetQueryResults: no rows and a token while it runs; no token at the end."""
    query = _query(call)
    page = call.app.jobs.page(query, place(call) or 0, call.input.get("MaxQueryResults", MOST_ROWS))
    return {
        "QueryStatus": query.status,
        "QueryStatistics": {
            "ResultsCount": len(page.rows),
            "TotalResultsCount": 0 if query.answer is None else query.answer.rows,
            "BytesScanned": query.cost.bytes_scanned,
        },
        "QueryResultRows": page.rows,
        "NextToken": None if page.following is None else token(call, page.following),
        "ErrorMessage": query.error_message,
    }


def list_all(call: Call) -> Mapping[str, Any]:
    """ListQueries: those of the last seven days that read a store, newest first."""
    store = _active(call.store(call.input["EventDataStore"]))
    size = call.input.get("MaxResults", MOST_LISTED)
    status = call.input.get("QueryStatus")
    found = call.app.jobs.of_store(
        store.id,
        since=call.input.get("StartTime"),
        until=call.input.get("EndTime"),
        status=None if status is None else QueryStatus(status),
        after=_after(place(call)),
        limit=size + 1,
    )
    more = None
    if len(found) > size:
        last = found[size - 1]
        more = token(call, [last.created.isoformat(), last.id])
    listed = [{"QueryId": one.id, "QueryStatus": one.status, "CreationTime": one.created} for one in found[:size]]
    return {"Queries": listed, "NextToken": more}


def cancel(call: Call) -> Mapping[str, Any]:
    """CancelQuery."""
    query = call.app.jobs.cancel(_query(call).id)
    return {"QueryId": query.id, "QueryStatus": query.status, "EventDataStoreOwnerAccountId": query.account_id}


@dataclass(frozen=True, slots=True)
class CallCatalog:
    """The stores that a call's statement can name: those of one account, in the Region of the call.

    A store that the caller may not do ``action`` to (default: the call's operation) raises AccessDenied; one of another
    account is not there.
    """

    call: Call
    owner: str
    action: str | None = None

    def find(self, name: str) -> StoreEntry | None:
        """By id, ARN or name. Raises AccessDenied, InactiveStore; StoreNotFound for an id or ARN of no store."""
        if _ID_OR_ARN.fullmatch(name):
            found: EventDataStore | None = self.call.store(name, self.action, owner=self.owner)
        elif (found := self._stores.find(name)) is not None:
            self.call.store(found.arn, self.action)
        return None if found is None else StoreCatalog(self.call.app.stores).find(found.arn)

    def names(self) -> tuple[str, ...]:
        """The names of the account's own stores; a stranger is told none."""
        if self.owner != self.call.account_id:
            return ()
        return self._stores.names()

    @property
    def _stores(self) -> StoreRegistry:
        return self.call.app.stores_in(self.owner, self.call.region)


def _owner(call: Call) -> str:
    return str(call.input.get("EventDataStoreOwnerAccountId", call.account_id))


def _query(call: Call) -> Query:
    """The query that the input names, if the caller may see it. Raises AccessDenied, QueryNotFound; and what is wrong
    with the store, where old clients name one."""
    store = call.input.get("EventDataStore")
    named = None if store is None else _active(call.store(store, owner=_owner(call)))
    found = _found(call)
    if found is None or not _is_seen(call, found, named):
        call.allow(call.arn("eventdatastore/*", account_id=_owner(call)))  # who may nothing is told nothing
        raise QueryNotFound(f"there is no query {call.input.get('QueryId') or call.input.get('QueryAlias')}")
    if not found.store_ids:
        call.allow()
    for store_id in found.store_ids:  # which may be another account's, named by its ARN
        known = call.app.stores.find(store_id)
        _active(call.store(store_id if known is None else known.arn, owner=found.account_id))
    return found


def _active(store: EventDataStore) -> EventDataStore:
    status_after(store, Operation.QUERY)
    return store


def _found(call: Call) -> Query | None:
    jobs, query_id, alias = call.app.jobs, call.input.get("QueryId"), call.input.get("QueryAlias")
    try:
        if query_id is not None and alias is None:
            return jobs.get(query_id)
        if alias is not None and query_id is None:
            return jobs.of_alias(_owner(call), alias, call.input.get("RefreshId"))
    except QueryNotFound:
        return None
    raise InvalidParameter("expected a QueryId or a QueryAlias, and one of them only")


def _is_seen(call: Call, query: Query, store: EventDataStore | None) -> bool:
    """Whether it can be the one that is meant: of the Region, of the account, of the store if one is named."""
    if query.region != call.region:
        return False
    if call.account_id not in (query.account_id, query.asked_by_account) and not _is_shown(call, query):
        return False
    if _owner(call) not in (query.account_id, query.asked_by_account):
        return False
    return store is None or not query.store_ids or store.id in query.store_ids


def _is_shown(call: Call, query: Query) -> bool:
    """Whether it may be read as one of a refresh of a dashboard that is shared with the caller. The policies of its
    stores are asked besides."""
    if query.refresh_id is None or query.alias is None or call.operation.name not in SHOWN_BY:
        return False
    name = query.alias.removeprefix(WIDGETS).partition(".")[0]
    return call.may(call.arn(f"dashboard/{name}", account_id=query.account_id), "cloudtrail:GetDashboard")


def _after(place: list[str] | None) -> tuple[datetime, str] | None:
    return None if place is None else (datetime.fromisoformat(place[0]), place[1])


OPERATIONS = {
    "StartQuery": start,
    "DescribeQuery": describe,
    "GetQueryResults": results,
    "ListQueries": list_all,
    "CancelQuery": cancel,
}
