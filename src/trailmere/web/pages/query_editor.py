"""Query, the editor: a statement in the URL, its parameters as fields, what is wrong with it, what it would read; run.

The page of a query that ran has the same editor above its answer (``query_answer``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from trailmere.api.errors import Fault
from trailmere.app import ACTIVITY_STORE
from trailmere.errors import AccessDenied, GenerateQueryRefused, InvalidParameter, QueryError, TrailmereError
from trailmere.web.pages.query_schema import sampled_keys, schema
from trailmere.web.pages.query_text import (
    RANGE,
    Filled,
    conditions_of,
    fill_in,
    laid_out,
    parameter_names,
    range_values,
)
from trailmere.web.visit import Answer, Download, Page, Redirect, Visit

if TYPE_CHECKING:
    from trailmere.query.service import Explanation
    from trailmere.registry.records import EventDataStore

LONGEST_ADDRESS = 6000  # characters
MOST_ASKED = 1000  # characters of a question in a URL
READ = "cloudtrail:SearchSampleQueries"  # whoever may search the samples may read what colleagues saved
PUT = "trailmere:PutSavedQuery"
PARAMETER = "p."  # before the names of parameters in a URL
NOTHING: dict[str, Any] = {"cost": None, "waits": "", "message": "", "hint": "", "problems": "[]"}  # that was found
FIRST = """SELECT eventTime, eventName, eventSource, userIdentity.arn, sourceIPAddress, errorCode
FROM "{store}"
WHERE eventTime >= :from AND eventTime < :to
ORDER BY eventTime DESC
LIMIT 100"""


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the editor: the statement and the values of its parameters."""

    sql: str
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Of the parameters that have fields."""
        return [name for name in parameter_names(self.sql) if name not in RANGE]

    @property
    def uses_range(self) -> bool:
        """Whether the page's time range means anything to it."""
        return any(name in RANGE for name in parameter_names(self.sql))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The values as they stand in a URL."""
        return [(PARAMETER + name, self.given[name]) for name in self.names if self.given.get(name)]

    @property
    def fits_address(self) -> bool:
        """Whether it is short enough for what servers in between take of an address."""
        return len(urlencode([("sql", self.sql), *self.pairs])) <= LONGEST_ADDRESS

    def filled(self, visit: Visit) -> Filled:
        """The statement to run. Raises InvalidParameter for a parameter without a value."""
        return fill_in(self.sql, {**self.given, **range_values(visit.range)})


def draft_of(pairs: Iterable[tuple[str, str]], otherwise: str = "") -> Draft:
    """What a query string or a form has of it."""
    found = list(pairs)
    sql = next((value for name, value in found if name == "sql"), otherwise)
    given = {name.removeprefix(PARAMETER): value for name, value in found if name.startswith(PARAMETER)}
    return Draft(sql.replace("\r\n", "\n"), given)


def show(visit: Visit) -> Page:
    """The editor; of its statement it is said at once what is wrong with it, or what it would read."""
    stores = visit.stores()
    store = usual_store(stores, visit.arg("store"))
    draft = draft_of(visit.query, _first(visit, store))
    context = editor(visit, draft, stores) | {"check": checked(visit, draft)}
    if visit.arg("asked") and context["may_ask"] and store is not None:
        context["question"] = understood(visit, visit.arg("asked"), store.id, draft)
    return Page("query.html", context)


def _first(visit: Visit, store: EventDataStore | None) -> str:
    """What stands in an editor whose address has no statement: the saved query that it names, else a first one."""
    saved = saved_of(visit, Draft(""))
    if saved is not None:
        return str(saved["query"].statement)
    return FIRST.format(store=store.name) if store else ""


def editor(visit: Visit, draft: Draft, stores: Sequence[EventDataStore] | None = None) -> dict[str, Any]:
    """What the templates of the editor need."""
    stores = visit.stores() if stores is None else stores
    return {
        "draft": draft,
        "stores": stores,
        "store": usual_store(stores, visit.arg("store")),
        "schema": script_json(schema(visit)),
        "check": None,
        "answer": None,
        "question": None,
        "asked": visit.arg("asked"),
        "may_ask": visit.may("cloudtrail:GenerateQuery"),
        "may_save": visit.may(PUT),
        "saved": saved_of(visit, draft),
        "unsaved": None,
    }


def saved_of(visit: Visit, draft: Draft) -> dict[str, Any] | None:
    """The saved query that the editor was opened with, and whether the statement was changed since."""
    if not visit.arg("saved") or not visit.may(READ):
        return None
    found = [one for one in visit.app.saved_queries.of_account(visit.account_id) if one.id == visit.arg("saved")]
    return {"query": found[0], "changed": found[0].statement != draft.sql.strip()} if found else None


def usual_store(stores: Sequence[EventDataStore], wanted: str = "") -> EventDataStore | None:
    """The store of this id or name; else one of CloudTrail events that is not about ourselves."""
    named = next((one for one in stores if wanted and wanted in (one.id, one.name)), None)
    events = [one for one in stores if one.family == "cloudtrail"]
    others = [one for one in events if one.name != ACTIVITY_STORE]
    return named or next(iter(others or events or stores), None)


def run(visit: Visit) -> Answer:
    """Start the query, and go to where its answer will be; to the editor where it cannot be run."""
    draft = draft_of(visit.form)
    try:
        started = visit.perform("StartQuery", QueryStatement=draft.filled(visit).text)
    except (Fault, InvalidParameter) as error:
        if isinstance(error, Fault) and error.code == "AccessDeniedException":
            raise
        found = checked(visit, draft)
        if (found is None or not found["cost"]) and draft.fits_address:  # the page tells again what it is
            return Redirect(visit.link("/query", ("sql", draft.sql), *draft.pairs))
        check = said(error) if found is None or found["cost"] else found
        return Page("query.html", editor(visit, draft) | {"check": check}, 400)
    more = [("sql", draft.sql), *draft.pairs] if parameter_names(draft.sql) and draft.fits_address else []
    return Redirect(visit.link(f"/query/{started['QueryId']}", *more))


def check(visit: Visit) -> Page:
    """The part beside the button: what is wrong with the statement, or what it would read."""
    draft = draft_of(visit.form)
    context = {"check": checked(visit, draft), "draft": draft, "known": visit.field("known").split()}
    return Page("query_check.html", context)


def checked(visit: Visit, draft: Draft) -> dict[str, Any] | None:
    """What the check found: ``message`` and ``problems`` with their places, or ``cost``; None for an empty editor."""
    if not draft.sql.strip():
        return None
    try:
        filled = draft.filled(visit)
    except InvalidParameter as error:
        return NOTHING | {"waits": error.message}
    try:
        return _cost(visit.explain(filled.text))
    except QueryError as error:
        line, column = filled.place(error.line or 1, error.column or 1)
        place = f"line {line}, column {column}: " if error.line else ""
        problem = {"line": line, "column": column, "message": error.message}
        return NOTHING | {
            "message": f"{place}{error.message}",
            "hint": error.hint or "",
            "problems": script_json([problem] if error.line else []),
        }
    except TrailmereError as error:
        return said(error)


def said(error: TrailmereError | Fault) -> dict[str, Any]:
    """An error without a place, as the check shows it."""
    hint = "" if isinstance(error, Fault) else error.hint or ""
    denied = "You may not query a store that it names, or there is none of that name."
    return NOTHING | {"message": denied if isinstance(error, AccessDenied) else error.message, "hint": hint}


def _cost(explained: Explanation) -> dict[str, Any]:
    return NOTHING | {
        "cost": {
            "rows": explained.rows,
            "bytes": explained.bytes,
            "files": explained.files,
            "total_files": sum(scan.total_files for scan in explained.scans),
            "stores": list(dict.fromkeys(scan.store for scan in explained.scans)),
        }
    }


def lay_out(visit: Visit) -> Answer:
    """The statement laid out: as data for the editor, as a page for a browser without scripts."""
    draft = draft_of(visit.form)
    try:
        sql, wrong = laid_out(draft.sql, visit.catalog()), ""
        if _meaning(visit, Draft(sql, draft.given)) != _meaning(visit, draft):
            sql, wrong = draft.sql, "This statement cannot be laid out without changing what it means."
    except TrailmereError as error:
        sql, wrong = draft.sql, error.message
    if "application/json" in visit.request.header("accept"):
        return Download(json.dumps({"sql": sql, "wrong": wrong}).encode(), "application/json")
    return Redirect(visit.link("/query", ("sql", sql), *Draft(sql, draft.given).pairs), said=wrong)


def _meaning(visit: Visit, draft: Draft) -> object:
    """What the engine would be given; None where that cannot be said, which nothing contradicts."""
    try:
        return visit.app.queries.check(draft.filled(visit).text, visit.catalog()).sql
    except TrailmereError:
        return None


def keys(visit: Visit) -> Download:
    """The keys of a map column in the data, for the editor."""
    found = sampled_keys(visit, visit.arg("store"), visit.arg("column"))
    return Download(json.dumps(found).encode(), "application/json")


def ask(visit: Visit) -> Answer:
    """From a question in English to a statement in the editor; where it is refused, the page tells why."""
    question, store = visit.field("question").strip(), visit.field("store")
    sql: str | None = visit.field("sql") or None
    try:
        sql = visit.perform("GenerateQuery", EventDataStores=[store], Prompt=question)["QueryStatement"]
    except Fault as fault:
        if fault.code == "AccessDeniedException":
            raise
    return Redirect(visit.link("/query", sql=sql, asked=question[:MOST_ASKED], store=store))


def understood(visit: Visit, question: str, store_id: str, draft: Draft) -> dict[str, Any]:
    """How the draft came from a question: the sample that is chosen, what is asked of events; or why there is none.

    GenerateQuery has judged and noted the question; this says again what it found.
    """
    from trailmere.ask.library import SAMPLES

    try:
        made = visit.app.generator.generate(question, store_id, visit.request.arrived)
    except GenerateQueryRefused as refused:
        return {"refused": refused.message, "hint": refused.hint or ""}
    sample = next(one for one in SAMPLES if one.name == made.sample)
    try:
        conditions = conditions_of(draft.filled(visit).text, visit.catalog())
    except TrailmereError:  # it was changed since
        conditions = []
    return {"refused": "", "sample": sample, "conditions": conditions}


def script_json(value: object) -> str:
    """JSON that may stand inside of a script element."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
