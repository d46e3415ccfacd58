"""What a commit keeps, leaves out, flags and enters: every row of the table of decisions."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.lake.world import STORE, data_files, event, live_files, parcel, put, stored, texts, written
from trailmere.errors import LakeDamaged, LakeError
from trailmere.lake.records import DeadLetter, DeliveryEntry, NewField

if TYPE_CHECKING:
    from trailmere.lake.vault import Lake

A, B, C = event("a"), event("b", days=1), event("c", days=2)


def letter(entry: DeliveryEntry, content: bytes, ordinal: int | None = 0) -> DeadLetter:
    return DeadLetter(
        entry.id,
        entry.uri,
        ordinal,
        "record 0",
        "not-json",
        "no",
        hashlib.sha256(content).hexdigest(),
        len(content),
        content,
    )


def test_rows_come_back_as_they_were_written(lake: Lake) -> None:
    put(lake, parcel("one", A, B), parcel("two", C))

    assert [A.text, B.text, C.text] == texts(lake)


def test_a_row_names_its_delivery_and_its_place_in_it(lake: Lake) -> None:
    one = parcel("one", A, B)

    put(lake, one)

    assert [(one.entry().id, 0), (one.entry().id, 1)] == stored(lake, "deliveryid", "deliveryordinal")


def test_the_rows_of_one_day_lie_in_one_file(lake: Lake) -> None:
    put(lake, parcel("one", A, B, event("d")))

    assert {f"eventtime_day={day}" for day in ("2026-03-01", "2026-03-02")} == {
        path.parent.name for path in lake.home.rglob("*.parquet")
    }


def test_the_same_bytes_again_are_known(lake: Lake) -> None:
    first = put(lake, parcel("one", A))

    again = put(lake, parcel("one", A))

    assert ("known", first.deliveries[0].id, None) == (
        again.deliveries[0].status,
        again.deliveries[0].same_as,
        again.snapshot_id,
    )
    assert [A.text] == texts(lake)


def test_the_same_bytes_under_another_name_are_known_and_have_a_line_of_their_own(lake: Lake) -> None:
    put(lake, parcel("one", A))

    put(lake, parcel("copy", A))

    assert [(entry.uri.rpartition("/")[2], entry.status) for entry in lake.deliveries(STORE)] == [
        ("one", "taken"),
        ("copy", "known"),
    ]


def test_the_same_content_in_other_bytes_is_known(lake: Lake) -> None:
    put(lake, parcel("one.json.gz", A))

    again = put(lake, parcel("one.json", A, wrapping="not compressed"))

    assert again.deliveries[0].status == "known"
    assert [A.text] == texts(lake)


def test_of_two_copies_in_one_batch_the_first_is_taken(lake: Lake) -> None:
    result = put(lake, parcel("one", A), parcel("copy", A))

    assert [entry.status for entry in result.deliveries] == ["taken", "known"]
    assert [A.text] == texts(lake)


def test_the_same_place_with_other_bytes_is_flagged_and_both_are_kept(lake: Lake) -> None:
    put(lake, parcel("one", A))

    result = put(lake, parcel("one", B))

    assert result.deliveries[0].conflict
    assert [A.text, B.text] == texts(lake)


def test_two_versions_of_a_place_do_not_contradict_each_other(lake: Lake) -> None:
    put(lake, parcel("one", A, version="v1"))

    result = put(lake, parcel("one", B, version="v2"))

    assert not result.deliveries[0].conflict


def test_an_event_that_comes_in_another_delivery_is_a_duplicate(lake: Lake) -> None:
    put(lake, parcel("one", A, B))

    result = put(lake, parcel("two", B, C))

    assert (
        result.deliveries[0].parsed,
        result.deliveries[0].kept,
        result.deliveries[0].duplicate,
        result.deliveries[0].conflicting_events,
    ) == (2, 1, 1, 0)
    assert [A.text, B.text, C.text] == texts(lake)


def test_an_event_twice_in_one_batch_is_a_duplicate_of_the_first(lake: Lake) -> None:
    result = put(lake, parcel("one", A), parcel("two", B, A), parcel("three", A, C))

    assert [entry.duplicate for entry in result.deliveries] == [0, 1, 1]
    assert [A.text, B.text, C.text] == texts(lake)


def test_an_event_with_its_members_in_another_order_is_a_duplicate(lake: Lake) -> None:
    first = event("a", x=1, y={"p": [1, 2], "q": None})
    put(lake, parcel("one", first))

    result = put(lake, parcel("two", replace(first, text='{"y" : {"q":null,"p":[1,2]}, "x":1,"eventID":"\\u0061"}')))

    assert result.deliveries[0].duplicate == 1
    assert [first.text] == texts(lake)


def test_an_event_id_with_other_content_is_kept_and_flagged(lake: Lake) -> None:
    put(lake, parcel("one", event("a", x=1)))

    result = put(lake, parcel("two", event("a", x=2), B))

    assert result.deliveries[0].conflicting_events == 1
    assert [(False, '{"eventID": "a", "x": 1}'), (False, B.text), (True, '{"eventID": "a", "x": 2}')] == sorted(
        (bool(flag), text) for flag, text in stored(lake, "eventidconflict", "eventjson")
    )


def test_an_event_id_with_other_content_in_the_same_batch_is_kept_and_flagged(lake: Lake) -> None:
    result = put(lake, parcel("one", event("a", x=1), event("a", x=2), event("a", x=1)))

    assert (
        result.deliveries[0].kept,
        result.deliveries[0].duplicate,
        result.deliveries[0].conflicting_events,
    ) == (2, 1, 1)


def test_a_conflicting_event_is_known_when_it_comes_a_third_time(lake: Lake) -> None:
    put(lake, parcel("one", event("a", x=1)))
    put(lake, parcel("two", event("a", x=2)))

    result = put(lake, parcel("three", event("a", x=2), event("a", x=1), wrapping="w"))

    assert result.deliveries[0].duplicate == 2


def test_numbers_are_compared_by_their_text(lake: Lake) -> None:
    put(lake, parcel("one", replace(A, text='{"eventID":"a","n":1.10}')))

    result = put(lake, parcel("two", replace(A, text='{"eventID":"a","n":1.1}')))

    assert result.deliveries[0].conflicting_events == 1


def test_events_without_an_event_id_are_never_merged(lake: Lake) -> None:
    nameless = event(None, x=1)

    result = put(lake, parcel("one", nameless, nameless), parcel("two", nameless, B))

    assert [entry.duplicate for entry in result.deliveries] == [0, 0]
    assert len(texts(lake)) == 4


def test_events_that_share_a_shared_event_id_are_both_kept(lake: Lake) -> None:
    put(lake, parcel("one", event("a", sharedEventID="s"), event("b", sharedEventID="s")))

    assert len(texts(lake)) == 2


def test_a_delivery_of_which_nothing_is_new_leaves_no_file(lake: Lake) -> None:
    put(lake, parcel("one", A, B))

    result = put(lake, parcel("two", B, A))

    assert None is result.snapshot_id
    assert live_files(lake) == data_files(lake)


def test_a_delivery_of_which_nothing_was_kept_is_entered(lake: Lake) -> None:
    put(lake, parcel("one", filtered=3, content="three that nobody wanted"))

    assert [(entry.status, entry.filtered) for entry in lake.deliveries(STORE)] == [("taken", 3)]


def test_a_rejected_delivery_seen_again_is_known(lake: Lake) -> None:
    put(lake, parcel("bad", content="garbage", status="rejected"))

    result = put(lake, parcel("bad", content="garbage", status="rejected"))

    assert result.deliveries[0].status == "known"
    assert lake.known_bytes(STORE, [result.deliveries[0].sha256_stored]).popitem()[1].status == "rejected"


def test_a_rejected_delivery_can_be_taken_later(lake: Lake) -> None:
    put(lake, parcel("bad", content="garbage", status="rejected"))

    put(lake, parcel("bad", A, content="garbage"))

    assert [(entry.status, entry.kept) for entry in lake.deliveries(STORE)] == [("taken", 1)]
    assert (
        lake.totals(STORE).deliveries_seen,
        lake.totals(STORE).deliveries_taken,
        lake.totals(STORE).deliveries_known,
        lake.totals(STORE).deliveries_rejected,
    ) == (1, 1, 0, 0)


def test_a_delivery_seen_again_counts_as_one_more_sighting(lake: Lake) -> None:
    for _ in range(3):
        put(lake, parcel("one", A))

    totals = lake.totals(STORE)
    assert (
        totals.deliveries_seen,
        totals.deliveries_taken,
        totals.deliveries_known,
        len(list(lake.deliveries(STORE))),
    ) == (3, 1, 2, 1)


def test_counts_that_do_not_agree_with_the_rows_are_refused(lake: Lake) -> None:
    batch = lake.begin(STORE)
    one = parcel("one", A)

    with pytest.raises(ValueError, match="kept 2 records, and 1 rows"):
        lake.commit(batch, written(batch, [one]), [replace(one.entry(), kept=2, parsed=2)], [])


def test_counts_that_do_not_balance_are_refused(lake: Lake) -> None:
    batch = lake.begin(STORE)
    one = parcel("one", A)

    with pytest.raises(ValueError, match="parsed 3 is not kept 1"):
        lake.commit(batch, written(batch, [one]), [replace(one.entry(), parsed=3)], [])


def test_a_file_that_is_gone_is_found_out_before_the_commit(lake: Lake) -> None:
    batch = lake.begin(STORE)
    one = parcel("one", A)
    files = written(batch, [one])
    next(lake.home.rglob("*.parquet")).unlink()

    with pytest.raises(LakeDamaged):
        lake.commit(batch, files, [one.entry()], [])


def test_a_batch_that_was_given_up_cannot_be_committed(lake: Lake) -> None:
    batch = lake.begin(STORE)
    lake.abandon(batch)
    one = parcel("one", A)

    with pytest.raises(LakeError, match="not open any more"):
        lake.commit(batch, written(batch, [one]), [one.entry()], [])


def test_files_of_a_worker_that_was_replaced_are_removed_at_the_commit(lake: Lake) -> None:
    batch = lake.begin(STORE)
    one = parcel("one", A)
    written(batch, [one], part="died")

    lake.commit(batch, written(batch, [one], part="second"), [one.entry()], [])

    assert {f"{batch.id}-second.parquet"} == data_files(lake)


def test_the_snapshot_carries_the_batch(lake: Lake) -> None:
    result = put(lake, parcel("one", A, B))

    assert [(result.snapshot_id, result.batch_id, 2, 2, 2)] == [
        (snapshot.id, snapshot.batch_id, snapshot.rows, snapshot.files, snapshot.total_rows)
        for snapshot in lake.snapshots(STORE)
    ]


@pytest.mark.parametrize("size", [3, 200_000])
def test_a_dead_letter_keeps_its_bytes(lake: Lake, size: int) -> None:
    one = parcel("one", A, dead=1)
    content = bytes(range(256)) * (size // 256 + 1)

    put(lake, replace(one, letters=(letter(one.entry(), content),)))

    kept = next(lake.dead_letters(STORE))
    assert content == lake.dead_letter(kept.id).letter.content
    assert None is kept.letter.content


def test_dead_letters_of_a_delivery_that_turns_out_known_are_not_kept_twice(lake: Lake) -> None:
    one = parcel("one", A, dead=1)
    one = replace(one, letters=(letter(one.entry(), b"x"),))

    put(lake, one)
    put(lake, one)

    assert len(list(lake.dead_letters())) == 1


def test_a_replayed_dead_letter_is_not_open_any_more(lake: Lake) -> None:
    one = parcel("one", A, dead=1)
    put(lake, replace(one, letters=(letter(one.entry(), b"x"),)))
    id = next(lake.dead_letters()).id

    assert lake.mark_replayed(id) == 1
    assert list(lake.dead_letters(state="open")) == []
    assert lake.mark_replayed(id) == 0


def test_a_dead_letter_whose_file_was_changed_is_damage(lake: Lake) -> None:
    one = parcel("one", A, dead=1)
    put(lake, replace(one, letters=(letter(one.entry(), b"x" * 100_000),)))
    next(path for path in (lake.home / "deadletters").rglob("*") if path.is_file()).write_bytes(b"y" * 100_000)

    with pytest.raises(LakeDamaged):
        lake.dead_letter(next(lake.dead_letters()).id)


def test_a_field_is_remembered_where_it_was_first_seen(lake: Lake) -> None:
    one, two = parcel("one", A), parcel("two", B)

    put(lake, one, fields=[NewField("newThing", one.entry().id, one.uri, 7, 2)])
    put(lake, two, fields=[NewField("newThing", two.entry().id, two.uri, 0, 3)])

    assert [("newThing", one.uri, 7, 5)] == [
        (found.path, found.uri, found.ordinal, found.count) for found in lake.fields(STORE)
    ]


def test_the_totals_balance(lake: Lake) -> None:
    put(lake, parcel("one", A, B, dead=2, filtered=1), parcel("bad", content="x", status="rejected"))
    put(lake, parcel("two", B, C), parcel("one", A, B, dead=2, filtered=1))

    totals = lake.totals(STORE)
    assert totals.deliveries_seen == totals.deliveries_taken + totals.deliveries_known + totals.deliveries_rejected
    assert totals.parsed == totals.kept + totals.filtered + totals.duplicate + totals.dead
    assert (totals.parsed, totals.kept, totals.rows) == (7, 3, 3)


def test_a_dropped_store_leaves_nothing_that_would_hide_its_deliveries(lake: Lake) -> None:
    put(lake, parcel("one", A))

    lake.drop_table(STORE)
    lake.drop_table(STORE)
    lake.create_table(STORE, "cloudtrail")
    result = put(lake, parcel("one", A))

    assert result.deliveries[0].status == "taken"
    assert [A.text] == texts(lake)


def test_a_delivery_that_cannot_be_read_is_rejected_each_time(lake: Lake) -> None:
    unread = replace(parcel("gone", status="rejected").entry(), sha256_stored="", sha256_content="")

    for _ in range(2):
        lake.commit(lake.begin(STORE), [], [unread], [])

    totals = lake.totals(STORE)
    assert (totals.deliveries_seen, totals.deliveries_rejected, totals.deliveries_known) == (2, 2, 0)


def test_a_letter_of_a_place_that_could_not_be_read_is_answered_when_it_has_been(lake: Lake) -> None:
    gone, other = (
        replace(parcel(name, status="rejected").entry(), sha256_stored="", sha256_content="") for name in ("a", "b")
    )
    letters = [
        DeadLetter(entry.id, entry.uri, None, "delivery", "unreadable", "it could not be read", "", 0, None)
        for entry in (gone, other)
    ]
    lake.commit(lake.begin(STORE), [], [gone, other], letters)

    put(lake, parcel("a", A))

    states = {found.letter.uri: found.state for found in lake.dead_letters(STORE)}
    assert states == {gone.uri: "replayed", other.uri: "open"}
    assert lake.totals(STORE).dead_letters_open == 1
