"""What the tests of background queries share: a lake, its application, who asks, and waiting for an end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from trailmere.app import StoreCatalog
from trailmere.query.jobs import Asked

if TYPE_CHECKING:
    from trailmere.app import App
    from trailmere.registry.query_records import Query

ACCOUNT, REGION = "111122223333", "us-east-1"
PATIENCE_SECONDS = 60
# A statement that is at work for as long as anybody lets it.
ENDLESS = (
    "SELECT count(*) FROM UNNEST(sequence(1, 10000)) AS a(n) CROSS JOIN UNNEST(sequence(1, 10000)) AS b(n) "
    "CROSS JOIN UNNEST(sequence(1, 10000)) AS c(n) WHERE sin(a.n + b.n * c.n) > 2"
)


def asked(statement: str | None = None, **more: object) -> Asked:
    """A question of a user of ``ACCOUNT``."""
    who = f"arn:aws:iam::{ACCOUNT}:user/ana"
    return Asked(ACCOUNT, REGION, who, ACCOUNT, statement=statement, **more)  # type: ignore[arg-type]


def start(app: App, statement: str | None = None, **more: object) -> Query:
    """Start a query over all stores."""
    return app.jobs.start(asked(statement, **more), StoreCatalog(app.stores))


def ended(app: App, query_id: str) -> Query:
    """The query when it has ended, and its answer was delivered where it is to be."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (query := app.jobs.get(query_id)).ended or query.delivery_status == "PENDING":
        assert time.monotonic() < deadline, query
        time.sleep(0.01)
    return query


def answer(app: App, query_id: str, page_rows: int = 1000) -> list[list[dict[str, str]]]:
    """All rows of an ended query, page by page."""
    query, rows, first = ended(app, query_id), [], 0
    while True:
        page = app.jobs.page(query, first, page_rows)
        rows += page.rows
        if page.following is None:
            return rows
        first = page.following
