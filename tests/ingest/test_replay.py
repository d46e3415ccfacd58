"""Dead letters that the present decoder and limits can read are taken in, once, as if they had been read at first."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

from tests.ingest.corpus import envelope, event, lost_and_doubled, packed, rows
from trailmere.ingest.records import Limits
from trailmere.ingest.replay import replay
from trailmere.ingest.run import ingest
from trailmere.sources.opening import open_source

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore

SHALLOW = Limits(workers=1, max_json_depth=3)
DEEP = Limits(workers=1)


def wanted(*records: dict[str, object]) -> Counter[tuple[str, str]]:
    from collections import Counter

    from tests.ingest.corpus import mark_of

    return Counter(map(mark_of, records))


def test_a_single_record_is_taken_in_at_its_own_place_in_its_own_delivery(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    flat, deep = event(Random(1)), event(Random(2), requestParameters={"a": {"b": {"c": {"d": 1}}}})
    (folder / "a.json.gz").write_bytes(packed(envelope([flat, deep])))
    first = ingest(lake, store, open_source(str(folder)), SHALLOW)
    ids = [letter.id for letter in lake.dead_letters(store.id)]

    result = replay(lake, store, ids, DEEP)
    again = replay(lake, store, ids, DEEP)

    places = {(row["deliveryid"], row["deliveryordinal"]) for row in rows(lake, store.id)}
    (delivery,) = {delivery for delivery, _ in places}
    assert (first.reasons, result.replayed, again.replayed) == ({"depth": 1}, 1, 0)
    assert places == {(delivery, 0), (delivery, 1)}
    assert lost_and_doubled(lake, store.id, wanted(flat, deep)) == (0, 0)
    assert [letter.state for letter in lake.dead_letters(store.id)] == ["replayed"]


def test_a_whole_delivery_that_was_rejected_is_taken_in_and_known_from_then_on(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    record = event(Random(1))
    (folder / "a.json.gz").write_bytes(packed(envelope([record])))
    small = Limits(workers=1, max_delivery_bytes=500)
    first = ingest(lake, store, open_source(str(folder)), small)
    (letter,) = lake.dead_letters(store.id)

    result = replay(lake, store, [letter.id], DEEP)
    again = ingest(lake, store, open_source(str(folder)), DEEP)

    (entry,) = lake.deliveries(store.id)
    assert (first.deliveries_rejected, result.replayed) == (1, 1)
    assert (entry.status, entry.kept) == ("taken", 1)
    assert (again.deliveries_known, again.known_rejected) == (1, 0)
    assert lost_and_doubled(lake, store.id, wanted(record)) == (0, 0)


def test_a_whole_delivery_is_taken_in_though_one_of_its_records_cannot_be(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    record = event(Random(1))
    (folder / "a.json.gz").write_bytes(packed(envelope([event(Random(2), eventTime="never"), record])))
    ingest(lake, store, open_source(str(folder)), Limits(workers=1, max_delivery_bytes=500))

    result = replay(lake, store, [letter.id for letter in lake.dead_letters(store.id)], DEEP)

    assert (result.replayed, lost_and_doubled(lake, store.id, wanted(record))) == (1, (0, 0))
    assert {(stored.letter.reason, stored.state) for stored in lake.dead_letters(store.id)} == {
        ("too-large", "replayed"),
        ("event-time", "open"),
    }


def test_what_still_cannot_be_read_makes_no_new_dead_letter(lake: Lake, store: EventDataStore, folder: Path) -> None:
    (folder / "a.json").write_bytes(b'{"Records":[{"eventTime":"never"},')
    (folder / "b.json.gz").write_bytes(b"\x1f\x8bnothing")
    ingest(lake, store, open_source(str(folder)), DEEP)
    before = [letter.id for letter in lake.dead_letters(store.id)]

    result = replay(lake, store, before, DEEP)

    assert (result.tried, result.replayed, result.still_dead) == (len(before), 0, len(before))
    assert [letter.id for letter in lake.dead_letters(store.id)] == before
    assert json.dumps(before) != "[]"
