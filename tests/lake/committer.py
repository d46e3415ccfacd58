"""A process that takes a fixed set of deliveries into a lake, in an order of its own.

``python -m tests.lake.committer HOME SEED [DATABASE]``. Neighbouring deliveries share half of their events; each has
one record without an eventID. It does what ingest does: recover, ask for known bytes, begin, write, commit, until
nothing is left. ``check`` judges the lake by what the deliveries hold and what PyIceberg alone reads.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

from tests.lake.world import STORE, Parcel, event, outsider, parcel, written
from trailmere.lake.vault import Lake

DELIVERIES = 12
EVENTS = 16
BATCH = 3


def source() -> list[Parcel]:
    """All deliveries there are."""
    return [_delivery(number) for number in range(DELIVERIES)]


def _delivery(number: int) -> Parcel:
    first = number * EVENTS // 2
    shared = [event(f"e{at}", days=at % 3, n=at) for at in range(first, first + EVENTS)]
    return parcel(f"{number:02d}.json", *shared, event(None, nameless=number))


def expected() -> Counter[str]:
    """The texts that must be in the table, each as often as given."""
    distinct = {one.text for delivery in source() for one in delivery.events}
    return Counter(distinct)


def check(home: Path, database_url: str | None = None) -> None:
    """Raise AssertionError unless the table holds each event once and the books agree with it."""
    table = outsider(home, database_url).load_table(("stores", STORE)).scan(selected_fields=("eventjson",)).to_arrow()
    found = Counter(table.column("eventjson").to_pylist())
    assert found == expected(), (
        f"lost {sorted((expected() - found).elements())}, twice {sorted((found - expected()).elements())}"
    )
    with Lake.open(home, database_url) as lake:
        lake.recover(STORE)
        totals = lake.totals(STORE)
        planned = {planned.path for planned in lake.scan(STORE).files}
        on_disk = {str(path) for path in (home / "warehouse").rglob("*.parquet")}
    assert (totals.deliveries_taken, totals.deliveries_rejected) == (DELIVERIES, 0), totals
    assert totals.parsed == totals.kept + totals.duplicate == DELIVERIES * (EVENTS + 1), totals
    assert totals.rows == totals.kept == expected().total(), totals
    assert on_disk == planned, f"orphans {on_disk - planned}, missing {planned - on_disk}"


def run(home: Path, seed: int, database_url: str | None = None) -> None:
    """Take in everything that is not there yet, a line for each commit."""
    todo = source()
    random.Random(seed).shuffle(todo)
    with Lake.open(home, database_url) as lake:
        lake.create_table(STORE, "cloudtrail")
        lake.recover(STORE)
        for start in range(0, len(todo), BATCH):
            some = todo[start : start + BATCH]
            known = lake.known_bytes(STORE, [one.entry().sha256_stored for one in some])
            new = [one for one in some if one.entry().sha256_stored not in known]
            if new:
                batch = lake.begin(STORE)
                lake.commit(batch, written(batch, new), [one.entry() for one in new], [])
            print("committed", flush=True)


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
