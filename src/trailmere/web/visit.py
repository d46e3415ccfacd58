"""One visit of a page: who looks, at what, with which filters; and what a page gives back.

A page asks through ``Visit``: operations of AWS (``perform``) and statements (``run``), judged and noted as the calls
of any client. It never reaches into a room for what an operation tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from trailmere.access.evaluate import EVERYTHING, Question
from trailmere.api.call import Call, tag_context
from trailmere.api.errors import Fault
from trailmere.api.model import CLOUDTRAIL, operations
from trailmere.api.operations.queries import CallCatalog
from trailmere.errors import AccessDenied, InvalidParameter, TrailmereError
from trailmere.registry.records import Status
from trailmere.web.ranges import DEFAULT, TimeRange, read_range, read_zone

if TYPE_CHECKING:
    from trailmere.access.console import Person
    from trailmere.api.dispatch import Dispatcher
    from trailmere.api.request import Request
    from trailmere.app import App
    from trailmere.query.records import ResultSet
    from trailmere.query.service import Explanation
    from trailmere.registry.records import EventDataStore

BASE = "/console"
SEARCHABLE = (Status.ENABLED, Status.STOPPED_INGESTION)
KEPT = ("range", "tz")  # of the query string: what every link takes along


@dataclass(frozen=True, slots=True)
class Page:
    """HTML from a template. ``status`` is HTTP's."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Redirect:
    """Elsewhere, after something was done. ``said`` is shown there once, but for where a session begins: ``token``.
    ``begun`` is what a browser comes back with, of a sign-in that takes more than one request."""

    location: str
    said: str = ""
    token: str | None = field(default=None, repr=False)
    begun: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Download:
    """A file, or data for an island (``name`` empty). ``begun`` as of a Redirect."""

    body: bytes
    media_type: str
    name: str = ""
    begun: str = field(default="", repr=False)


Answer = Page | Redirect | Download


class Visit:
    """A request of somebody who is signed in."""

    def __init__(
        self, app: App, dispatcher: Dispatcher, request: Request, person: Person, values: Mapping[str, str], nonce: str
    ) -> None:
        """``values``: the parts of the path that the route names."""
        self.app = app
        self.request = request
        self.person = person
        self.values = values
        self.nonce = nonce
        self._dispatcher = dispatcher

    # -- what was asked ------------------------------------------------------------------------------------------------

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The query string, in order."""
        return _pairs(self.request.query, 500)

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The fields of a form that was sent."""
        if self.request.media_type != "application/x-www-form-urlencoded":
            return []
        return _pairs(self.request.body.decode("utf-8", "replace"), 2000)

    def arg(self, name: str, default: str = "") -> str:
        """The first value of the query string under a name."""
        return next((value for key, value in self.query if key == name), default)

    def args(self, name: str) -> list[str]:
        """All of them."""
        return [value for key, value in self.query if key == name]

    def field(self, name: str, default: str = "") -> str:
        """The first field of the form under a name."""
        return next((value for key, value in self.form if key == name), default)

    def fields(self, name: str) -> list[str]:
        """All of them."""
        return [value for key, value in self.form if key == name]

    @property
    def is_part(self) -> bool:
        """Whether htmx asks, for a part of the page."""
        return self.request.header("hx-request") == "true"

    @property
    def path(self) -> str:
        """The path that is looked at."""
        return self.request.path.partition("?")[0]

    @cached_property
    def zone(self) -> tzinfo:
        """In which times are shown."""
        return read_zone(self.arg("tz"))

    @cached_property
    def range(self) -> TimeRange:
        """The time range of the page. Raises InvalidParameter."""
        return read_range(self.arg("range", DEFAULT) or DEFAULT, self.request.arrived, self.zone)

    def link(self, path: str, *pairs: tuple[str, object], **given: object) -> str:
        """A link that takes range and zone along; ``given`` and ``pairs`` add to the query string, None leaves out."""
        kept = [(name, self.arg(name)) for name in KEPT if self.arg(name) and name not in given]
        added = [(name, str(value)) for name, value in (*given.items(), *pairs) if value is not None]
        text = urlencode(kept + added)
        return f"{BASE}{path}{'?' if text else ''}{text}"

    def here(self, *add: tuple[str, str], without: Sequence[str] = (), **given: object) -> str:
        """A link to this page with some of its query changed. ``without``: names to drop; ``given``: to replace."""
        rest = [(name, value) for name, value in self.query if name not in given and name not in without]
        added = [(name, str(value)) for name, value in given.items() if value is not None]
        text = urlencode([*rest, *added, *add])
        return f"{self.path}{'?' if text else ''}{text}"

    def here_without(self, name: str, value: str) -> str:
        """A link to this page without one pair of its query."""
        text = urlencode([pair for pair in self.query if pair != (name, value)])
        return f"{self.path}{'?' if text else ''}{text}"

    # -- who asks, and may they ----------------------------------------------------------------------------------------

    @property
    def account_id(self) -> str:
        """The account of whoever looks."""
        return self.person.identity.account_id

    @property
    def region(self) -> str:
        """The Region of the server."""
        return self.app.settings.region

    def may(self, action: str, resource: str = EVERYTHING) -> bool:
        """Whether the person may do ``cloudtrail:StartQuery`` (an action of policies) to an ARN."""
        return self.app.access.may(self._question(action, resource))

    def allow(self, action: str, resource: str = EVERYTHING) -> None:
        """Raises AccessDenied unless they may."""
        self.app.access.check(self._question(action, resource))

    def _question(self, action: str, resource: str) -> Question:
        return Question(self.person.identity, action, resource, self._call("ListTrails", {}).context())

    # -- asking --------------------------------------------------------------------------------------------------------

    def perform(self, operation: str, **given: Any) -> Mapping[str, Any]:
        """The output members of an operation of CloudTrail; None is as good as not given. Raises Fault."""
        members = {name: value for name, value in given.items() if value is not None}
        return self._dispatcher.perform(self._call(operation, members))

    def run(self, statement: str, *, rows: int | None = None) -> ResultSet:
        """The answer to a statement over stores that the person may query, at once. Noted as StartQuery.

        Raises QueryError and its kin, AccessDenied, StoreNotFound.
        """
        call = self._call("StartQuery", {"QueryStatement": statement})
        try:
            answer = self.app.queries.run(statement, rows=rows, catalog=CallCatalog(call, self.account_id))
        except TrailmereError as error:
            code = "AccessDeniedException" if isinstance(error, AccessDenied) else "InvalidQueryStatementException"
            self._dispatcher.journal.record(call, Fault(code, error.message))
            raise
        self._dispatcher.journal.record(call, {})
        return answer

    def explain(self, statement: str) -> Explanation:
        """What a statement would read, of stores that the person may query. Reads nothing, so nothing is noted.

        Raises QueryError and its kin, AccessDenied, StoreNotFound.
        """
        return self.app.queries.explain(statement, catalog=self.catalog())

    def catalog(self) -> CallCatalog:
        """The stores that the person may query, by every name that a statement has for them."""
        return CallCatalog(self._call("StartQuery", {}), self.account_id)

    def stores(self) -> list[EventDataStore]:
        """The stores of the account that can be queried, and that the person may query, by name."""
        call = self._call("ListEventDataStores", {})
        here = self.app.stores_in(self.account_id, self.region).list()
        open_now = [one for one in here if one.status in SEARCHABLE]
        return sorted((one for one in open_now if _may_query(call, one)), key=lambda one: one.name)

    def note(
        self,
        source: str,
        name: str,
        given: Mapping[str, Any],
        fault: Fault | None = None,
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        """Note what AWS has no operation of CloudTrail for, under the name that ``source`` has for it."""
        from trailmere.web.notes import note

        note(self._dispatcher.journal, self._call("ListTrails", {}), source, name, given, fault, answer)

    def _call(self, operation: str, members: Mapping[str, Any]) -> Call:
        request = self.request
        return Call(
            operation=operations(CLOUDTRAIL)[operation],
            input=members,
            identity=self.person.identity,
            region=self.region,
            app=self.app,
            request_id=request.id,
            source_address=request.source_address,
            user_agent=request.header("user-agent"),
            secure=request.secure,
            when=request.arrived,
        )


def _pairs(text: str, most: int) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=most)
    except ValueError:
        raise InvalidParameter(f"expected at most {most} fields") from None


def _may_query(call: Call, store: EventDataStore) -> bool:
    told = tag_context("resource", store.tags)
    return all(call.may(store.arn, action, told) for action in ("cloudtrail:StartQuery", "cloudtrail:GetQueryResults"))
