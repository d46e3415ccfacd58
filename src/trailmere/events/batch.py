"""Many records decoded at once: what is usual by the batch, what is odd one by one, and the order kept.

Usual is a record that the strict typed decoder reads, of a category that CloudTrail stores hold, with an eventTime. All
others go to ``decode.EventDecoder``, each by itself: this is a quicker way to what that one says, never another result.

A userIdentity, a third of a record's text, comes back unchanged in hundreds of records, as the same session signs them;
so do TLS details and resources. These *parts* are left as text, and each distinct text is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from trailmere.events import structs, values
from trailmere.events.decode import AT_ONCE, NOTIFIER, REFUSED, EventDecoder
from trailmere.events.event import SELECTOR_FIELDS, Event, category_of
from trailmere.events.formats import Defect, RecordText

_FAMILY = "cloudtrail"
_PARTS = structs.parts_of(_FAMILY)
_MOST_PARTS = 4096
_LARGEST_PART_BYTES = 8 << 10  # bounds what is remembered, in this process, to some tens of megabytes


@dataclass(slots=True)
class Part:
    """A member that records have in common: for each record the place of its own in ``values``.

    The list goes on growing, and is the same one for many batches.
    """

    values: list[Any]
    at: npt.NDArray[np.int32]


@dataclass(slots=True)
class Batch:
    """Decoded records. ``texts``, ``fields``, ``categories`` and ``times`` have one value a record.

    ``fields`` are structs; for the usual records without the ``parts``. ``odd`` holds what became of the others: an
    event, maybe of another family, or a defect. ``family`` is that of the usual records.
    """

    texts: list[bytes]
    fields: list[Any]
    categories: list[str]
    times: npt.NDArray[np.int64]
    parts: dict[str, Part]
    odd: dict[int, Event | Defect]
    family: str = _FAMILY

    def __len__(self) -> int:
        return len(self.texts)

    def usual_event(self, number: int) -> Event:
        """The event of a record that is not ``odd``."""
        parts = {key: part.values[part.at[number]] for key, part in self.parts.items()}
        fields = msgspec.structs.replace(self.fields[number], **parts)
        return Event(fields, _FAMILY, self.categories[number], int(self.times[number]))

    def telling(self, field: str) -> Sequence[Any]:
        """One value a record; for usual records, the same only where ``Event.values(field)`` is the same."""
        key = field.partition(".")[0]
        if key in self.parts:
            found: Sequence[Any] = self.parts[key].at.tolist()
            return found
        if field not in SELECTOR_FIELDS:
            return [None] * len(self)
        return self.categories if field == "eventCategory" else [getattr(one, field, None) for one in self.fields]


class BatchDecoder:
    """Decodes record texts. One instance can serve a whole worker; it keeps no record, only parts of them."""

    def __init__(self) -> None:
        decoder = structs.parted_decoder(_FAMILY)
        self._strict = decoder.decode
        self._known = {key: _Known(key) for key in _PARTS}
        self._twin = EventDecoder()
        # Stands for a record that the strict decoder refused, and is odd by its category.
        self._refused = decoder.type(eventTime="1970-01-01T00:00:00Z", eventCategory="refused")

    def read(self, texts: list[bytes]) -> list[Any]:
        """What ``decode`` wants to have of these records."""
        try:
            return list(map(self._strict, texts))
        except REFUSED:
            return [self._read_one(text) for text in texts]

    def refused(self, texts: list[bytes], fields: list[Any]) -> list[bytes]:
        """The texts that the strict decoder refused, of those that ``read`` gave these fields for. All others are
        JSON objects, or nothing could have been read."""
        refused = self._refused
        return [text for text, found in zip(texts, fields, strict=True) if found is refused]

    def decode(self, texts: list[bytes], fields: list[Any], record: Callable[[int], RecordText]) -> Batch:
        """The batch of these records. ``fields`` is what ``read`` gave; ``record`` gives one of them with its place in
        its delivery."""
        odd: set[int] = set()
        categories = [found.eventCategory for found in fields]
        if not AT_ONCE.issuperset(categories):
            categories = [one if one in AT_ONCE else category_of(fields[at]) for at, one in enumerate(categories)]
            odd.update(at for at, one in enumerate(categories) if one not in AT_ONCE)
        times, timed = values.microseconds_of([found.eventTime for found in fields])
        odd.update(np.flatnonzero(~timed).tolist())
        odd.update(_notifications([found.eventSource for found in fields]))
        parts = {key: self._part(key, fields, odd) for key in _PARTS}
        batch = Batch(texts, fields, categories, times, parts, {})
        for number in sorted(odd):
            _put(batch, number, self._twin.decode(record(number)))
        return batch

    def _read_one(self, text: bytes) -> Any:
        try:
            return self._strict(text)
        except REFUSED:
            return self._refused

    def _part(self, key: str, fields: list[Any], odd: set[int]) -> Part:
        """The member of all records, read. Those where it cannot be read are odd."""
        known = self._known[key]
        if len(known.parts_read) > _MOST_PARTS:
            known = self._known[key] = _Known(key)
        raws = list(map(attrgetter(key), fields))
        texts = _texts_of(raws)
        try:
            at = np.fromiter(map(known.__getitem__, texts), np.int32, len(texts))
        except REFUSED:
            places = [known.place(text) for text in texts]
            odd.update(number for number, place in enumerate(places) if place < 0)
            at = np.array(places, np.int32)
        return Part(known.parts_read, at)


def _texts_of(raws: list[Any]) -> list[bytes | None]:
    """The text of each, None where there is none; through one buffer, as no JSON text holds a NUL."""
    present = [raw for raw in raws if raw is not None]
    if not present:
        return [None] * len(raws)
    texts: list[bytes | None] = list(b"\0".join(present).split(b"\0"))
    if len(present) == len(raws):
        return texts
    following = iter(texts)
    return [None if raw is None else next(following) for raw in raws]


def _notifications(sources: list[str | None]) -> list[int]:
    if not any(source is not None and source.startswith(NOTIFIER) for source in set(sources)):
        return []
    return [number for number, source in enumerate(sources) if source is not None and source.startswith(NOTIFIER)]


def _put(batch: Batch, number: int, told: Event | Defect) -> None:
    """Set what the twin says of a record in its place."""
    batch.odd[number] = told
    if isinstance(told, Defect):
        return
    batch.fields[number], batch.times[number] = told.fields, told.time
    batch.categories[number] = told.category
    if told.family == _FAMILY:
        for key, part in batch.parts.items():
            part.at[number] = len(part.values)
            part.values.append(getattr(told.fields, key))


class _Known(dict[bytes | None, int]):
    """What was read of a part: the text's place in ``parts_read``, of which the first is that of records without it."""

    def __init__(self, key: str) -> None:
        super().__init__({None: 0})
        self.parts_read: list[Any] = [None]
        self._read = structs.part_decoder(_FAMILY, key).decode

    def __missing__(self, text: bytes) -> int:
        value = self._read(text)
        place = len(self.parts_read)
        self.parts_read.append(value)
        if len(text) <= _LARGEST_PART_BYTES:
            self[text] = place
        return place

    def place(self, text: bytes | None) -> int:
        """The place of what the text says, -1 where it cannot be read."""
        try:
            return self[text]
        except REFUSED:
            return -1
