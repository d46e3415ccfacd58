"""Query, what was asked before and what is ready to be asked: the history, saved queries, the samples.

A sample opens with the range of the page and with fields for what it is about, in the place of fixed times and names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trailmere.api.errors import Fault
from trailmere.errors import AccessDenied, InvalidParameter
from trailmere.registry.query_records import QueryStatus
from trailmere.web.pages.query_answer import STATES
from trailmere.web.pages.query_editor import PARAMETER, PUT, READ, draft_of, editor, usual_store
from trailmere.web.pages.query_text import FROM, TO, parameter_names
from trailmere.web.visit import Answer, Page, Redirect, Visit

if TYPE_CHECKING:
    from trailmere.ask.records import Sample
    from trailmere.registry.query_records import Query
    from trailmere.registry.records import EventDataStore
    from trailmere.registry.saved_queries import SavedQuery

MOST_LISTED = 200  # of each store
SHOWN = 100
SOURCE = "trailmere"  # of events about saved queries, which AWS has no operation for


@dataclass(frozen=True, slots=True)
class Ready:
    """A sample as the page shows it. ``relevance``: percent, None where nothing was searched."""

    name: str
    description: str
    sql: str
    pairs: tuple[tuple[str, str], ...]
    relevance: int | None = None


# --- history ----------------------------------------------------------------------------------------------------------


def history(visit: Visit) -> Page:
    """The queries of the last seven days over the stores that the person may query, newest first."""
    who, state, words = visit.arg("who", "me"), visit.arg("state"), visit.arg("q").casefold().split()
    me = visit.person.identity.arn
    stores = visit.stores()
    everything = list(_queries(visit, stores, state))
    found = [
        one
        for one in everything
        if (who != "me" or one.asked_by == me)
        and (who == "boards" or one.refresh_id is None)
        and (who != "boards" or one.refresh_id is not None)
        and all(word in f"{one.statement}\n{one.asked_by}".casefold() for word in words)
    ]
    return Page(
        "query_history.html",
        {
            "queries": found[:SHOWN],
            "more": len(found) > SHOWN,
            "who": who,
            "state": state,
            "states": STATES,
            "names": {one.id: one.name for one in stores},
            "others": any(one.asked_by != me and one.refresh_id is None for one in everything),
        },
    )


def _queries(visit: Visit, stores: Sequence[EventDataStore], state: str) -> Iterator[Query]:
    """Those that read these stores and no others. ListQueries judges and notes it; what DescribeQuery would tell of
    each is told where that is allowed."""
    seen: dict[str, Query] = {}
    stores = [store for store in stores if visit.may("cloudtrail:DescribeQuery", store.arn)]
    allowed = {store.id for store in stores}
    status = QueryStatus(state) if state in QueryStatus.__members__ else None
    for store in stores:
        try:
            visit.perform("ListQueries", EventDataStore=store.arn, MaxResults=MOST_LISTED, QueryStatus=status)
        except Fault:
            continue
        for query in visit.app.jobs.of_store(store.id, status=status, limit=MOST_LISTED):
            if set(query.store_ids) <= allowed:
                seen[query.id] = query
    yield from sorted(seen.values(), key=lambda query: query.created, reverse=True)


# --- samples ----------------------------------------------------------------------------------------------------------


def samples(visit: Visit) -> Page:
    """Saved queries and samples, both by one phrase."""
    phrase = visit.arg("q").strip()
    stores = visit.stores()
    visit.allow(READ)
    return Page(
        "query_samples.html",
        {
            "phrase": phrase,
            "stores": stores,
            "store": usual_store(stores, visit.arg("store")),
            "saved": [_ready_to_open(one) for one in visit.app.saved_queries.of_account(visit.account_id, phrase)],
            "samples": list(_samples(visit, phrase, usual_store(stores, visit.arg("store")))),
            "may_save": visit.may(PUT),
        },
    )


def _ready_to_open(saved: SavedQuery) -> dict[str, Any]:
    return {"query": saved, "names": [f":{name}" for name in parameter_names(saved.statement)]}


def _samples(visit: Visit, phrase: str, store: EventDataStore | None) -> Iterator[Ready]:
    from trailmere.ask.library import SAMPLES

    name = "" if store is None else f'"{store.name}"'
    if not phrase:
        yield from (sample_ready(one, name) for one in SAMPLES)
        return
    by_name = {one.name: one for one in SAMPLES}
    found = visit.perform("SearchSampleQueries", SearchPhrase=phrase[:1000], MaxResults=50)["SearchResults"]
    for hit in found:
        yield sample_ready(by_name[hit["Name"]], name, round(100 * hit["Relevance"]))


def sample_ready(sample: Sample, store: str, relevance: int | None = None) -> Ready:
    """A sample over a store: its time is the page's range, what it is about are parameters with an example each."""
    from trailmere.ask.generate import EXAMPLES, TOP
    from trailmere.ask.records import STORE, WINDOW

    sql = sample.sql.replace(WINDOW, f"eventTime >= :{FROM} AND eventTime < :{TO}").replace(":limit", str(TOP * 10))
    sql = sql.replace(STORE, store) if store else sql
    pairs = tuple((PARAMETER + name, EXAMPLES[name]) for name in parameter_names(sql) if name in EXAMPLES)
    return Ready(sample.name, sample.description, sql, pairs, relevance)


# --- saved queries ----------------------------------------------------------------------------------------------------


def save(visit: Visit) -> Answer:
    """Keep what is in the editor under a name."""
    return _kept(visit, None)


def change(visit: Visit) -> Answer:
    """The same in the place of one that is there."""
    return _kept(visit, visit.values["saved"])


def _kept(visit: Visit, id: str | None) -> Answer:
    name, description, draft = visit.field("name"), visit.field("description"), draft_of(visit.form)
    _allow(visit, "PutSavedQuery", {"name": name})
    account, by, saved = visit.account_id, visit.person.identity.arn, visit.app.saved_queries
    try:
        if id is None:
            kept = saved.create(account, name, description, draft.sql, by)
        else:
            kept = saved.change(account, id, name, description, draft.sql, by)
    except InvalidParameter as error:
        context = editor(visit, draft) | {"unsaved": {"wrong": error.message, "name": name, "description": description}}
        return Page("query.html", context, 400)
    visit.note(SOURCE, "PutSavedQuery", {"id": kept.id, "name": kept.name})
    return Redirect(visit.link("/query", *draft.pairs, saved=kept.id), said=f"Saved as {kept.name}.")


def delete(visit: Visit) -> Redirect:
    """Forget one."""
    _allow(visit, "DeleteSavedQuery", {"id": visit.values["saved"]})
    gone = visit.app.saved_queries.delete(visit.account_id, visit.values["saved"])
    visit.note(SOURCE, "DeleteSavedQuery", {"id": gone.id, "name": gone.name})
    return Redirect(visit.link("/query/samples"), said=f"Deleted {gone.name}.")


def open_saved(visit: Visit) -> Redirect:
    """Into the editor."""
    visit.allow(READ)
    saved = visit.app.saved_queries.get(visit.account_id, visit.values["saved"])
    return Redirect(visit.link("/query", saved=saved.id))


def to_samples(visit: Visit) -> Redirect:
    """Where saved queries are."""
    return Redirect(visit.link("/query/samples"))


def _allow(visit: Visit, name: str, given: dict[str, str]) -> None:
    try:
        visit.allow(PUT)
    except AccessDenied as error:
        visit.note(SOURCE, name, given, Fault("AccessDenied", error.message))
        raise
