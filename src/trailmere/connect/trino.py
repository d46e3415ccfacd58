"""The Trino client protocol: what ``trino.dbapi``, ``trino://`` of SQLAlchemy, JDBC and the Trino CLI speak.

A statement is StartQuery and GetQueryResults in one: both are asked for each store that it names, and written into the
journal. Rows are streamed from the engine and kept nowhere. Source: Trino developer guide, "Client REST API".
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from trailmere import errors
from trailmere.api.errors import Fault, fault_of, internal_failure
from trailmere.api.journal import Journal
from trailmere.api.operations.queries import CallCatalog
from trailmere.api.request import Reply, Request
from trailmere.connect import metadata
from trailmere.connect.callers import CATALOG, Callers, namespace
from trailmere.connect.trino_execution import Answer, Execution, Page
from trailmere.connect.trino_statements import Understood, understand
from trailmere.connect.trino_values import columns

if TYPE_CHECKING:
    from trailmere.api.call import Call
    from trailmere.app import App
    from trailmere.query.engine import Cancellation
    from trailmere.query.records import StoreEntry

PATH = "/v1/statement"
SILENCE_SECONDS = 300.0  # after which a statement is abandoned: query.client.timeout of Trino
ENDED_SECONDS = 30.0  # for which the last page can be fetched again
LOOK_SECONDS = 5.0
QUOTED = 4  # times the limit of a statement: so long may it be inside of EXECUTE IMMEDIATE, with its parameters
USER_ERROR, INTERNAL_ERROR, INSUFFICIENT_RESOURCES = "USER_ERROR", "INTERNAL_ERROR", "INSUFFICIENT_RESOURCES"

# our error -> Trino's code, name, type (StandardErrorCode); a class without a row goes by that of its base
ERRORS: Mapping[type[errors.TrailmereError], tuple[int, str, str]] = {
    errors.TrailmereError: (65536, "GENERIC_INTERNAL_ERROR", INTERNAL_ERROR),
    errors.InvalidParameter: (0, "GENERIC_USER_ERROR", USER_ERROR),
    errors.QueryError: (0, "GENERIC_USER_ERROR", USER_ERROR),
    errors.StatementInvalid: (1, "SYNTAX_ERROR", USER_ERROR),
    errors.QueryCancelled: (3, "USER_CANCELED", USER_ERROR),
    errors.AccessError: (4, "PERMISSION_DENIED", USER_ERROR),
    errors.StatementNotAllowed: (13, "NOT_SUPPORTED", USER_ERROR),
    errors.StoreError: (46, "TABLE_NOT_FOUND", USER_ERROR),
    errors.MaxConcurrentQueries: (131074, "QUERY_QUEUE_FULL", INSUFFICIENT_RESOURCES),
    errors.QueryLimitExceeded: (131075, "EXCEEDED_TIME_LIMIT", INSUFFICIENT_RESOURCES),
}

log = logging.getLogger(__name__)


class TrinoDoor:
    """Answers Trino's clients over an App. ``sink`` takes the event of each call; without one it is the App's own."""

    def __init__(self, app: App, callers: Callers, sink: Callable[[bytes], object] | None = None) -> None:
        self._app = app
        self._callers = callers
        self._journal = Journal(sink or app.audit.record)
        self._running: dict[str, Execution] = {}
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(app.settings.serve_threads, thread_name_prefix="trino")
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep_watch, name="trino-keeper", daemon=True)
        self._keeper.start()

    def answer(self, request: Request) -> Reply:
        """The reply to a request; every error is one, too."""
        try:
            identity = self._callers.identify(request)
        except errors.AuthenticationFailed as error:
            return Reply(401, {"www-authenticate": 'Basic realm="Trailmere"'}, error.message.encode(), error.code)
        if request.path == PATH and request.method == "POST":
            call = self._callers.call(request, identity, "StartQuery", {})
            return self._start(request, call)
        id, _, rest = request.path.removeprefix(f"{PATH}/").partition("/")
        slug, _, number = rest.partition("/")
        with self._lock:
            execution = self._running.get(id)
        known = execution is not None and execution.owner == identity.arn
        if execution is None or not known or not secrets.compare_digest(slug.encode(), execution.slug.encode()):
            return Reply(404, {}, b"Query not found")
        if request.method == "DELETE":
            self._forget(execution)
            return Reply(204, {}, b"")
        page = execution.page(int(number)) if request.method == "GET" and number.isdigit() else None
        return Reply(410, {}, b"the page is gone") if page is None else _reply(request, execution, page)

    def close(self) -> None:
        """End all statements."""
        self._ended.set()
        self._keeper.join()
        for execution in list(self._running.values()):
            self._forget(execution)
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _start(self, request: Request, call: Call) -> Reply:
        statement = request.body.decode(errors="replace")
        number = secrets.token_hex(5)
        id = f"{call.when:%Y%m%d_%H%M%S}_{number[:5]}_{number[5:]}"
        with self._lock:
            alive = sum(one.account_id == call.account_id and not one.over for one in self._running.values())
            if alive >= self._app.settings.query_concurrent:
                begin: Callable[[Cancellation], Answer] = _too_many
            else:
                begin = partial(self._begin, request, call, statement, id)
            execution = Execution(id, call.identity.arn, call.account_id, begin, self._executor)
            self._running[id] = execution
        return _reply(request, execution, Page(0))

    def _begin(self, request: Request, call: Call, statement: str, id: str, cancellation: Cancellation) -> Answer:
        """What the statement gives. Raises what the rooms raise."""
        if len(statement) > QUOTED * self._app.queries.limits.characters:
            raise errors.QueryLimitExceeded(
                f"the statement has {len(statement):,} characters, which is too many", limit="query_characters"
            )
        understood = understand(statement, request, call)
        if understood.query is None:
            return _told(understood)
        facts = metadata.answer(call, understood.query)
        if facts is not None:
            return _told(Understood(table=facts))
        return self._query(request, call, understood.query, id, cancellation)

    def _query(self, request: Request, call: Call, sql: str, id: str, cancellation: Cancellation) -> Answer:
        start = self._callers.call(request, call.identity, "StartQuery", {"QueryStatement": sql})
        results = self._callers.call(request, call.identity, "GetQueryResults", {"QueryId": id})
        self._noted(start, partial(self._check, start, sql), {"QueryId": id})
        catalog = Stores(results, namespace(call.account_id))
        result = self._noted(
            results, partial(self._app.queries.run, sql, cancellation=cancellation, catalog=catalog), {}
        )
        scanned = (result.statistics.rows_scanned, result.statistics.bytes_scanned)
        return Answer(result.schema, result.batches, scanned=scanned, close=result.close)

    def _check(self, call: Call, sql: str) -> None:
        checked = self._app.queries.check(sql, Stores(call, namespace(call.account_id)))
        if not checked.tables:
            call.allow()

    def _noted(self, call: Call, work: Callable[[], Any], output: Mapping[str, Any]) -> Any:
        """What ``work`` gives, once it is written down that it was asked for, and how it ended."""
        try:
            given = work()
        except errors.TrailmereError as error:
            self._journal.record(call, fault_of(error, call.operation))
            raise
        except Exception:
            self._journal.record(call, internal_failure())
            raise
        self._journal.record(call, output)
        return given

    def _forget(self, execution: Execution) -> None:
        with self._lock:
            self._running.pop(execution.id, None)
        execution.cancel()

    def _keep_watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            now = time.monotonic()
            with self._lock:
                running = list(self._running.values())
            for one in running:
                if now - one.seen > (ENDED_SECONDS if one.over else SILENCE_SECONDS):
                    self._forget(one)


class Stores:
    """The stores that a statement can name: by name, id and ARN, a name also with catalog and schema before it."""

    def __init__(self, call: Call, schema: str) -> None:
        self._stores = CallCatalog(call, call.account_id)
        self._prefixes = (f"{CATALOG}.{schema}.", f"{schema}.")

    def find(self, name: str) -> StoreEntry | None:
        """As ``CallCatalog``."""
        for prefix in self._prefixes:
            if name.lower().startswith(prefix):
                return self._stores.find(name[len(prefix) :])
        return self._stores.find(name)

    def names(self) -> tuple[str, ...]:
        """As ``CallCatalog``."""
        return self._stores.names()


def _too_many(_cancellation: Cancellation) -> Answer:
    raise errors.MaxConcurrentQueries("the account runs as many statements as it may", hint="wait for one to end")


def _told(understood: Understood) -> Answer:
    """An answer that is known without a query."""
    import pyarrow as pa

    if understood.table is None:
        return Answer(None, iter(()), understood.kind, understood.headers)
    facts = understood.table
    cells = list(zip(*facts.rows, strict=True)) or [() for _name in facts.columns]
    arrays = [pa.array(column, None if any(one is not None for one in column) else pa.string()) for column in cells]
    batch = pa.RecordBatch.from_arrays(arrays, names=list(facts.columns))
    return Answer(batch.schema, iter((batch,)))


def _reply(request: Request, execution: Execution, page: Page) -> Reply:
    base = f"{'https' if request.secure else 'http'}://{request.header('host')}"
    answer = page.answer
    body: dict[str, Any] = {
        "id": execution.id,
        "infoUri": f"{base}{PATH}/{execution.id}",
        "stats": _stats(execution, page),
        "warnings": [],
    }
    if not page.last:
        body["nextUri"] = f"{base}{PATH}/{execution.id}/{execution.slug}/{page.number + 1}"
    if page.error is not None:
        body["error"] = _error(page.error)
    if answer is not None and answer.schema is not None:
        body["columns"] = columns(answer.schema)
    if answer is not None and answer.kind is not None:
        body["updateType"] = answer.kind
    if page.rows:
        body["data"] = page.rows
    headers = {"content-type": "application/json", **(answer.headers if answer else {})}
    code = None if page.error is None else body["error"]["errorName"]
    return Reply(200, headers, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(), code)


def _stats(execution: Execution, page: Page) -> dict[str, Any]:
    milliseconds = int((time.monotonic() - execution.began) * 1000)
    rows_scanned, bytes_scanned = page.answer.scanned if page.answer else (0, 0)
    state = "FAILED" if page.error else "FINISHED" if page.last else "QUEUED" if page.number == 0 else "RUNNING"
    return {
        "state": state,
        "queued": page.number == 0,
        "scheduled": page.number > 0,
        "nodes": 1,
        "totalSplits": 1,
        "queuedSplits": 0,
        "runningSplits": int(not page.last),
        "completedSplits": int(page.last),
        "cpuTimeMillis": 0,
        "wallTimeMillis": milliseconds,
        "queuedTimeMillis": 0,
        "elapsedTimeMillis": milliseconds,
        "processedRows": rows_scanned,
        "processedBytes": bytes_scanned,
        "physicalInputBytes": bytes_scanned,
        "peakMemoryBytes": 0,
        "spilledBytes": 0,
    }


def _error(error: Exception) -> dict[str, Any]:
    """An error as Trino's clients know it."""
    if isinstance(error, Fault) or not isinstance(error, errors.TrailmereError):
        log.error("a statement failed", exc_info=error)
        error = errors.TrailmereError("an internal failure; the server's log has it")
    kind = next(kind for kind in type(error).__mro__ if kind in ERRORS)
    code, name, type_name = ERRORS[kind]
    message = error.message if error.hint is None else f"{error.message}: {error.hint}"
    body = {
        "message": message,
        "errorCode": code,
        "errorName": name,
        "errorType": type_name,
        "failureInfo": {"type": type(error).__name__, "message": message, "suppressed": [], "stack": []},
    }
    line, column = getattr(error, "line", None), getattr(error, "column", None)
    if line is not None:
        body["errorLocation"] = {"lineNumber": line, "columnNumber": column or 1}
    return body
