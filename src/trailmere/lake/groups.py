"""Which data files to write anew: small ones of a day that belong together, and those that hold rows past their time.

Pure: from what a plan says of the files to jobs. The rule and its reasons stand in docs/decisions/0011-maintenance.md;
what matters is that a row is written anew O(log n) times, and that after a job there is nothing left to do.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, groupby
from math import ceil
from typing import TYPE_CHECKING

import pyarrow as pa

from trailmere.lake.files import EPOCH, MICROSECONDS_A_DAY, ROW_GROUP_ROWS
from trailmere.lake.records import batch_began

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROWS_AT_ONCE = 3 * ROW_GROUP_ROWS  # sorted and handed to the writer together
TARGET_ROWS = 8 * ROWS_AT_ONCE
TARGET_BYTES = 512 << 20
FULL_ROWS, FULL_BYTES = TARGET_ROWS // 2, TARGET_BYTES // 4  # such a file is not merged any more
GROWTH = 2  # a file joins others that have at least 1/GROWTH of its rows
JOB_ROWS = 2 * TARGET_ROWS  # what is written anew at once: bounds memory, and what is lost when it is killed
DAY_PREFIX = "eventtime_day="
NEVER = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A live data file. ``first`` and ``last`` bound its eventTimes, in microseconds since 1970."""

    path: str
    size: int
    rows: int
    day: date
    first: int
    last: int

    @property
    def written(self) -> int:
        """When its batch began, in nanoseconds since 1970; the latest moment where its name does not say so."""
        try:
            return batch_began(self.path.rpartition("/")[2].partition("-")[0])
        except ValueError:
            return NEVER


@dataclass(frozen=True, slots=True)
class Group:
    """Files of one day that are written anew together, as ``pieces`` says."""

    day: date
    files: tuple[StoredFile, ...]

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)


@dataclass(frozen=True, slots=True)
class Job:
    """What one commit does: groups that are written anew, and files of which no row stays."""

    groups: tuple[Group, ...]
    dropped: tuple[StoredFile, ...] = ()

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """Every file that the commit replaces or drops."""
        return (*(file for group in self.groups for file in group.files), *self.dropped)


def stored_files(plan: pa.Table) -> list[StoredFile]:
    """The files of a plan (``lake.plans``)."""
    names = ("path", "size", "rows", "eventtime:low", "eventtime:high")
    columns = [plan.column(name) for name in names]
    values = [
        (column if name == "path" else column.cast(pa.int64())).to_pylist()
        for name, column in zip(names, columns, strict=True)
    ]
    return [_stored_file(*file) for file in zip(*values, strict=True)]


def _stored_file(path: str, size: int, rows: int, low: int | None, high: int | None) -> StoredFile:
    day = date.fromisoformat(path.rsplit(DAY_PREFIX, 1)[1].partition("/")[0])
    start = (day - EPOCH).days * MICROSECONDS_A_DAY
    return StoredFile(
        path, size, rows, day, start if low is None else low, start + MICROSECONDS_A_DAY - 1 if high is None else high
    )


def choose(files: Iterable[StoredFile], cutoff: int | None = None, rested: int = -1) -> list[Job]:
    """What is to be done, in the order of days; nothing for files that are as they should be.

    ``cutoff``: rows with an earlier eventTime (microseconds since 1970) go. ``rested``: a day whose small files were
    all written by then (nanoseconds since 1970) has come to rest, and they become one.
    """
    cutoff = -(1 << 63) if cutoff is None else cutoff
    by_day: dict[date, list[StoredFile]] = defaultdict(list)
    dropped = []
    for file in files:
        if file.last < cutoff:
            dropped.append(file)
        else:
            by_day[file.day].append(file)
    groups = [group for day in sorted(by_day) for group in _of_day(day, by_day[day], cutoff, rested)]
    jobs = [Job(tuple(some)) for some in _packed(groups)]
    return [Job((), tuple(dropped)), *jobs] if dropped else jobs


def pieces(rows: int, size: int) -> int:
    """How many files of equal length so many rows become."""
    return max(1, ceil(rows / TARGET_ROWS), ceil(size / TARGET_BYTES))


def _of_day(day: date, files: Sequence[StoredFile], cutoff: int, rested: int) -> Iterator[Group]:
    due = {file for file in files if file.first < cutoff}
    small = [file for file in files if file.rows < FULL_ROWS and file.size < FULL_BYTES]
    runs = [small] if small and all(file.written <= rested for file in small) else list(_runs(small))
    lone = [[file] for file in due.difference(*runs)]
    for run in (*runs, *lone):
        if len(run) > 1 or due.intersection(run):
            yield from (Group(day, tuple(part)) for part in _cut(run))


def _runs(small: Sequence[StoredFile]) -> Iterator[list[StoredFile]]:
    """Small files by rows, parted wherever one has more than GROWTH times the rows of the run before it."""
    run: list[StoredFile] = []
    total = 0
    for file in sorted(small, key=lambda file: (file.rows, file.path)):
        if run and file.rows > GROWTH * total:
            yield run
            run, total = [], 0
        run.append(file)
        total += file.rows
    if run:
        yield run


def _cut(run: list[StoredFile]) -> Iterator[list[StoredFile]]:
    """A run by time, in parts of about equal rows, none much larger than a job."""
    ordered = sorted(run, key=lambda file: (file.first, file.path))
    total = sum(file.rows for file in ordered)
    count = max(1, ceil(total / JOB_ROWS))
    starts = accumulate((file.rows for file in ordered), initial=0)
    for _, part in groupby(zip(starts, ordered, strict=False), key=lambda place: place[0] * count // max(total, 1)):
        yield [file for _, file in part]


def _packed(groups: Sequence[Group]) -> Iterator[list[Group]]:
    """Groups of several days that go into one commit."""
    some: list[Group] = []
    for group in groups:
        if some and sum(one.rows for one in some) + group.rows > JOB_ROWS:
            yield some
            some = []
        some.append(group)
    if some:
        yield some
