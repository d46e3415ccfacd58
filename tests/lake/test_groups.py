"""Which files are written anew: few enough are left, few enough are touched, and what is done is done."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from trailmere.lake.files import EPOCH, MICROSECONDS_A_DAY
from trailmere.lake.groups import FULL_ROWS, JOB_ROWS, TARGET_ROWS, StoredFile, choose, pieces

DAY = date(2026, 3, 1)
BYTES_A_ROW = 200
NAMES = count()


def stored(
    rows: int, *, day: date = DAY, first: int = 0, last: int = MICROSECONDS_A_DAY - 1, written: int = 0
) -> StoredFile:
    start = (day - EPOCH).days * MICROSECONDS_A_DAY
    path = f"/lake/data/eventtime_day={day}/{written:016x}{next(NAMES):08x}-0.parquet"
    return StoredFile(path, rows * BYTES_A_ROW, rows, day, start + first, start + last)


def after(files: list[StoredFile], rested: int = -1) -> list[StoredFile]:
    """The files once all jobs are done."""
    jobs = choose(files, rested=rested)
    gone = {file for job in jobs for file in job.files}
    made = []
    for group in (group for job in jobs for group in job.groups):
        parts = pieces(group.rows, group.rows * BYTES_A_ROW)
        made += [
            stored(group.rows * (part + 1) // parts - group.rows * part // parts, day=group.day)
            for part in range(parts)
        ]
    return [*(file for file in files if file not in gone), *made]


SIZES = st.lists(st.integers(1, TARGET_ROWS), max_size=30)


@settings(deadline=None)
@given(SIZES)
def test_what_is_done_is_done(sizes: list[int]) -> None:
    files = after([stored(rows) for rows in sizes])

    assert choose(files) == []


@settings(deadline=None)
@given(SIZES, st.integers(0, 2))
def test_a_day_that_has_come_to_rest_is_left_with_one_small_file_at_most(sizes: list[int], rested: int) -> None:
    files = after([stored(rows, written=rested) for rows in sizes], rested=2)

    assert sum(file.rows < FULL_ROWS for file in files) <= 1
    assert sum(file.rows for file in files) == sum(sizes)
    assert choose(files, rested=2) == []


def test_a_day_that_still_gets_files_has_not_come_to_rest() -> None:
    files = [stored(10_000, written=1), stored(100, written=1), stored(1, written=3)]

    assert choose(files, rested=2) == []
    assert [len(job.files) for job in choose(files, rested=3)] == [3]


def test_a_file_whose_name_tells_no_time_keeps_its_day_from_rest() -> None:
    foreign = StoredFile("/lake/data/part-0.parquet", 200, 1, DAY, 0, 1)

    assert choose([foreign, stored(10_000)], rested=10) == []


@settings(deadline=None)
@given(SIZES)
def test_no_job_is_much_larger_than_its_bound_and_no_row_is_lost(sizes: list[int]) -> None:
    files = [stored(rows) for rows in sizes]

    assert all(sum(file.rows for file in job.files) <= JOB_ROWS + FULL_ROWS for job in choose(files))
    assert sum(file.rows for file in after(files)) == sum(sizes)


def test_a_day_that_grows_by_small_files_has_few_and_writes_each_row_few_times() -> None:
    files: list[StoredFile] = []
    written = 0
    for _ in range(1000):
        files.append(stored(500))
        before = {file.path for file in files}
        files = after(files)
        written += sum(file.rows for file in files if file.path not in before)

    assert len(files) <= 12
    assert written <= 12 * 1000 * 500


def test_files_of_different_days_are_never_joined() -> None:
    jobs = choose([stored(10, day=DAY), stored(10, day=DAY + timedelta(days=1))])

    assert jobs == []


def test_full_files_are_left_alone() -> None:
    assert choose([stored(FULL_ROWS) for _ in range(9)]) == []


def test_a_file_wholly_past_its_time_is_dropped_and_one_partly_past_is_written_anew() -> None:
    old, partly, young = stored(5, last=9), stored(5, first=5, last=15), stored(FULL_ROWS, first=20)
    start = (DAY - EPOCH).days * MICROSECONDS_A_DAY

    dropping, rewriting = choose([old, partly, young], start + 10)

    assert dropping.dropped == (old,)
    assert Counter(file for group in rewriting.groups for file in group.files) == {partly: 1}
