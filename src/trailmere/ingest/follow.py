"""Watching a source: list again and again, take in what is new, until told to stop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trailmere.ingest.account import Account
    from trailmere.ingest.run import Ingest
    from trailmere.sources.delivery import Delivery, Source

SETTLING_SECONDS = 2.0  # a file changed less than this ago may still be being written


def follow(
    run: Ingest, source: Source, wait: Callable[[], bool], *, clock: Callable[[], datetime] | None = None
) -> Account:
    """Take in what is there, then what arrives, until ``wait`` returns True; the account of all rounds.

    ``wait`` is called between rounds; it lets time pass and says whether to stop. A delivery is taken in again only
    if its size, ETag or time of change differ. A file that was changed a moment ago waits for the next round. A round
    without anything new commits nothing. Raises SourceError, LakeError.
    """
    seen: set[tuple[object, ...]] = set()
    while True:
        listed = list(source.listing())
        run.note_listing(source)
        settled_before = (clock or _now)() - timedelta(seconds=SETTLING_SECONDS)
        new = [one for one in listed if _mark(one) not in seen and _is_settled(one, settled_before)]
        if new:
            run.take(new)
        seen.update(map(_mark, new))
        if run.is_stopped() or wait():
            return run.account()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _mark(delivery: Delivery) -> tuple[object, ...]:
    return (delivery.uri, delivery.version, delivery.etag, delivery.size, delivery.modified)


def _is_settled(delivery: Delivery, before: datetime) -> bool:
    return delivery.etag is not None or delivery.modified is None or delivery.modified <= before
