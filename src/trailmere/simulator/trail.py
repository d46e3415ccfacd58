"""``TrailSimulator``: the organisation's log bucket, file by file, in the order in which the files arrive.

The same seed and periods give the same files, byte for byte (given the same version of the compressor). Everything
streams: one day's plan, one slot's records and the files that are late are all that is in memory.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from trailmere.simulator import compromised_key, compromised_person, insights
from trailmere.simulator.delivery import SECOND_TRAIL_PREFIX, Digests, again, config_file, log_file
from trailmere.simulator.noise import MANAGEMENT_AND_DATA, NETWORK_ACTIVITY, SLOT, Noise, Record, Slot, plan
from trailmere.simulator.organisation import ACCOUNTS
from trailmere.simulator.records import SimulatedFile, Summary

if TYPE_CHECKING:
    from trailmere.simulator.script import ScriptedEvent

MOST_RECORDS = 4000  # in a file: about 6 MB of JSON; AWS cuts at 50 MB

WEEKEND = 0.55


@dataclass(frozen=True, slots=True)
class Period:
    """Days of noise: from ``start``, ``days`` of them, about ``events`` on each working day."""

    start: date
    days: int
    events: int


@dataclass(frozen=True, slots=True)
class Habits:
    """How delivery goes wrong, as shares of the files, and what else is written into the bucket."""

    late: float = 0.015
    redelivered: float = 0.01
    second_trail: float = 0.02
    digests: bool = True
    config: bool = True
    insights: bool = True
    network_activity: bool = True


class TrailSimulator:
    """An organisation's trail over ``periods``, with the incidents that fall into them.

    ``events_a_file`` is the size of file aimed at. ``files`` yields in order of arrival; each call starts anew.
    """

    def __init__(
        self,
        seed: str = "trailmere",
        periods: Sequence[Period] = (),
        *,
        events_a_file: int = 20,
        habits: Habits | None = None,
        incidents: bool = True,
    ) -> None:
        self.seed = seed
        self.periods = tuple(periods)
        self.events_a_file = events_a_file
        self.habits = habits or Habits()
        self.incidents = incidents

    def files(self) -> Iterator[SimulatedFile]:
        """The objects of the bucket as they arrive."""
        return _Run(self).files()

    def write(self, folder: Path) -> Summary:
        """Write all objects under ``folder``, by key, and return the truth about them."""
        summary = Summary()
        made: set[Path] = set()
        for file in self.files():
            path = folder / file.key
            if path.parent not in made:
                path.parent.mkdir(parents=True, exist_ok=True)
                made.add(path.parent)
            path.write_bytes(file.content)
            summary.add(file)
        return summary

    def days(self) -> Iterator[tuple[date, int]]:
        """Each day with the number of noise events on it."""
        for period in self.periods:
            for offset in range(period.days):
                day = period.start + timedelta(days=offset)
                yield day, round(period.events * (WEEKEND if day.weekday() >= 5 else 1.0))

    def script(self) -> list[ScriptedEvent]:
        """The events of the incidents that fall into the periods, in order of time."""
        if not self.incidents:
            return []
        days = {day for day, _ in self.days()}
        story = [*compromised_key.script(), *compromised_person.script()]
        return sorted((e for e in story if e.time.date() in days), key=lambda e: (e.time, e.id))


class _Run:
    """One passage through the periods."""

    def __init__(self, simulator: TrailSimulator) -> None:
        self._simulator = simulator
        self._habits = simulator.habits
        self._noise = Noise(simulator.seed, network_activity=simulator.habits.network_activity)
        self._random = Random(f"{simulator.seed}/delivery")
        self._digests = Digests()
        self._hour_end = datetime.min
        self._waiting: list[tuple[datetime, str, SimulatedFile]] = []
        self._elsewhere: dict[tuple[str, str], list[Record]] = {}

    def files(self) -> Iterator[SimulatedFile]:
        """What arrives, in order of arrival."""
        script = self._simulator.script()
        last = datetime.min
        for day, events in self._simulator.days():
            self._beside(day)
            today = [event for event in script if event.time.date() == day]
            for slot, scripted in self._slots(day, events, today):
                yield from self._arrived(slot.start)
                self._deliver(slot, scripted)
                last = slot.start + SLOT
        for (_account, _region), records in sorted(self._elsewhere.items()):
            self._wait(log_file(self._random, records, last + SLOT))
        yield from self._arrived(datetime.max)

    def _slots(
        self, day: date, events: int, scripted: list[ScriptedEvent]
    ) -> Iterator[tuple[Slot, list[ScriptedEvent]]]:
        """The day's slots with what the incidents add to them; slots that only they need are added."""
        places: dict[tuple[datetime, str, str], list[ScriptedEvent]] = {}
        for event in scripted:
            places.setdefault((_slot_start(event.time), event.account, event.region), []).append(event)
        slots = plan(self._random, day, events, self._simulator.events_a_file)
        known = {(slot.start, slot.account, slot.region) for slot in slots}
        slots += [Slot(*place, events=0) for place in places if place not in known]
        for slot in sorted(slots):
            yield slot, places.get((slot.start, slot.account, slot.region), [])

    def _deliver(self, slot: Slot, scripted: list[ScriptedEvent]) -> None:
        records = self._elsewhere.pop((slot.account, slot.region), [])
        for record in self._noise.fill(slot):
            if record.account == slot.account:
                records.append(record)
            else:
                self._elsewhere.setdefault((record.account, record.region), []).append(record)
        for event in scripted:
            place = self._random.randrange(len(records) + 1)
            records.insert(place, Record(event.text, event.account, event.region, f"{event.time:%Y-%m-%d}"))
        for kind in (MANAGEMENT_AND_DATA, NETWORK_ACTIVITY):
            some = [record for record in records if record.kind == kind]
            size = self._file_size(len(some))
            for i in range(0, len(some), size):
                self._hand_over(some[i : i + size], slot.start + SLOT)

    def _file_size(self, records: int) -> int:
        """How many records go into one file: all of a slot's, unless they are more than twice what is aimed at."""
        aim = self._simulator.events_a_file
        return min(MOST_RECORDS, aim if records > 2 * aim else max(records, 1))

    def _hand_over(self, records: list[Record], due: datetime) -> None:
        """One file: on time, or late; perhaps once more; perhaps by a second trail as well."""
        random, habits = self._random, self._habits
        if random.random() < habits.late:
            due += timedelta(minutes=random.randrange(10, 360))
        file = log_file(random, records, due, hashed=habits.digests)
        self._wait(file)
        if random.random() < habits.redelivered:
            self._wait(again(random, file, due + timedelta(minutes=random.randrange(5, 90))))
        # a file of one event would be the same bytes again: a redelivery, not a copy
        if random.random() < habits.second_trail and len(records) > 1:
            self._wait(log_file(random, records[::-2], due, prefix=SECOND_TRAIL_PREFIX, new=False))

    def _beside(self, day: date) -> None:
        """What else is written into the bucket on this day."""
        if self._habits.config:
            for account in ACCOUNTS:
                due = datetime.combine(day, time(1, self._random.randrange(60)))
                self._wait(config_file(self._random, account.id, account.regions[0][0], due))
        if self._habits.insights and self._simulator.incidents:
            for records, due in insights.of_day(day):
                self._wait(log_file(self._random, records, due))

    def _wait(self, file: SimulatedFile) -> None:
        heapq.heappush(self._waiting, (file.due, file.key, file))

    def _arrived(self, now: datetime) -> Iterator[SimulatedFile]:
        """What has arrived until ``now``, each hour closed by its digests."""
        while self._waiting and self._waiting[0][0] <= now:
            file = heapq.heappop(self._waiting)[2]
            yield from self._close_hours(file.due)
            yield file
            if self._habits.digests and file.sha256_content and not file.redelivery:
                self._digests.add(file)
        if now == datetime.max:
            yield from self._digests.close_hour(self._hour_end)

    def _close_hours(self, due: datetime) -> Iterator[SimulatedFile]:
        if due >= self._hour_end:
            yield from self._digests.close_hour(self._hour_end)
            self._hour_end = due.replace(minute=0, second=0) + timedelta(hours=1)


def _slot_start(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // 5 * 5, second=0, microsecond=0)


def demo_march(seed: str = "trailmere") -> TrailSimulator:
    """The demo's first period: a quiet month, then the day of the compromised access key (15 March 2022)."""
    quiet = Period(date(2022, 2, 14), 28, 320)
    loud = Period(date(2022, 3, 14), 3, 5_000)
    return TrailSimulator(seed, (quiet, loud), events_a_file=25)


def demo_september(seed: str = "trailmere") -> TrailSimulator:
    """The demo's second period: the day of the compromised Identity Center user (13 September 2022)."""
    return TrailSimulator(seed, (Period(date(2022, 9, 12), 3, 3_000),), events_a_file=25)
