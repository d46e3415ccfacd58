"""Counts by the minute and the episodes in them."""

from __future__ import annotations

import numpy as np
import pytest

from trailmere.insights.detect import BASELINE, LEAST_HISTORY, LONGEST, WINDOW, Episode, Series, episodes

DAY = 24 * 60
NOW = 7 * DAY


def series(days: int = 14, usual: int = 0, every: int = 60, **surges: tuple[int, int, int]) -> Series:
    """``usual`` events every so many minutes, and surges: first minute, minutes, events in each of them."""
    counts = np.zeros(days * DAY, dtype=np.int64)
    counts[::every] = usual
    for first, minutes, each in surges.values():
        counts[first : first + minutes] += each
    return Series(0, counts, 0)


def found(given: Series, since: int = LEAST_HISTORY) -> list[tuple[int, int | None]]:
    return [(one.start, one.end) for one in episodes(given, since)]


def test_a_surge_is_one_episode_from_its_first_minute_to_its_last() -> None:
    assert found(series(surge=(NOW, 30, 2))) == [(NOW, NOW + 30)]


def test_a_surge_of_a_busy_api_is_one_episode_without_the_usual_minutes_around_it() -> None:
    assert found(series(usual=2, every=1, surge=(NOW, 30, 20))) == [(NOW, NOW + 30)]


def test_an_episode_has_the_averages_of_its_minutes_and_of_the_seven_days_before() -> None:
    [one] = episodes(series(usual=1, every=2, surge=(NOW + 5 * DAY, 10, 8)), LEAST_HISTORY)

    assert (one.average, one.baseline_minutes) == (8.5, BASELINE)
    assert one.baseline_average == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize("events", [1, 2, 3])
def test_a_few_calls_of_an_api_never_called_before_are_nothing(events: int) -> None:
    assert found(series(surge=(NOW, events, 1))) == []


def test_what_comes_every_night_is_usual_on_the_eighth() -> None:
    counts = series(days=14)
    for day in range(14):
        counts.counts[day * DAY + 120 : day * DAY + 130] = 50

    assert found(counts, 7 * DAY) == []


def test_nothing_is_unusual_before_a_day_is_known() -> None:
    assert found(series(surge=(LEAST_HISTORY - 60, 10, 50)), 0) == []


def test_a_surge_that_pauses_for_a_few_minutes_is_one_episode() -> None:
    assert found(series(first=(NOW, 10, 5), second=(NOW + 18, 12, 5))) == [(NOW, NOW + 30)]


def test_a_surge_does_not_hide_the_next_one() -> None:
    assert found(series(first=(NOW, 10, 50), second=(NOW + DAY, 10, 20))) == [
        (NOW, NOW + 10),
        (NOW + DAY, NOW + DAY + 10),
    ]


def test_what_lasts_longer_than_the_baseline_is_usual_by_then() -> None:
    assert found(series(days=20, surge=(NOW, 12 * DAY, 5)), NOW) == [(NOW, NOW + LONGEST)]


def test_a_surge_at_the_end_goes_on() -> None:
    whole = series(days=8, surge=(8 * DAY - 20, 20, 5))

    [one] = episodes(whole, LEAST_HISTORY)

    assert (one.start, one.end, one.events) == (8 * DAY - 20, None, 100)


@pytest.mark.parametrize("cut", [NOW + 3, NOW + 20, NOW + 37, NOW + 39, NOW + 46, NOW + 60])
def test_episodes_are_the_same_wherever_the_analysis_is_interrupted(cut: int) -> None:
    whole = series(usual=1, every=30, surge=(NOW, 38, 4), later=(NOW + 2 * DAY, 10, 9))
    expected = list(episodes(whole, LEAST_HISTORY))

    first = list(episodes(Series(0, whole.counts[:cut], 0), LEAST_HISTORY))
    opened = first.pop() if first and first[-1].end is None else None
    begin = max(cut - BASELINE - WINDOW, 0)
    rest = list(episodes(Series(begin, whole.counts[begin:], 0), cut, opened, first))

    assert [(one.start, one.end, one.events) for one in expected] == [
        (one.start, one.end, one.events) for one in first + rest
    ]


def test_an_episode_that_is_heard_of_no_more_ends_where_it_was_last_unusual() -> None:
    opened = Episode(NOW - 20, 0.0, BASELINE, 4, 40, NOW - 2)

    [one] = episodes(Series(NOW - WINDOW, np.zeros(100, dtype=np.int64), 0), NOW, opened)

    assert (one.end, one.events) == (NOW - 1, 40)
