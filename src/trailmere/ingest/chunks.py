"""Deliveries into tasks: what the ledger shows to be known is left out, the rest is grouped by the size it will have.

Gzip hides the size of its content, so that it is estimated from what came of the deliveries before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from trailmere.errors import DeliveryError
from trailmere.ingest.records import KnownBytes
from trailmere.sources.reading import sha256_of

if TYPE_CHECKING:
    from trailmere.lake.records import DeliveryEntry
    from trailmere.lake.vault import Lake
    from trailmere.sources.delivery import Delivery

PAGE = 2048  # deliveries looked up in the ledger at once, and the most in a task
USUAL_RATIO = 9.0  # content to gzip, of CloudTrail logs
USUAL_DELIVERY_BYTES = 64 << 10
MOST_HASHED_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Looked:
    """Deliveries after a look at the ledger: those to read, those that need not be read, and the hashes to expect."""

    to_read: tuple[Delivery, ...]
    known: tuple[DeliveryEntry, ...]
    known_rejected: int
    expected: Mapping[str, KnownBytes]


class Ratio:
    """Content bytes for each stored byte, as measured so far."""

    def __init__(self) -> None:
        self._stored = 1 << 20
        self._content = int(USUAL_RATIO * self._stored)

    def learn(self, stored: int, content: int) -> None:
        """Deliveries of ``stored`` bytes came to ``content`` bytes."""
        if stored and content:
            self._stored += stored
            self._content += content

    def estimate(self, delivery: Delivery) -> int:
        """Bytes that a delivery will have, inflated."""
        stored = delivery.size if delivery.size is not None else USUAL_DELIVERY_BYTES
        plain = delivery.uri.endswith((".json", ".jsonl", ".ndjson"))
        return stored if plain else int(stored * self._content / self._stored)


def pages(deliveries: Iterable[Delivery]) -> Iterator[tuple[Delivery, ...]]:
    """Deliveries, ``PAGE`` at a time."""
    iterator = iter(deliveries)
    while page := tuple(islice(iterator, PAGE)):
        yield page


def look_up(
    lake: Lake, store_id: str, page: Sequence[Delivery], *, retry_rejected: bool = False, hash_new: bool = False
) -> Looked:
    """What the ledger has at these places. With ``retry_rejected``, what was rejected before counts as never seen. With
    ``hash_new``, files at places that the ledger has not are hashed here: a copy need not be decoded to be known.

    An S3 object with the ETag and size that lay there before is known without reading it; of a file the bytes must be
    hashed, because nothing else tells that they are the same.
    """
    places = lake.known_places(store_id, [delivery.uri for delivery in page])
    to_read, known, rejected = [], [], 0
    expected: dict[str, KnownBytes] = {}
    for delivery in page:
        if delivery.uri not in places:
            to_read.append(delivery)
            continue
        entries = [one for one in places[delivery.uri] if one.status != "rejected" or not retry_rejected]
        same = next((entry for entry in entries if _is_same_object(entry, delivery)), None)
        if same is None:
            to_read.append(delivery)
            expected.update(_expected(entries))
        else:
            known.append(as_known(same))
            rejected += same.status == "rejected"
    if hash_new:
        new = [delivery for delivery in to_read if delivery.uri not in places]
        expected.update(_elsewhere(lake, store_id, new, retry_rejected=retry_rejected))
    return Looked(tuple(to_read), tuple(known), rejected, expected)


def _elsewhere(
    lake: Lake, store_id: str, deliveries: Sequence[Delivery], *, retry_rejected: bool
) -> Iterator[tuple[str, KnownBytes]]:
    hashes = []
    for delivery in deliveries:
        if delivery.etag is None and (delivery.size or 0) <= MOST_HASHED_BYTES:  # an object would be fetched twice
            with contextlib.suppress(DeliveryError):  # the worker will meet it, and say so
                hashes.append(sha256_of(delivery)[0])
    for sha256, entry in lake.known_bytes(store_id, hashes).items():
        if entry.status != "rejected" or not retry_rejected:
            yield sha256, KnownBytes(entry.id, entry.status == "rejected")


def as_known(entry: DeliveryEntry) -> DeliveryEntry:
    """The entry of a delivery that is seen again at its place; a contradiction there was told when it was met."""
    return replace(entry.known_as(entry.same_as), conflict=False)


def _is_same_object(entry: DeliveryEntry, delivery: Delivery) -> bool:
    if delivery.etag is None or not entry.sha256_stored:
        return False
    return (entry.etag, entry.version, entry.size) == (delivery.etag, delivery.version, delivery.size)


def _expected(entries: Sequence[DeliveryEntry]) -> Iterator[tuple[str, KnownBytes]]:
    for entry in entries:
        # without a hash, the bytes could not be read: its id says so again if they still cannot
        first = entry.same_as if entry.status == "known" and entry.same_as else entry.id
        yield entry.sha256_stored or entry.id, KnownBytes(first, entry.status == "rejected")


def group(deliveries: Sequence[Delivery], ratio: Ratio, most_bytes: int) -> Iterator[tuple[Delivery, ...]]:
    """Consecutive deliveries that come to about ``most_bytes`` of content together; a larger one alone."""
    some: list[Delivery] = []
    size = 0
    for delivery in deliveries:
        more = ratio.estimate(delivery)
        if some and (size + more > most_bytes or len(some) >= PAGE):
            yield tuple(some)
            some, size = [], 0
        some.append(delivery)
        size += more
    if some:
        yield tuple(some)
