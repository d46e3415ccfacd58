"""The corpora that the benchmarks read: the simulated organisation's noise in any quantity, without its incidents.

Corpus A is made of large files (about 500 events), corpus B of small ones (25); both come from the same day's work.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from trailmere.simulator import Habits, Period, TrailSimulator

if TYPE_CHECKING:
    from pathlib import Path

    from trailmere.simulator import Summary

DAYS = 4
START = date(2022, 5, 2)  # a Monday: four working days


def corpus(folder: Path, events: int = 2_000_000, files: int = 4_000, seed: str | int = "corpus") -> Summary:
    """Write about ``events`` events in about ``files`` log files under ``folder``, by key, and say how many they are.

    Nothing is late, repeated or beside the point: only log files, each event once. The same arguments give the same
    bytes.
    """
    habits = Habits(
        late=0,
        redelivered=0,
        second_trail=0,
        digests=False,
        config=False,
        insights=False,
        network_activity=False,
    )
    simulator = TrailSimulator(
        str(seed),
        (Period(START, DAYS, round(events / DAYS)),),
        events_a_file=max(1, round(events / files)),
        habits=habits,
        incidents=False,
    )
    return simulator.write(folder)
