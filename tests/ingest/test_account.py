"""The account balances or says that it does not; tasks are cut by size; what is known is told beforehand."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.corpus import envelope, event, packed
from trailmere.errors import LakeDamaged
from trailmere.ingest.account import Account
from trailmere.ingest.chunks import Ratio, group, look_up
from trailmere.ingest.records import Limits
from trailmere.ingest.run import ingest
from trailmere.sources.delivery import Delivery
from trailmere.sources.opening import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore

BALANCED = Account(
    deliveries_seen=6,
    deliveries_taken=3,
    deliveries_known=2,
    deliveries_rejected=1,
    parsed=10,
    kept=4,
    filtered=3,
    duplicate=2,
    dead=1,
)


@pytest.mark.parametrize(
    "name", ["deliveries_seen", "deliveries_taken", "parsed", "kept", "filtered", "duplicate", "dead"]
)
def test_an_account_that_is_off_by_one_anywhere_is_refused(name: str) -> None:
    assert BALANCED.check() is BALANCED

    with pytest.raises(LakeDamaged, match="does not balance"):
        replace(BALANCED, **{name: getattr(BALANCED, name) + 1}).check()


def test_an_account_that_the_ledger_does_not_bear_out_is_refused(lake: Lake, store: EventDataStore) -> None:
    totals = lake.totals(store.id)

    with pytest.raises(LakeDamaged, match="the ledger grew by 0"):
        BALANCED.check_against(totals, totals)


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 100))
def test_tasks_hold_every_delivery_once_in_order_and_stay_within_their_size(sizes: list[int], most: int) -> None:
    deliveries = [Delivery(f"file:///{number}.json", size=size) for number, size in enumerate(sizes)]

    tasks = list(group(deliveries, Ratio(), most))

    assert [delivery for task in tasks for delivery in task] == deliveries
    assert all(len(task) == 1 or sum(delivery.size or 0 for delivery in task) <= most for task in tasks)


def test_the_ratio_of_content_to_gzip_is_learnt() -> None:
    ratio = Ratio()
    ratio.learn(stored=1 << 30, content=20 << 30)

    assert 19_000 < ratio.estimate(Delivery("file:///a.json.gz", size=1000)) < 20_000


def test_a_copy_under_another_name_is_known_before_it_is_decoded(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    content = packed(envelope([event(Random(1))]))
    (folder / "a.json.gz").write_bytes(content)
    ingest(lake, store, open_source(str(folder)), Limits(workers=1))
    (folder / "b.json.gz").write_bytes(content)
    page = list(open_source(str(folder / "b.json.gz")).listing())

    looked = look_up(lake, store.id, page, hash_new=True)

    (entry,) = lake.deliveries(store.id)
    assert [(known.delivery_id, known.rejected) for known in looked.expected.values()] == [(entry.id, False)]


def test_an_s3_object_is_known_by_etag_and_size_and_not_when_either_differs(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    (folder / "a.json.gz").write_bytes(packed(envelope([event(Random(1))])))
    (listed,) = open_source(str(folder)).listing()
    seen = Delivery("s3://bucket/a", size=listed.size, etag='"1"', spool=str(folder / "a.json.gz"))
    from trailmere.ingest.run import Ingest

    with Ingest(lake, store, Limits(workers=1)) as run:
        run.take([seen])

    same = look_up(lake, store.id, [seen])
    changed = look_up(lake, store.id, [replace(seen, etag='"2"')])
    longer = look_up(lake, store.id, [replace(seen, size=1)])

    assert (len(same.known), len(changed.known), len(longer.known)) == (1, 0, 0)
