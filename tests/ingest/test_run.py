"""Taking sources in: what is kept, what is known, what is rejected; and the account of it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ingest.corpus import KINDS, Corpus, envelope, event, log_key, lost_and_doubled, make, packed, rows
from trailmere.ingest.records import Limits
from trailmere.ingest.run import ingest
from trailmere.sources.opening import open_source
from trailmere.sources.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from trailmere.ingest.account import Account
    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore

LIMITS = Limits(workers=1)


def take(lake: Lake, store: EventDataStore, folder: Path, limits: Limits = LIMITS) -> Account:
    return ingest(lake, store, open_source(str(folder)), limits)


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def log(folder: Path, records: list[dict[str, object]], name: str | None = None) -> Path:
    return write(folder / (name or log_key(Random(json.dumps(records)))), packed(envelope(records)))


# -- the whole ---------------------------------------------------------------------------------------------------------


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=25))
def test_whatever_the_mix_nothing_is_lost_nothing_is_doubled_and_the_account_balances(
    lake: Lake, new_store: Callable[..., EventDataStore], seed: int, kinds: list[str]
) -> None:
    store = new_store()
    with TemporaryDirectory() as place:
        corpus = make(Path(place), seed, kinds)

        account = take(lake, store, corpus.folder)
        again = take(lake, store, corpus.folder)

    assert lost_and_doubled(lake, store.id, corpus.wanted) == (0, 0)
    left_alone = sum(account.left_alone.values())
    assert corpus.files == account.deliveries_seen + left_alone
    assert corpus.kinds["digest"] + corpus.kinds["hidden"] == left_alone
    assert (again.deliveries_known, again.parsed) == (account.deliveries_seen, 0)


@pytest.mark.parametrize("commit_deliveries", [1, 3])
def test_many_small_commits_by_two_workers_come_to_the_same_as_one(
    lake: Lake, store: EventDataStore, folder: Path, commit_deliveries: int
) -> None:
    corpus = make(folder, 5, [*KINDS, *KINDS])
    limits = Limits(workers=2, batch_bytes=4000, commit_deliveries=commit_deliveries)

    account = take(lake, store, folder, limits)

    assert lost_and_doubled(lake, store.id, corpus.wanted) == (0, 0)
    assert account.commits > 5


def test_deliveries_that_are_larger_than_a_batch_are_written_in_parts(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    records = [event(Random(n)) for n in range(60)]
    log(folder, records)

    account = take(lake, store, folder, Limits(workers=1, batch_bytes=10_000))

    assert account.kept == 60
    assert len(lake.scan(store.id).files) > 3


def test_the_ledger_and_the_account_say_the_same(lake: Lake, store: EventDataStore, folder: Path) -> None:
    make(folder, 11, KINDS)

    account = take(lake, store, folder)
    totals = lake.totals(store.id)

    assert (totals.parsed, totals.kept, totals.filtered, totals.duplicate, totals.dead) == (
        account.parsed,
        account.kept,
        account.filtered,
        account.duplicate,
        account.dead,
    )
    assert (totals.deliveries_seen, totals.deliveries_taken, totals.deliveries_known, totals.deliveries_rejected) == (
        account.deliveries_seen,
        account.deliveries_taken,
        account.deliveries_known,
        account.deliveries_rejected,
    )


# -- identity ----------------------------------------------------------------------------------------------------------


def test_the_same_bytes_under_another_name_are_known_and_counted(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    first = log(folder, [event(Random(1))])
    take(lake, store, folder)
    write(folder / "renamed.json.gz", first.read_bytes())

    account = take(lake, store, folder)

    assert (account.deliveries_taken, account.deliveries_known) == (0, 2)


def test_the_same_content_packed_anew_is_known(lake: Lake, store: EventDataStore, folder: Path) -> None:
    content = envelope([event(Random(1))])
    write(folder / "a.json.gz", packed(content))
    write(folder / "b.json.gz", packed(content, level=1))

    account = take(lake, store, folder)

    assert (account.deliveries_taken, account.deliveries_known, account.kept) == (1, 1, 1)


def test_other_bytes_at_the_same_place_are_kept_beside_the_first_and_flagged(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    log(folder, [event(Random(1))], "a.json.gz")
    take(lake, store, folder)
    log(folder, [event(Random(2))], "a.json.gz")

    account = take(lake, store, folder)

    assert (account.conflicting_places, account.kept) == (1, 1)
    assert len(list(rows(lake, store.id))) == 2


def test_other_bytes_at_the_same_place_are_flagged_once_though_they_are_known_from_elsewhere(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    log(folder, [event(Random(1))], "a.json.gz")
    log(folder, [event(Random(2))], "b.json.gz")
    take(lake, store, folder)
    (folder / "a.json.gz").write_bytes((folder / "b.json.gz").read_bytes())

    accounts = [take(lake, store, folder) for _ in range(2)]

    assert [account.conflicting_places for account in accounts] == [1, 0]
    assert lake.totals(store.id).conflicting_places == 1


def test_the_same_event_id_with_other_content_is_kept_and_flagged(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    original = event(Random(1))
    log(folder, [original])
    log(folder, [original | {"errorCode": "AccessDenied"}])

    account = take(lake, store, folder)

    assert (account.kept, account.conflicting_events) == (2, 1)
    assert sorted(row["eventidconflict"] for row in rows(lake, store.id)) == [False, True]


def test_events_that_share_a_shared_event_id_are_never_merged(lake: Lake, store: EventDataStore, folder: Path) -> None:
    log(folder, [event(Random(n), sharedEventID="s") for n in (1, 2)])

    account = take(lake, store, folder)

    assert (account.kept, account.duplicate) == (2, 0)


def test_a_redelivery_in_another_wrapper_is_a_duplicate(lake: Lake, store: EventDataStore, folder: Path) -> None:
    record = event(Random(1))
    log(folder, [record])
    write(folder / "bus.jsonl", json.dumps({"detail-type": "AWS API Call via CloudTrail", "detail": record}).encode())

    account = take(lake, store, folder)

    assert (account.deliveries_taken, account.kept, account.duplicate) == (2, 1, 1)


def test_events_that_the_store_does_not_want_are_counted_as_filtered(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    log(folder, [event(Random(1)), event(Random(2), eventCategory="Data", managementEvent=False)])

    account = take(lake, store, folder)

    assert (account.parsed, account.kept, account.filtered) == (2, 1, 1)


# -- evidence ----------------------------------------------------------------------------------------------------------


def test_a_delivered_file_can_be_rebuilt_from_its_rows_to_the_same_sha_256(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    odd = (
        '{"eventTime":"2026-03-01T00:00:00Z","eventID":"x","eventCategory":"Management",'
        '"n":1.10,"n":184467440737095516160,"t":"\\u00e4\\/"}'
    )
    content = ('{"Records":[' + ",".join([odd, *(json.dumps(event(Random(n))) for n in range(9))]) + "]}").encode()
    write(folder / "a.json.gz", packed(content))
    take(lake, store, folder)

    texts = [row["eventjson"] for row in sorted(rows(lake, store.id), key=lambda row: row["deliveryordinal"])]
    rebuilt = ('{"Records":[' + ",".join(texts) + "]}").encode()

    (entry,) = lake.deliveries(store.id)
    assert hashlib.sha256(rebuilt).hexdigest() == entry.sha256_content == hashlib.sha256(content).hexdigest()


def test_fields_that_no_column_is_declared_for_are_named_once(lake: Lake, store: EventDataStore, folder: Path) -> None:
    log(folder, [event(Random(1), newThing=1), event(Random(2), newThing=2)])

    account = take(lake, store, folder)
    log(folder, [event(Random(3), newThing=1)])
    again = take(lake, store, folder)

    (field,) = lake.fields(store.id)
    assert (account.new_fields, again.new_fields) == (("newThing",), ())
    assert (field.path, field.count) == ("newThing", 3)


# -- what cannot be taken in -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "content"),
    [
        ("empty", b""),
        ("gzip-truncated", packed(envelope([event(Random(1))]))[:-9]),
        ("gzip-trailing-bytes", packed(envelope([event(Random(1))])) + packed(b"{}")),
        ("gzip-corrupt", packed(envelope([event(Random(1))]))[:-8] + b"\0" * 8),
        ("archive", b"PK\x03\x04" + b"\0" * 40),
    ],
)
def test_a_delivery_that_cannot_be_inflated_is_rejected_with_its_bytes_and_known_afterwards(
    lake: Lake, store: EventDataStore, folder: Path, reason: str, content: bytes
) -> None:
    write(folder / "a.json.gz", content)

    first, second = take(lake, store, folder), take(lake, store, folder)

    (letter,) = lake.dead_letters(store.id)
    assert (first.deliveries_rejected, first.reasons) == (1, {reason: 1})
    assert (second.deliveries_known, second.known_rejected) == (1, 1)
    assert lake.dead_letter(letter.id).letter.content == content


def test_a_file_that_cannot_be_read_costs_itself_only_and_is_tried_again_next_time(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    (folder / "gone.json").symlink_to("/nonexistent/log.json")
    (folder / "gone-too.json").symlink_to("/nonexistent/other.json")
    log(folder, [event(Random(1))])

    first, second = take(lake, store, folder), take(lake, store, folder)
    (folder / "gone.json").unlink()
    log(folder, [event(Random(2))], "gone.json")
    third = take(lake, store, folder)

    assert (first.deliveries_taken, first.reasons) == (1, {"unreadable": 2})
    assert (second.deliveries_known, second.known_rejected, second.reasons) == (3, 2, {})
    assert (third.kept, third.conflicting_places) == (1, 0)


def test_a_delivery_larger_than_the_limit_is_refused_by_its_size_and_never_read(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    path = folder / "huge.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)

    accounts = [take(lake, store, folder, Limits(workers=1, max_delivery_bytes=1 << 20)) for _ in range(2)]

    (letter,) = lake.dead_letters(store.id)
    assert [account.reasons for account in accounts] == [{"too-large": 1}, {}]
    assert [account.known_rejected for account in accounts] == [0, 1]
    assert (letter.letter.size, letter.letter.sha256) == (1 << 40, "")
    assert lake.dead_letter(letter.id).letter.content is None


def test_a_delivery_that_was_too_large_is_taken_in_when_the_limit_is_raised(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    log(folder, [event(Random(1))])

    first = take(lake, store, folder, Limits(workers=1, max_delivery_bytes=10))
    second = take(lake, store, folder)

    assert (first.deliveries_rejected, second.kept, second.conflicting_places) == (1, 1, 0)


def test_a_dry_run_counts_and_writes_nothing(lake: Lake, store: EventDataStore, folder: Path) -> None:
    make(folder, 3, KINDS)

    dry = ingest(lake, store, open_source(str(folder)), LIMITS, dry_run=True)
    entered = list(lake.deliveries(store.id))
    account = take(lake, store, folder)

    assert entered == []
    assert (dry.parsed, dry.filtered, dry.dead) >= (account.parsed, account.filtered, account.dead)
    assert (dry.dry_run, dry.commits) == (True, 0)


def test_a_run_that_is_asked_to_stop_commits_what_is_under_way_and_the_next_one_does_the_rest(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    corpus = make(folder, 8, ["good"] * 40)
    asked: list[int] = []
    limits = Limits(workers=1, batch_bytes=1, commit_deliveries=2)

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 6

    first = ingest(lake, store, open_source(str(folder)), limits, stop=stop)
    second = take(lake, store, folder)

    assert first.interrupted
    assert 0 < first.deliveries_taken < 40
    assert first.deliveries_taken + second.deliveries_taken == 40
    assert lost_and_doubled(lake, store.id, corpus.wanted) == (0, 0)


def test_a_scope_leaves_other_accounts_and_times_alone_and_counts_them(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    corpus = Corpus(folder, Random(1))
    for _ in range(6):
        corpus.add("good")
    log(folder, [event(Random(9))], "no-grammar.json.gz")

    mine = ingest(lake, store, open_source(str(folder), Scope(accounts=("111122223333",))), LIMITS)
    other = ingest(lake, store, open_source(str(folder), Scope(accounts=("999999999999",))), LIMITS)

    assert (mine.deliveries_seen, mine.out_of_scope) == (6, 1)
    assert (other.deliveries_seen, other.out_of_scope) == (0, 7)


def test_deliveries_are_taken_in_the_order_of_the_time_in_their_names(
    lake: Lake, store: EventDataStore, folder: Path
) -> None:
    make(folder, 2, ["good"] * 12)
    source = open_source(str(folder))

    listed = [delivery.due for delivery in source.listing()]

    assert listed == sorted(listed, key=lambda due: (due is None, due))
    assert Counter(due is None for due in listed) == {False: 12}
