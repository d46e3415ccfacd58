"""The clients of a load run: boto3 in processes of threads, each doing one thing, judging every answer it gets.

A call without an answer is repeated, the same call; so is one that the server had no room for. All else that is not as
it must be is written down as wrong, and the client goes on.
"""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from benchmarks import serve_world as world

if TYPE_CHECKING:
    from benchmarks.serve_world import Told

# What every ten clients do; those of fewer are the first.
ROLES = ("push", "known", "push", "pushed", "lookup", "lists", "push", "known", "push", "push")
NO_ROOM = ("MaxConcurrentQueriesException", "ThrottlingException", "ServiceUnavailableException", "ServiceUnavailable")
PAUSE_SECONDS = 0.1  # before a call is repeated, and at most between two looks at a query
PATIENCE_SECONDS = 120.0
AGAIN = 0.05  # of the calls that were acknowledged: made again, for the same answer


@dataclass
class Shared:
    """What the processes of a run have in common."""

    sent: Synchronized[int]  # events that were sent, or are about to be
    acknowledged: Synchronized[int]
    rounds: Synchronized[int]  # that clients have ended
    half: Event  # set at half of the rounds, where their number is the bound
    ready: Barrier


@dataclass(frozen=True, slots=True)
class Bound:
    """When a client ends: after a time, or after so many rounds of what it does."""

    clients: int
    seconds: float | None = None
    rounds: int | None = None


@dataclass
class Journal:
    """What the clients of a process saw. ``calls``: operation, begun, ended, and the kind of error or "".

    ``acknowledged``: client, call, the event ids in the order of the events.
    """

    calls: list[tuple[str, float, float, str]] = field(default_factory=list)
    acknowledged: list[tuple[int, int, list[str]]] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def right(self, what: str, holds: bool, otherwise: object) -> None:
        """An answer was compared with what it must be."""
        with self.lock:
            self.checked[what] = self.checked.get(what, 0) + 1
            if not holds:
                self.wrong.append(f"{what}: {otherwise}"[:600])

    def as_json(self) -> str:
        return json.dumps({name: getattr(self, name) for name in asdict(Seen())})


@dataclass(frozen=True, slots=True)
class Seen:
    """A journal that was read: the same, of all processes."""

    calls: list[tuple[str, float, float, str]] = field(default_factory=list)
    acknowledged: list[tuple[int, int, list[str]]] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        found = json.loads(path.read_bytes())
        for name in ("calls", "acknowledged", "request_ids", "wrong"):
            getattr(self, name).extend(found[name])
        for what, count in found["checked"].items():
            self.checked[what] = self.checked.get(what, 0) + count


class GivenUp(Exception):
    """A call was repeated for too long."""


class Client:
    """One client: its connections, and what it does again and again (``ROLES``)."""

    def __init__(self, number: int, told: Told, shared: Shared, journal: Journal, session: Any) -> None:
        self.number = number
        self.told = told
        self.shared = shared
        self.journal = journal
        self.rng = Random(f"{told.seed} client {number}")
        self.trail = self._client(session, "cloudtrail")
        self.data = self._client(session, "cloudtrail-data")
        self.rounds = 0
        self.do: Callable[[], None] = getattr(self, ROLES[number % len(ROLES)])

    def _client(self, session: Any, service: str) -> Any:
        return session.client(
            service,
            endpoint_url=self.told.address,
            region_name=world.REGION,
            aws_access_key_id=self.told.access_key_id,
            aws_secret_access_key=self.told.secret_access_key,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=PATIENCE_SECONDS),
        )

    def run(self, bound: Bound) -> None:
        """Until the end."""
        until = None if bound.seconds is None else time.monotonic() + bound.seconds
        while (until is None or time.monotonic() < until) and (bound.rounds is None or self.rounds < bound.rounds):
            try:
                self.do()
            except GivenUp as error:
                self.journal.right("a call is answered", False, error)
                return
            except (LookupError, TypeError, ValueError):  # an answer without what it must have
                self.journal.right("an answer has its members", False, traceback.format_exc())
            self.rounds += 1
            self._count(bound)

    def _count(self, bound: Bound) -> None:
        with self.shared.rounds.get_lock():
            self.shared.rounds.value += 1
            if bound.rounds is not None and self.shared.rounds.value * 2 >= bound.rounds * bound.clients:
                self.shared.half.set()

    # -- calls ---------------------------------------------------------------------------------------------------------

    def call(self, operation: str, function: Callable[..., Any], **arguments: Any) -> Any:
        """The answer to a call, which is repeated until there is one. Raises GivenUp."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            began = time.monotonic()
            try:
                answer = function(**arguments)
            except ClientError as error:
                kind = error.response["Error"]["Code"]
                self.journal.right("an error is one of too much at once", kind in NO_ROOM, f"{operation}: {error}")
            except BotoCoreError as error:
                kind = type(error).__name__
            else:
                self._note(operation, began, "")
                self.journal.request_ids.append(answer["ResponseMetadata"]["RequestId"])
                return answer
            self._note(operation, began, kind)
            if time.monotonic() > deadline:
                raise GivenUp(f"{operation}: {kind} for {PATIENCE_SECONDS:g} seconds")
            time.sleep(PAUSE_SECONDS)

    def _note(self, operation: str, began: float, kind: str) -> None:
        self.journal.calls.append((operation, began, time.monotonic(), kind))

    def ask(self, statement: str) -> list[dict[str, str]]:
        """The rows of a query, all pages."""
        began = time.monotonic()
        id = self.call("StartQuery", self.trail.start_query, QueryStatement=statement)["QueryId"]
        pause = 0.01
        while (found := self.call("DescribeQuery", self.trail.describe_query, QueryId=id))["QueryStatus"] in (
            "QUEUED",
            "RUNNING",
        ):
            time.sleep(pause)
            pause = min(PAUSE_SECONDS, pause * 2)
        status = found["QueryStatus"]
        self.journal.right("a query finishes", status == "FINISHED", f"{statement}: {status} {found}")
        rows = self._pages(id) if status == "FINISHED" else []
        self._note("a query, from StartQuery to its last row", began, "")
        return rows

    def _pages(self, id: str) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = []
        more: dict[str, str] = {}
        while True:
            page = self.call("GetQueryResults", self.trail.get_query_results, QueryId=id, **more)
            rows += [{name: value for cell in row for name, value in cell.items()} for row in page["QueryResultRows"]]
            if "NextToken" not in page:
                return rows
            more = {"NextToken": page["NextToken"]}

    # -- what clients do -----------------------------------------------------------------------------------------------

    def push(self) -> None:
        """Bring the events of one call; now and then the call is made again after its answer, for the same answer."""
        data = world.pushed_data(self.told.seed, self.number, self.rounds)
        self._add(self.shared.sent, len(data))
        ids = self._put(data)
        self._add(self.shared.acknowledged, len(data))
        self.journal.acknowledged.append((self.number, self.rounds, ids))
        if self.rng.random() < AGAIN:
            again = self._put(data)
            self.journal.right("a call that is made again is answered alike", again == ids, f"{again} after {ids}")
        if self.rng.random() < AGAIN:
            self._look_for(self.rng.choice(ids))

    def _put(self, data: list[dict[str, Any]]) -> list[str]:
        events = world.presented(data)
        answer = self.call(
            "PutAuditEvents", self.data.put_audit_events, channelArn=self.told.channel, auditEvents=events
        )
        given = {one["id"]: one["eventID"] for one in answer["successful"]}
        taken = not answer["failed"] and list(given) == [one["id"] for one in events]
        self.journal.right("every event is taken", taken, answer)
        return list(given.values())

    def _look_for(self, id: str) -> None:
        rows = self.ask(f"SELECT eventID FROM {self.told.pushed} WHERE eventID = '{id}'")
        self.journal.right("an acknowledged event is found once", rows == [{"eventID": id}], f"{id}: {rows}")

    @staticmethod
    def _add(counter: Synchronized[int], count: int) -> None:
        with counter.get_lock():
            counter.value += count

    def pushed(self) -> None:
        """Count what is being pushed: at least what was acknowledged before, at most what was sent by then."""
        least = self.shared.acknowledged.value
        [row] = self.ask(f"SELECT count(*) AS n, count(DISTINCT eventID) AS m FROM {self.told.pushed}") or [{}]
        most = self.shared.sent.value
        count = int(row.get("n", -1))
        self.journal.right("a count is between acknowledged and sent", least <= count <= most, (least, row, most))
        self.journal.right("no event is counted twice", row.get("m") == row.get("n"), row)

    def known(self) -> None:
        """Ask the store of known content."""
        statement, expected = question(self.rng, known_of(self.told), self.told.known)
        rows = self.ask(statement)
        self.journal.right("the answer of the known store", rows == expected, f"{statement}: {rows[:5]}")

    def lookup(self) -> None:
        """LookupEvents: one name within some hours, all pages; or one event."""
        events = known_of(self.told)
        at = self.rng.randrange(len(events) - 1000)
        if self.rng.random() < 0.5:
            found = self._lookup("EventId", events[at].id)
            self.journal.right("LookupEvents of an id", found == [events[at].id], f"{events[at].id}: {found}")
            return
        some, name = events[at : at + 1000], self.rng.choice(world.NAMES)
        found = self._lookup("EventName", name, StartTime=some[0].time, EndTime=some[-1].time)
        expected = [event.id for event in reversed(some) if event.name == name]
        self.journal.right("LookupEvents of a name", found == expected, f"{name} at {some[0].time}: {found[:5]}")

    def _lookup(self, key: str, value: str, **more: Any) -> list[str]:
        found: list[str] = []
        while True:
            attributes = [{"AttributeKey": key, "AttributeValue": value}]
            page = self.call("LookupEvents", self.trail.lookup_events, LookupAttributes=attributes, **more)
            found += [event["EventId"] for event in page["Events"]]
            if "NextToken" not in page:
                return found
            more["NextToken"] = page["NextToken"]

    def lists(self) -> None:
        """One list or record of the control plane."""
        trail, told = self.trail, self.told
        match self.rng.randrange(4):
            case 0:
                stores = self.call("ListEventDataStores", trail.list_event_data_stores)["EventDataStores"]
                names = {one["Name"] for one in stores} - {"trailmere-activity"}
                self.journal.right("the stores", names == {world.KNOWN, world.PUSHED}, names)
            case 1:
                store = self.call("GetEventDataStore", trail.get_event_data_store, EventDataStore=told.pushed)
                self.journal.right("a store", store["Name"] == world.PUSHED, store)
            case 2:
                channels = self.call("ListChannels", trail.list_channels)["Channels"]
                self.journal.right("the channels", [one["ChannelArn"] for one in channels] == [told.channel], channels)
            case 3:
                queries = self.call("ListQueries", trail.list_queries, EventDataStore=told.known, MaxResults=50)
                ids = [one["QueryId"] for one in queries["Queries"]]
                self.journal.right("the queries", len(set(ids)) == len(ids) <= 50, ids)


_KNOWN: list[world.Known] = []


def known_of(told: Told) -> list[world.Known]:
    """The content of the known store, made once for a process."""
    if not _KNOWN:
        _KNOWN.extend(world.known_events(told.start))
    return _KNOWN


def question(rng: Random, events: list[world.Known], store: str) -> tuple[str, list[dict[str, str]]]:
    """A statement over the known store, and its rows."""
    one, name = rng.choice(events), rng.choice(world.NAMES)
    match rng.randrange(5):
        case 0:
            counts = _counts([event.name for event in events])
            return (
                f"SELECT eventName, count(*) AS n FROM {store} GROUP BY eventName ORDER BY eventName",
                [{"eventName": key, "n": str(counts[key])} for key in sorted(counts)],
            )
        case 1:
            return (
                f"SELECT eventName, sourceIPAddress FROM {store} WHERE eventID = '{one.id}'",
                [{"eventName": one.name, "sourceIPAddress": one.address}],
            )
        case 2:
            until = one.time + timedelta(hours=1)
            inside = sum(one.time <= event.time < until for event in events)
            window = f"eventTime >= '{one.time:%Y-%m-%d %H:%M:%S}' AND eventTime < '{until:%Y-%m-%d %H:%M:%S}'"
            return f"SELECT count(*) AS n FROM {store} WHERE {window}", [{"n": str(inside)}]
        case 3:
            counts = _counts([event.user for event in events if event.name == name])
            top = sorted(counts, key=lambda user: (-counts[user], user))[:10]
            return (
                f"SELECT userIdentity.userName AS who, count(*) AS n FROM {store} WHERE eventName = '{name}' "
                "GROUP BY userIdentity.userName ORDER BY n DESC, who LIMIT 10",
                [{"who": user, "n": str(counts[user])} for user in top],
            )
        case _:
            return (
                f"SELECT eventID FROM {store} ORDER BY eventTime LIMIT 2500",
                [{"eventID": event.id} for event in events[:2500]],
            )


def _counts(values: list[str]) -> dict[str, int]:
    return {value: values.count(value) for value in set(values)}


def serve_clients(numbers: list[int], told: Told, shared: Shared, bound: Bound, out: Path) -> None:
    """A process of clients: one thread each; writes its journal when all have ended."""
    session, journal = boto3.session.Session(), Journal()
    known_of(told)
    clients = [Client(number, told, shared, journal, session) for number in numbers]
    shared.ready.wait()
    threads = [threading.Thread(target=client.run, args=(bound,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out.write_text(journal.as_json())
