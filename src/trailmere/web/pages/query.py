"""Query: ask in SQL. Which page is which function; the pages are in ``query_editor`` and its neighbours."""

from __future__ import annotations

from trailmere.web.pages import query_answer, query_editor, query_library, query_widget

ROUTES = (
    ("GET", "/query", query_editor.show),
    ("POST", "/query", query_editor.run),
    ("POST", "/query/check", query_editor.check),
    ("POST", "/query/format", query_editor.lay_out),
    ("POST", "/query/ask", query_editor.ask),
    ("GET", "/query/keys", query_editor.keys),
    ("GET", "/query/history", query_library.history),
    ("GET", "/query/samples", query_library.samples),
    ("GET", "/query/saved", query_library.to_samples),
    ("POST", "/query/saved", query_library.save),
    ("GET", "/query/saved/{saved}", query_library.open_saved),
    ("POST", "/query/saved/{saved}", query_library.change),
    ("POST", "/query/saved/{saved}/delete", query_library.delete),
    ("GET", "/query/widget", query_widget.show),
    ("POST", "/query/widget", query_widget.create),
    ("GET", "/query/{id}", query_answer.show),
    ("GET", "/query/{id}/state", query_answer.state),
    ("POST", "/query/{id}/cancel", query_answer.cancel),
    ("GET", "/query/{id}/row/{number}", query_answer.row),
    ("GET", "/query/{id}/export/{format}", query_answer.export),
)
