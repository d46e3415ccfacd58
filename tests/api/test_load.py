"""Clients of every kind at once, and ``trailmere serve`` killed in between: no event lost or twice, no answer wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from benchmarks.serve import run
from benchmarks.serve_clients import Bound

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS, ROUNDS, PROCESSES = 8, 6, 2


@pytest.mark.extended
@pytest.mark.timeout(600)
def test_no_event_is_lost_or_twice_and_no_answer_wrong_when_the_server_is_killed_under_load(tmp_path: Path) -> None:
    found = run(tmp_path, Bound(CLIENTS, rounds=ROUNDS), PROCESSES, seed=7, say=print)

    assert found.violations() == []
    assert found.judgement.counts["events acknowledged"] > 0
    assert {"the answer of the known store", "a count is between acknowledged and sent", "every event is taken"} <= set(
        found.seen.checked
    )
    assert found.began < found.killed < found.first_answer < found.ended
