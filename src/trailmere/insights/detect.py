"""When is an API called, or refused, unusually often? Counts by the minute in, episodes out. Pure.

The events of fifteen minutes are held against the seven days before. An episode starts where they reach a level, and
ends where they are back at half of it, so that one surge is one episode. The level is what the week does not explain:
four more than three times its busiest fifteen minutes, and six standard deviations above its mean. So neither a nightly
job nor the hum of a busy API is unusual. Events of an episode are not part of later baselines.

What CloudTrail tells of its own method: user guide, "Understanding CloudTrail Insights" (baseline of the seven days
before, averages by the minute, durations in minutes).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]

WINDOW = 15  # minutes
BASELINE = 7 * 24 * 60  # minutes before the window
LEAST_HISTORY = 24 * 60  # minutes that must be known, before anything can be unusual
LEAST_EVENTS = 4  # of a window beyond what the baseline explains: fewer happen by chance
FACTOR = 3.0  # of the busiest window of the baseline
DEVIATIONS = 6.0
UNUSUAL = 2.0  # times the mean: a minute of an episode
CALM = 0.5  # of the level: where an episode ends
LONGEST = BASELINE  # of an episode: what lasts longer is usual by now


@dataclass(frozen=True, slots=True)
class Episode:
    """A time of unusual activity. ``start`` is its first minute, ``end`` the one after its last; None: it goes on.

    Minutes are counted from 1970 UTC. ``baseline_average`` is by the minute, over ``baseline_minutes``. ``events`` are
    those from the start to ``last``, the latest minute with unusual activity.
    """

    start: int
    baseline_average: float
    baseline_minutes: int
    level: int
    events: int
    last: int
    end: int | None = None

    @property
    def minutes(self) -> int:
        """How long it has lasted."""
        return self.last + 1 - self.start

    @property
    def average(self) -> float:
        """Events by the minute."""
        return self.events / self.minutes


@dataclass(slots=True)
class Series:
    """The events of one API by the minute, from ``first`` on. ``known_from``: the minute that the store begins with."""

    first: int
    counts: Counts
    known_from: int

    @property
    def end(self) -> int:
        """The minute after the last."""
        return self.first + len(self.counts)


def episodes(
    series: Series, since: int, opened: Episode | None = None, past: Sequence[Episode] = ()
) -> Iterator[Episode]:
    """The episodes that start, go on or end from minute ``since`` on, in order; only the last can be without an end.

    ``opened`` is the one that went on before, ``past`` are those that ended before. ``series`` must reach back by
    ``BASELINE + WINDOW`` minutes from ``since``, where that much is known.
    """
    week = _Week(series)
    for one in past:
        week.leave_out(one)
    at, now = since, opened
    while True:
        now = now or week.next(at)
        if now is None:
            return
        now = _follow(series, week.windows, now, max(at, now.last + 1))
        yield now
        if now.end is None:
            return
        week.leave_out(now)
        at, now = max(now.end, at), None


class _Week:
    """A series, and what of it is usual."""

    def __init__(self, series: Series) -> None:
        self._series = series
        self.windows = _windows(series.counts)
        self._usual = np.ones(len(series.counts), dtype=bool)
        self._usual_windows = self.windows

    def leave_out(self, episode: Episode) -> None:
        """What happened in the episode is not part of a baseline."""
        first = self._series.first
        self._usual[max(episode.start - first, 0) : max((episode.end or episode.last + 1) - first, 0)] = False
        self._usual_windows = _windows(np.where(self._usual, self._series.counts, 0))

    def next(self, at: int) -> Episode | None:
        """The episode that shows first, at minute ``at`` or later, as far as is known in that minute."""
        busy = (self._usual_windows >= LEAST_EVENTS) & (self._series.counts > 0)
        for position in np.flatnonzero(busy):
            if position + self._series.first >= at and (found := self._judge(int(position))) is not None:
                return found
        return None

    def _judge(self, position: int) -> Episode | None:
        """The episode that the window ending at ``position`` belongs to, if it is unusual."""
        series, opening = self._series, max(position - WINDOW + 1, 0)
        begin = max(opening - BASELINE, 0)
        usual = self._usual[begin:opening]
        known = min(opening + series.first - series.known_from, BASELINE) - int((~usual).sum())
        if known < LEAST_HISTORY:
            return None
        counted = int(series.counts[begin:opening][usual].sum())
        level = _level(self._usual_windows[begin:opening], counted, known)
        if self._usual_windows[position] < level:
            return None
        average = counted / known
        inside = np.where(self._usual, series.counts, 0)[opening : position + 1]
        start = opening + int(np.flatnonzero(inside > UNUSUAL * average)[0])
        events = int(series.counts[start : position + 1].sum())
        return Episode(start + series.first, average, known, level, events, position + series.first)


def _level(windows: Counts, counted: int, minutes: int) -> int:
    """From how many events on fifteen minutes are unusual. ``windows`` are those of the baseline."""
    busiest = int(windows.max(initial=0))
    mean = counted * WINDOW / minutes
    square = float(np.square(windows, dtype=np.float64).sum()) / minutes
    deviation = math.sqrt(max(square - mean * mean, mean))
    return max(LEAST_EVENTS + math.ceil(FACTOR * busiest), math.ceil(mean + DEVIATIONS * deviation))


def _follow(series: Series, windows: Counts, episode: Episode, at: int) -> Episode:
    """The episode as far as the series tells, from minute ``at`` on."""
    calm, busy = episode.level * CALM, UNUSUAL * episode.baseline_average
    first = at - series.first
    below = np.flatnonzero(windows[first:] <= calm)
    stop = min(first + int(below[0]) if len(below) else len(windows), episode.start + LONGEST - series.first)
    active = np.flatnonzero(series.counts[first:stop] > busy)
    if len(active):
        last = first + int(active[-1])
        more = int(series.counts[first : last + 1].sum()) + _between(series, episode, first)
        episode = replace(episode, events=episode.events + more, last=last + series.first)
    return replace(episode, end=episode.last + 1) if stop < len(windows) else episode


def _between(series: Series, episode: Episode, first: int) -> int:
    """Events after the latest unusual minute that was known, and before ``first``."""
    return int(series.counts[max(episode.last + 1 - series.first, 0) : first].sum())


def _windows(counts: Counts) -> Counts:
    """For each minute, the events of the fifteen minutes that end with it."""
    sums = np.concatenate(([0], np.cumsum(counts)))
    before = np.maximum(np.arange(1, len(sums)) - WINDOW, 0)
    result: Counts = sums[1:] - sums[before]
    return result
