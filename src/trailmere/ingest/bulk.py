"""Records of many deliveries, taken through the last steps together.

What is done for one record alone costs a step of Python each time, and what is done for one delivery alone makes small
files dear. So texts come in by delivery, and are judged and built into rows a few thousand at a time; what became of
them is then counted for each delivery, so that ``parsed = kept + filtered + dead`` holds for every one.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from trailmere.events.batch import BatchDecoder
from trailmere.events.formats import Defect
from trailmere.events.rows import Origin
from trailmere.events.selection import compile_for_batches

if TYPE_CHECKING:
    import numpy.typing as npt

    from trailmere.events.batch import Batch
    from trailmere.events.formats import RecordText
    from trailmere.ingest.records import Recipe
    from trailmere.ingest.steps import Work

MOST_RECORDS = 4096
MOST_BYTES = 16 << 20


class RowSink(Protocol):
    """Where the rows go."""

    def add(self, batch: Batch, origin: Origin, kept: npt.NDArray[np.bool_]) -> None:
        """The records of a batch that the store keeps."""


class _Share(NamedTuple):
    """What a batch has of a delivery: ``size`` of its records, from its record number ``first`` on."""

    work: Work
    first: int
    size: int


class Bulk:
    """Collects records until they are enough for a batch, and gives what the store wants of them to the sink."""

    def __init__(self, recipe: Recipe, sink: RowSink) -> None:
        self.decoder = BatchDecoder()
        self._wanted = compile_for_batches(recipe.family, recipe.selectors)
        self._sink = sink
        self._most_bytes = min(MOST_BYTES, recipe.limits.batch_bytes)
        self._shares: list[_Share] = []
        self._starts: list[int] = []  # number in the batch of the first record of each share, and behind the last
        self._texts: list[bytes] = []
        self._fields: list[Any] = []
        self._bytes = 0

    def add(self, work: Work) -> None:
        """Take on the records of a delivery. They are counted when the last of them has been settled."""
        done = 0
        while done < len(work.texts):
            texts = self._fitting(work.texts[done : done + MOST_RECORDS - len(self._texts)])
            self._shares.append(_Share(work, done, len(texts)))
            self._texts += texts
            self._fields += work.fields[done : done + len(texts)] or self.decoder.read(texts)
            done += len(texts)
            if len(self._texts) >= MOST_RECORDS or self._bytes >= self._most_bytes:
                self.settle()

    def settle(self) -> None:
        """Judge what has been collected, count it for its deliveries, give it to the sink, and begin anew."""
        if not self._texts:
            return
        self._starts = list(accumulate((share.size for share in self._shares), initial=0))
        batch = self.decoder.decode(self._texts, self._fields, self._record)
        kept = self._wanted(batch)
        self._count(batch, kept)
        self._sink.add(batch, self._origin(), kept)
        self._shares, self._starts, self._texts, self._fields, self._bytes = [], [], [], [], 0

    def _fitting(self, texts: list[bytes]) -> list[bytes]:
        """As many of the texts as the batch has bytes left for, but at least one."""
        while (size := sum(map(len, texts))) > self._most_bytes - self._bytes and len(texts) > 1:
            texts = texts[: len(texts) // 2]
        self._bytes += size
        return texts

    def _share(self, number: int) -> tuple[int, int]:
        """Which share a record of the batch belongs to, and its number in the delivery."""
        at = bisect_right(self._starts, number) - 1
        return at, self._shares[at].first + number - self._starts[at]

    def _record(self, number: int) -> RecordText:
        at, place = self._share(number)
        return self._shares[at].work.record(place)

    def _count(self, batch: Batch, kept: npt.NDArray[np.bool_]) -> None:
        """What became of the records, for each delivery."""
        dead = np.zeros(len(self._shares), np.int64)
        for number, told in batch.odd.items():
            at, place = self._share(number)
            if isinstance(told, Defect):
                dead[at] += 1
                self._shares[at].work.bury(told)
            else:
                self._shares[at].work.meet_unknown(told.unknown_fields, place)
        stays = np.add.reduceat(kept, self._starts[:-1], dtype=np.int64)
        for share, stay, lost in zip(self._shares, stays.tolist(), dead.tolist(), strict=True):
            share.work.kept += stay
            share.work.filtered += share.size - stay - lost

    def _origin(self) -> Origin:
        shares = self._shares
        return Origin(
            ordinals=np.concatenate([share.work.ordinals(share.first, share.size) for share in shares]),
            delivery_rows=np.repeat([share.work.row for share in shares], [share.size for share in shares]).astype(
                np.int32
            ),
            delivery_ids={share.work.row: share.work.rows_id for share in shares},
        )
