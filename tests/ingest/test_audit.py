"""Our own calls: in a file before the answer, in a store soon after, never lost with the process that noted them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.ingest.corpus import event
from trailmere.errors import LakeBusy
from trailmere.ingest.audit import AuditTrail
from trailmere.ingest.push import Pusher

if TYPE_CHECKING:
    from pathlib import Path

    from trailmere.lake.vault import Lake
    from trailmere.registry.records import EventDataStore

NEVER = 3600.0  # the thread does nothing by itself


def call(number: int) -> bytes:
    return json.dumps(event(Random(number))).encode()


def trail(lake: Lake, store: EventDataStore, folder: Path) -> AuditTrail:
    return AuditTrail(folder, Pusher(lake), lambda: store, seconds=NEVER)


def test_calls_that_were_noted_are_in_the_store_after_a_flush(
    lake: Lake, store: EventDataStore, tmp_path: Path
) -> None:
    audit = trail(lake, store, tmp_path)
    for number in range(3):
        audit.record(call(number))

    audit.flush()

    assert lake.totals(store.id).rows == 3
    assert list(tmp_path.iterdir()) == []
    audit.close()


def test_the_thread_takes_calls_in_by_itself(lake: Lake, store: EventDataStore, tmp_path: Path) -> None:
    taken = threading.Event()

    class Telling(Pusher):
        def put(self, *what: Any, **more: Any) -> Any:
            entries = super().put(*what, **more)
            taken.set()
            return entries

    audit = AuditTrail(tmp_path, Telling(lake), lambda: store, seconds=0.01)
    audit.record(call(1))

    assert taken.wait(60)
    assert lake.totals(store.id).rows == 1
    audit.close()


def test_calls_that_a_killed_process_noted_are_taken_in_by_the_next(
    lake: Lake, store: EventDataStore, tmp_path: Path
) -> None:
    code = (
        "import os, sys; from pathlib import Path; from trailmere.ingest.audit import AuditTrail\n"
        f"audit = AuditTrail(Path({str(tmp_path)!r}), None, None, seconds={NEVER})\n"
        "[audit.record(line) for line in sys.stdin.buffer.read().split(b'\\n')]\n"
        "os.kill(os.getpid(), 9)"
    )
    noted = b"\n".join(map(call, range(4)))
    subprocess.run([sys.executable, "-c", code], input=noted, check=False)

    trail(lake, store, tmp_path).close()

    assert lake.totals(store.id).rows == 4
    assert list(tmp_path.iterdir()) == []


def test_the_piece_of_a_process_that_lives_is_left_to_it(lake: Lake, store: EventDataStore, tmp_path: Path) -> None:
    living = trail(lake, store, tmp_path)
    living.record(call(1))

    trail(lake, store, tmp_path).close()

    assert lake.totals(store.id).rows == 0
    living.close()
    assert lake.totals(store.id).rows == 1


def test_what_the_store_does_not_take_now_stays_in_the_journal(
    lake: Lake, store: EventDataStore, tmp_path: Path
) -> None:
    class Away(Pusher):
        def put(self, *_: Any, **_more: Any) -> Any:
            raise LakeBusy("somebody else is at it")

    audit = AuditTrail(tmp_path, Away(lake), lambda: store, seconds=NEVER)
    audit.record(call(1))
    with pytest.raises(LakeBusy):
        audit.flush()
    audit.close()

    trail(lake, store, tmp_path).close()

    assert lake.totals(store.id).rows == 1


def test_a_piece_that_was_pushed_and_not_removed_is_kept_once(
    lake: Lake, store: EventDataStore, tmp_path: Path
) -> None:
    audit = trail(lake, store, tmp_path)
    audit.record(call(1))
    (piece,) = tmp_path.iterdir()
    content = piece.read_bytes()
    audit.flush()
    piece.write_bytes(content)  # as if the power had failed before the removal was on the disk

    audit.flush()

    assert lake.totals(store.id).rows == 1
    audit.close()
