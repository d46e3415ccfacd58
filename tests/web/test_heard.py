"""From where a store hears, and in which hours nothing: counts in, what is said out."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from trailmere.lake.days import StoredDay
from trailmere.web import heard
from trailmere.web.heard import Count, Gap, gaps_between, sources_of, window

ACCOUNT, REGION = "111122223333", "eu-west-1"
START = datetime(2026, 3, 2)


def hours(*wanted: int, account: str = ACCOUNT, events: int = 10) -> list[Count]:
    """Counts of these hours since START."""
    moments = [START + timedelta(hours=hour) for hour in wanted]
    return [(account, REGION, moment, events, moment + timedelta(minutes=50)) for moment in moments]


def day(number: int, rows: int) -> StoredDay:
    first = datetime(2026, 3, number, 1)
    return StoredDay(date(2026, 3, number), rows, 1, rows, first, first.replace(hour=23))


def test_events_of_the_last_day_and_week_end_with_the_newest_of_the_store() -> None:
    newest = START + timedelta(hours=200, minutes=50)
    (found,) = sources_of("audit", hours(*range(201)), newest, {})

    assert (found.day, found.week) == (24 * 10, 7 * 24 * 10)
    assert found.last == newest


def test_hours_without_events_are_gaps_of_a_busy_source() -> None:
    counts = hours(*range(10), *range(13, 30), *range(31, 50))
    (found,) = sources_of("audit", counts, START + timedelta(hours=49, minutes=50), {})

    assert found.gaps == (Gap(START + timedelta(hours=10), 3), Gap(START + timedelta(hours=30), 1))
    assert (found.quiet_hours, found.longest) == (4, found.gaps[0])


def test_a_source_that_is_mostly_quiet_has_no_gaps_that_would_mean_anything() -> None:
    (found,) = sources_of("audit", hours(*range(0, 60, 3)), START + timedelta(hours=60), {})

    assert (found.busy, found.gaps, found.silent) == (False, (), 0)


def test_a_busy_source_that_is_quiet_longer_than_ever_is_silent_and_comes_first() -> None:
    counts = hours(*range(40), events=1) + hours(*range(60), account="444455556666")
    quiet, loud = sources_of("audit", counts, START + timedelta(hours=59, minutes=59), {})

    assert (quiet.account, quiet.silent) == (ACCOUNT, 20)
    assert loud.silent == 0


def test_a_source_that_was_quiet_as_long_before_is_not_silent() -> None:
    counts = hours(*range(20), *range(30, 60)) + hours(*range(70), account="444455556666")
    found = {one.account: one.silent for one in sources_of("audit", counts, START + timedelta(hours=69), {})}

    assert found == {ACCOUNT: 0, "444455556666": 0}


def test_a_log_file_tells_when_it_was_taken_in() -> None:
    came = datetime(2026, 3, 20)
    (found,) = sources_of("audit", hours(1), START + timedelta(hours=1), {(ACCOUNT, REGION): came})

    assert found.delivered == came


def test_events_without_account_or_region_are_a_source_too() -> None:
    (found,) = sources_of("audit", [(None, None, START, 1, START)], START, {})  # type: ignore[list-item]

    assert (found.account, found.region) == ("", "")


def test_hours_in_a_row_have_no_gap() -> None:
    assert gaps_between([START, START + timedelta(hours=1)]) == ()


def test_thirty_days_are_counted_and_older_ones_not() -> None:
    days = [StoredDay(date(2025, 1, 1), 5, 1, 5, datetime(2025, 1, 1), datetime(2025, 1, 1, 5)), day(1, 5), day(9, 5)]

    assert window(days) == datetime(2026, 3, 1, 1)


def test_fewer_days_are_counted_where_they_have_too_many_events() -> None:
    most = heard.MOST_EVENTS

    assert window([day(1, most), day(2, most), day(3, 10)]) == datetime(2026, 3, 3, 1)
    assert window([day(1, 10), day(2, most + 1)]) is None
