"""One statement on its way to a Trino client: it runs in a thread, a page ahead of whoever fetches, and no further.

A page is asked for by number, each once or, after a lost answer, once more. Whoever is silent for too long loses it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trailmere.connect.trino_values import rows
from trailmere.query.engine import Cancellation
from trailmere.query.failures import cancelled

if TYPE_CHECKING:
    import pyarrow as pa

WAIT_SECONDS = 1.0  # that a request for a page waits for it, as Trino's
PAGE_BYTES = 1 << 20  # of rows as Arrow holds them
PAGE_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes of a statement. ``scanned``: rows and bytes of the files that were read."""

    schema: pa.Schema | None
    batches: Iterator[pa.RecordBatch]
    kind: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    scanned: tuple[int, int] = (0, 0)
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of the answer. ``answer`` is None while there is none; ``last``: nothing follows."""

    number: int
    answer: Answer | None = None
    rows: list[list[Any]] = field(default_factory=list)
    last: bool = False
    error: Exception | None = None


class Execution:
    """A statement that runs. ``owner`` is the ARN of whoever may fetch it."""

    def __init__(
        self, id: str, owner: str, account_id: str, begin: Callable[[Cancellation], Answer], executor: Executor
    ) -> None:
        self.id = id
        self.owner = owner
        self.account_id = account_id
        self.slug = secrets.token_urlsafe(18)
        self.began = self.seen = time.monotonic()
        self.over = False  # its last page was made
        self.fetched = 0
        self._cancellation = Cancellation()
        self._executor = executor
        self._begin = begin
        self._answer: Answer | None = None
        self._pieces: Iterator[pa.RecordBatch] | None = None
        self._lock = threading.Lock()
        self._working = threading.Lock()
        self._page = Page(0)
        self._next: Future[tuple[list[list[Any]], bool]] = executor.submit(self._work)

    def page(self, number: int) -> Page | None:
        """The page of this number; without rows where there are none within a second. None: it is gone."""
        with self._lock:
            self.seen = time.monotonic()
            if number == self._page.number and number > 0:
                return self._page
            if number != self._page.number + 1 or self.over:
                return None
            self._page = self._make(number)
            self.over = self._page.last
            self.fetched += len(self._page.rows)
            return self._page

    def cancel(self) -> None:
        """End it now."""
        self._cancellation.cancel()
        with self._lock:
            self.over = True
        self._executor.submit(self._let_go)

    def _make(self, number: int) -> Page:
        try:
            made, last = self._next.result(WAIT_SECONDS)
        except NotYet:
            return Page(number)
        except Exception as error:
            return Page(number, last=True, error=error)
        if not last:
            self._next = self._executor.submit(self._work)
        return Page(number, self._answer, made, last)

    def _work(self) -> tuple[list[list[Any]], bool]:
        """The next piece of the answer as rows, and whether it was the last."""
        with self._working:
            if self._cancellation.cancelled:
                raise cancelled()
            if self._pieces is None:
                self._answer = self._begin(self._cancellation)
                self._pieces = _sliced(self._answer.batches)
            batch = next(self._pieces, None)
        return ([], True) if batch is None else (rows(batch), False)

    def _let_go(self) -> None:
        """Close the answer, which nobody reads any more: not while it gives a piece."""
        with self._working:
            if self._answer is not None:
                self._answer.close()


def _sliced(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        size = min(PAGE_ROWS, max(1, PAGE_BYTES * batch.num_rows // max(batch.nbytes, 1)))
        for first in range(0, batch.num_rows, size):
            yield batch.slice(first, size)
