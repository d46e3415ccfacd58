"""A read-only Iceberg REST catalog: the tables of the stores that the caller may query, as the lake has them.

Nothing is copied: what is loaded is the lake's own metadata, and its files are read where they lie, so that whoever
reads must reach the lake's folder by the same path. What would write is refused. Source: Apache Iceberg,
``open-api/rest-catalog-open-api.yaml``; RFC 6749, section 4.4, for tokens.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from trailmere import errors
from trailmere.api.errors import fault_of
from trailmere.api.journal import Journal
from trailmere.api.request import Reply, Request
from trailmere.connect.callers import Callers, credentials_of, namespace, readable
from trailmere.connect.tokens import SECONDS

if TYPE_CHECKING:
    from trailmere.access.records import Identity
    from trailmere.api.call import Call
    from trailmere.app import App
    from trailmere.lake.locks import Shared
    from trailmere.registry.records import EventDataStore

PATH = "/iceberg/v1"
MOST_LEASES = 256  # snapshots that are kept for clients at once: each is an open file
READING = (
    "GET /v1/{prefix}/namespaces",
    "GET /v1/{prefix}/namespaces/{namespace}",
    "HEAD /v1/{prefix}/namespaces/{namespace}",
    "GET /v1/{prefix}/namespaces/{namespace}/tables",
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics",
)
# our error -> status and the specification's type; a class without a row goes by that of its base
ERRORS: Mapping[type[errors.TrailmereError], tuple[int, str]] = {
    errors.TrailmereError: (500, "InternalServerError"),
    errors.InvalidParameter: (400, "BadRequestException"),
    errors.AuthenticationFailed: (401, "NotAuthorizedException"),
    errors.AccessError: (403, "ForbiddenException"),
    errors.StoreError: (404, "NoSuchTableException"),
}


log = logging.getLogger(__name__)


class IcebergDoor:
    """Answers Iceberg's engines over an App. ``sink`` takes the event of each load; without one, the App's own."""

    def __init__(self, app: App, callers: Callers, sink: Callable[[bytes], object] | None = None) -> None:
        self._app = app
        self._callers = callers
        self._journal = Journal(sink or app.audit.record)
        self._leases = Leases()

    def answer(self, request: Request) -> Reply:
        """The reply to a request; every error is one, too."""
        parts = [unquote(part) for part in request.path.removeprefix(PATH).strip("/").split("/")]
        if parts == ["oauth", "tokens"] and request.method == "POST":
            return self._token(request)
        try:
            return self._answer(request, parts, self._callers.identify(request))
        except errors.TrailmereError as error:
            return _refusal(error)

    def close(self) -> None:
        """Let go of the snapshots."""
        self._leases.free_all()

    def _answer(self, request: Request, parts: list[str], identity: Identity) -> Reply:
        call = self._callers.call(request, identity, "GetEventDataStore", {})
        own, reading = namespace(identity.account_id), request.method in ("GET", "HEAD")
        match parts:
            case ["config"] if reading:
                return _json({"defaults": {}, "overrides": {}, "endpoints": list(READING)})
            case ["namespaces"] if reading:
                inner = "parent" in parse_qs(request.query)
                return _json({"namespaces": [] if inner else [[own]]})
            case ["namespaces", name, *_] if name != own:
                return _error(404, "NoSuchNamespaceException", f"Namespace does not exist: {name}")
            case ["namespaces", _] if reading:
                properties = {"account": identity.account_id, "region": call.region}
                return _json({"namespace": [own], "properties": properties})
            case ["namespaces", _, "tables"] if reading:
                listed = [{"namespace": [own], "name": store.name} for store in readable(call)]
                return _json({"identifiers": listed})
            case ["namespaces", _, "tables", table] if reading:
                return self._table(request, call, table)
            case ["namespaces", _, "tables", _, "metrics"] if request.method == "POST":
                return Reply(204, {}, b"")
            case ["namespaces", _, "views"] if reading:
                return _json({"identifiers": []})
            case ["namespaces", _, "views", view] if reading:
                return _error(404, "NoSuchViewException", f"View does not exist: {view}")
        if reading:
            return _error(404, "NotFoundException", "There is nothing at this path.")
        return _error(406, "UnsupportedOperationException", "The catalog is read-only: events come in by ingestion.")

    def _table(self, request: Request, call: Call, name: str) -> Reply:
        """A table's metadata, leased for as long as a token lives. A HEAD is not written down: it tells a name."""
        store = next((one for one in readable(call) if name in (one.name, one.id)), None)
        if store is None:
            raise errors.StoreNotFound(f"Table does not exist: {namespace(call.account_id)}.{name}")
        if request.method == "HEAD":
            return Reply(204, {}, b"")
        loading = self._callers.call(request, call.identity, "GetEventDataStore", {"EventDataStore": store.arn})
        location, metadata = self._noted(loading, partial(self._load, store))
        return _json({"metadata-location": location, "metadata": metadata, "config": {}})

    def _load(self, store: EventDataStore) -> tuple[str, dict[str, Any]]:
        """Where a table's metadata lies, and what it says; its present snapshot stays as long as a token lives."""
        while True:
            location, metadata = self._app.lake.metadata(store.id)
            snapshot_id = metadata.get("current-snapshot-id")
            if snapshot_id in (None, -1):  # nothing was ever written
                return location, metadata
            if self._leases.keep(store.id, snapshot_id, partial(self._app.lake.lease, store.id, snapshot_id)):
                return location, metadata

    def _noted(self, call: Call, load: Callable[[], tuple[str, dict[str, Any]]]) -> tuple[str, dict[str, Any]]:
        try:
            loaded = load()
        except errors.TrailmereError as error:
            self._journal.record(call, fault_of(error, call.operation))
            raise
        self._journal.record(call, {})
        return loaded

    def _token(self, request: Request) -> Reply:
        """RFC 6749, section 4.4: a token for an access key, which comes in the form or as HTTP Basic."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode(errors="replace")).items()}
        if form.get("grant_type") != "client_credentials":
            return _oauth_error(400, "unsupported_grant_type", "expected client_credentials")
        try:
            scheme, _, rest = request.header("authorization").partition(" ")
            basic = scheme.lower() == "basic"
            id, secret = credentials_of(rest) if basic else (form.get("client_id", ""), form.get("client_secret", ""))
            token = self._callers.tokens.issue(id, secret, request.arrived)
        except errors.AuthenticationFailed as error:
            return _oauth_error(401, "invalid_client", error.message)
        return _json(
            {"access_token": token, "token_type": "bearer", "expires_in": SECONDS, "scope": "catalog"},
            {"cache-control": "no-store"},
        )


@dataclass(slots=True)
class _Kept:
    lease: Shared
    until: float


class Leases:
    """Snapshots that clients have loaded stay readable for an hour after they were loaded last."""

    def __init__(self, seconds: float = SECONDS, most: int = MOST_LEASES) -> None:
        self._seconds = seconds
        self._most = most
        self._kept: dict[tuple[str, int], _Kept] = {}  # the one loaded longest ago first
        self._lock = threading.Lock()

    def keep(self, store_id: str, snapshot_id: int, lease: Callable[[], Shared | None]) -> bool:
        """Keep a snapshot, with ``lease`` where it is not kept yet; False where that came too late."""
        now, key = time.monotonic(), (store_id, snapshot_id)
        with self._lock:
            held = self._kept.pop(key, None)
            shared = held.lease if held is not None else lease()
            if shared is None:
                return False
            self._kept[key] = _Kept(shared, now + self._seconds)
            for old, one in list(self._kept.items()):
                if one.until > now and len(self._kept) <= self._most:
                    break
                self._kept.pop(old).lease.free()
        return True

    def free_all(self) -> None:
        """Keep nothing any more."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].lease.free()


def _json(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(200, {"content-type": "application/json", **(headers or {})}, json.dumps(body).encode())


def _refusal(error: errors.TrailmereError) -> Reply:
    status, kind = ERRORS[next(kind for kind in type(error).__mro__ if kind in ERRORS)]
    if status == 500:
        log.error("a table could not be told of", exc_info=error)
    message = "An internal failure; the server's log has it." if status == 500 else error.message
    return _error(status, kind, message)


def _error(status: int, kind: str, message: str) -> Reply:
    """An ``IcebergErrorResponse``."""
    body = {"error": {"message": message, "type": kind, "code": status}}
    return Reply(status, {"content-type": "application/json"}, json.dumps(body).encode(), kind)


def _oauth_error(status: int, code: str, message: str) -> Reply:
    body = {"error": code, "error_description": message}
    return Reply(status, {"content-type": "application/json"}, json.dumps(body).encode(), code)
