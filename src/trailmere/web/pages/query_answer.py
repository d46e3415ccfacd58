"""Query, the answer: a query by its id while it runs and when it has ended, its rows in several views, and as files.

Whoever may see the stores that a query read may see this, by DescribeQuery and GetQueryResults; the address is a link
that can be given to others.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from trailmere.errors import InvalidParameter, QueryLimitExceeded, ResourceNotFound
from trailmere.query.results import RENDERERS, Rendering, write_parquet
from trailmere.query.values import text
from trailmere.registry.query_records import QueryStatus
from trailmere.web.pages.query_editor import Draft, draft_of, editor
from trailmere.web.pages.query_kept import MOST_SORTED, Kept, chart_choice, chart_rows
from trailmere.web.pages.query_schema import paths_of
from trailmere.web.pages.query_text import column_paths, ran_as
from trailmere.web.visit import BASE, Download, Page, Redirect, Visit

if TYPE_CHECKING:
    from trailmere.query.values import Plain
    from trailmere.registry.query_records import Query

VIEWS = {"table": "Table", "chart": "Chart", "json": "JSON", "columns": "Columns", "about": "About"}
SIZES = (100, 250, 500)
MOST_DRAWN = 1000  # rows of a chart
MOST_EXPORTED = 1_000_000  # rows of a file that a browser takes
WAITS = (150, 400, 500, 500, 1000, 1000, 2000)  # milliseconds until it is asked again
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
STATES = {
    QueryStatus.QUEUED: ("waits for its turn", "note"),
    QueryStatus.RUNNING: ("runs", "note"),
    QueryStatus.FINISHED: ("finished", "good"),
    QueryStatus.FAILED: ("failed", "bad"),
    QueryStatus.CANCELLED: ("cancelled", "warn"),
    QueryStatus.TIMED_OUT: ("timed out", "warn"),
}


def show(visit: Visit) -> Page:
    """The editor with the answer below it."""
    query = seen_query(visit)
    draft = ran_draft(visit, query)
    return Page("query.html", editor(visit, draft) | answer(visit, query, draft))


def state(visit: Visit) -> Page:
    """The part with the answer, or with how long it has been running."""
    query = seen_query(visit)
    return Page("query_answer.html", answer(visit, query, ran_draft(visit, query)))


def cancel(visit: Visit) -> Redirect:
    """End it."""
    id = visit.values["id"]
    visit.perform("CancelQuery", QueryId=id)
    return Redirect(_linker(visit, id)(), said="The query was cancelled.")


def row(visit: Visit) -> Page:
    """One row, every value whole."""
    query, kept = seen_answer(visit)
    number = visit.values["number"]
    if not number.isdecimal() or not 1 <= int(number) <= kept.rows:
        raise ResourceNotFound(f"the answer has rows 1 to {kept.rows:,}")
    found = kept.page(int(number) - 1, 1)[0][1]
    paths = _paths(visit, query, kept)
    cells = [_cell(value, path) for value, path in zip(found, paths, strict=True)]
    context = {"query": query, "number": int(number), "kept": kept, "cells": cells, "at": _linker(visit, query.id)}
    return Page("query_row.html", context)


def export(visit: Visit) -> Download:
    """The whole answer as a file. Text that a spreadsheet would run as a formula gets an apostrophe in CSV."""
    query, kept = seen_answer(visit)
    format = visit.values["format"]
    if format not in MEDIA_TYPES:
        raise InvalidParameter(f"expected one of {', '.join(MEDIA_TYPES)}, got {format!r}")
    if kept.rows > MOST_EXPORTED:
        raise QueryLimitExceeded(
            f"a browser gets at most {MOST_EXPORTED:,} rows, and the answer has {kept.rows:,}",
            limit="rows",
            hint="have StartQuery deliver it to a bucket or folder, or read it with GetQueryResults",
        )
    name = f"query-{query.id.partition('-')[0]}.{format}"
    return Download(_written(kept, format), MEDIA_TYPES[format], name)


def _written(kept: Kept, format: str) -> bytes:
    if format == "parquet":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "answer"
            write_parquet(kept.result(), path)
            return path.read_bytes()
    stream = io.StringIO(newline="")
    RENDERERS[format](kept.result(), stream, Rendering())
    return stream.getvalue().encode()


# --- who may see it, and what it was --------------------------------------------------------------------------------


def seen_query(visit: Visit) -> Query:
    """The query of the path, which the person may see. Raises Fault."""
    id = visit.values["id"]
    visit.perform("DescribeQuery", QueryId=id)
    return visit.app.jobs.get(id)


def seen_answer(visit: Visit) -> tuple[Query, Kept]:
    """The same with its answer. Raises Fault; ResourceNotFound where there is none."""
    id = visit.values["id"]
    visit.perform("GetQueryResults", QueryId=id, MaxQueryResults=1)
    query = visit.app.jobs.get(id)
    if query.answer is None:
        raise ResourceNotFound("this query has no answer", hint=query.error_message or "see whether it still runs")
    return query, Kept(visit.app, query)


def ran_draft(visit: Visit, query: Query) -> Draft:
    """What the editor shows: the statement with its parameters where the URL has it and it is the one that ran."""
    typed = draft_of(visit.query)
    ran = typed.sql and ran_as(typed.sql, typed.given, query.statement) is not None
    return typed if ran else Draft(query.statement)


# --- the views --------------------------------------------------------------------------------------------------------


def answer(visit: Visit, query: Query, draft: Draft) -> dict[str, Any]:
    """What the part of the answer needs."""
    view = visit.arg("view", "table") if visit.arg("view") in VIEWS else "table"
    number = visit.arg("n")
    turn = int(number) if number.isdecimal() else 0
    names = {one.id: one.name for one in visit.stores()}
    context: dict[str, Any] = {
        "answer": query,
        "draft": draft,
        "state": STATES[query.status],
        "view": view,
        "views": VIEWS,
        "turn": turn,
        "wait": WAITS[min(turn, len(WAITS) - 1)],
        "kept": None,
        "ranged": ran_as(draft.sql, draft.given, query.statement) or {},
        "at": _linker(visit, query.id),
        "elapsed": (visit.request.arrived - query.created).total_seconds(),
        "own": query.asked_by == visit.person.identity.arn,
        "formats": MEDIA_TYPES,
        "names": names,
        "read": ", ".join(names.get(one, "a store") for one in query.store_ids),
    }
    if query.answer is not None:
        kept = seen_answer(visit)[1]
        context |= {"kept": kept} | SHOWN[view](visit, query, kept)
    return context


def _table(visit: Visit, query: Query, kept: Kept) -> dict[str, Any]:
    size = next((one for one in SIZES if str(one) == visit.arg("size")), SIZES[0])
    pages = max(1, -(-kept.rows // size))
    page = min(pages, int(visit.arg("page")) if visit.arg("page").isdecimal() else 1) or 1
    sort, falling = visit.arg("sort").removeprefix("-"), visit.arg("sort").startswith("-")
    place = next((place for place, one in enumerate(kept.columns) if one.name == sort), None)
    first = (page - 1) * size
    rows = kept.page(first, size) if place is None else kept.sorted_page(place, first, size, falling=falling)
    paths = _paths(visit, query, kept)
    cells = [(number, [_cell(value, path) for value, path in zip(row, paths, strict=True)]) for number, row in rows]
    return {
        "rows": cells,
        "paths": paths,
        "page": page,
        "pages": pages,
        "first": first,
        "size": size,
        "sizes": SIZES,
        "sort": None if place is None else sort,
        "falling": falling,
        "most_sorted": MOST_SORTED,
    }


def _chart(visit: Visit, _query: Query, kept: Kept) -> dict[str, Any]:
    choice = chart_choice(kept.columns, visit.arg("chart"), visit.arg("x"), visit.arg("y"), visit.arg("by"))
    if not choice["y"] or not choice["x"]:
        return {"choice": choice, "drawn": [], "heads": [], "most_drawn": MOST_DRAWN}
    rows = [row for _number, row in kept.page(0, MOST_DRAWN)]
    heads, drawn = chart_rows(kept.columns, rows, choice)
    return {"choice": choice, "drawn": drawn, "heads": heads, "most_drawn": MOST_DRAWN}


def _json(_visit: Visit, _query: Query, kept: Kept) -> dict[str, Any]:
    names = [one.name for one in kept.columns]
    return {"objects": [dict(zip(names, row, strict=True)) for _number, row in kept.page(0, SIZES[0])]}


def _columns(_visit: Visit, _query: Query, kept: Kept) -> dict[str, Any]:
    return {"profiles": kept.profiles(), "most_sorted": MOST_SORTED}


def _about(_visit: Visit, _query: Query, _kept: Kept) -> dict[str, Any]:
    return {}


SHOWN = {"table": _table, "chart": _chart, "json": _json, "columns": _columns, "about": _about}


def _paths(visit: Visit, query: Query, kept: Kept) -> list[str]:
    """For each column of an answer the column of events that it is, or ""."""
    known: dict[str, str] = {}
    for store in visit.stores():
        if store.id in query.store_ids and store.family == "cloudtrail":
            known = paths_of(store.family)
    found = column_paths(query.statement, known, visit.catalog()) if known else []
    if len(found) != len(kept.columns):  # SELECT *
        found = [known.get(one.name.lower(), "") for one in kept.columns]
    return [path if one.kind != "other" else "" for path, one in zip(found, kept.columns, strict=True)]


def _cell(value: Plain, path: str) -> dict[str, Any]:
    """A value as a cell: None for NULL, the text, the column of events that it can be looked for in."""
    return {"null": value is None, "text": text(value) or "", "path": path}


def _linker(visit: Visit, id: str) -> Any:
    """Links to the answer with some of the query changed; ``below`` goes to a page under it."""
    pairs = [pair for pair in visit.query if pair[0] != "n"]

    def at(below: str = "", **given: object) -> str:
        kept = [(name, value) for name, value in pairs if name not in given]
        query = urlencode(kept + [(name, str(value)) for name, value in given.items() if value is not None])
        return f"{BASE}/query/{id}{below}{'?' if query else ''}{query}"

    return at
