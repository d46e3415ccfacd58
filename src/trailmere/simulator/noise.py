"""The noise of ordinary days: which account is busy when, and the records of each five minutes.

``plan`` lays out a day as slots (account, Region, five minutes, number of events); ``Noise.fill`` makes the records of
one slot. Only one day's slots and one slot's texts are in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count, cycle, islice
from random import Random
from typing import NamedTuple

from trailmere.simulator.activities import ACTIVITIES
from trailmere.simulator.cast import Cast, Session, utc_text
from trailmere.simulator.organisation import ACCOUNTS, ACTORS, HOME_REGION, Account
from trailmere.simulator.profiles import PROFILES
from trailmere.simulator.templates import FROM_THE_CLOCK, Activity, Template, compile_activity, variants
from trailmere.simulator.values import Guids, Pools

SLOT = timedelta(minutes=5)
SLOTS_A_DAY = 288
OFFICE_HOURS = range(7, 19)  # UTC
# Folders of the bucket: network activity and Insight events are delivered apart.
MANAGEMENT_AND_DATA = "CloudTrail"
NETWORK_ACTIVITY = "CloudTrail-NetworkActivity"
INSIGHT = "CloudTrail-Insight"

_MIX = 4093  # pre-drawn (actor, template) pairs, walked round and round
_STRAY = 0.02  # share of events whose time lies before their file's five minutes

_BUSY = tuple(0.55 + (0.45 if 7 <= hour < 19 else 0.0) + (0.4 if hour == 2 else 0.0) for hour in range(24))


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """Five minutes of one account in one Region, with a number of events to come."""

    start: datetime
    account: str
    region: str
    events: int


class Record(NamedTuple):
    """One record: its text, the account that receives it, the Region, the day of its eventTime, and its folder."""

    text: str
    account: str
    region: str
    day: str
    kind: str = MANAGEMENT_AND_DATA


class _Habit(NamedTuple):
    """What an actor of one account does, with its holes bound to that account's pools."""

    number: int
    actor: str
    text: str
    holes: tuple[str, ...]
    sources: tuple[Iterator[str], ...]
    counterpart: str | None
    kind: str


class _Dressed(NamedTuple):
    """The texts of a habit with all that stays the same through a session filled in: half of the holes, said once."""

    session: Session
    text: str
    counterpart: str | None


def plan(random: Random, day: date, events: int, events_a_file: int) -> list[Slot]:
    """The slots of a day, in order of time: ``events`` in all, about ``events_a_file`` in each."""
    slots: list[Slot] = []
    for account in ACCOUNTS:
        for region, share in account.regions:
            wanted = round(events * account.weight * share)
            slots += _spread(random, day, account, region, wanted, events_a_file)
    return sorted(slots)


def _spread(
    random: Random, day: date, account: Account, region: str, events: int, events_a_file: int
) -> Iterator[Slot]:
    if events <= 0:
        return
    count = min(SLOTS_A_DAY, max(1, round(events / events_a_file)))
    weights = [_BUSY[slot * 24 // SLOTS_A_DAY] * random.random() for slot in range(SLOTS_A_DAY)]
    chosen = sorted(range(SLOTS_A_DAY), key=weights.__getitem__, reverse=True)[:count]
    shares = [weights[slot] + 0.05 for slot in chosen]
    total = sum(shares)
    left = events
    for i, (slot, share) in enumerate(zip(chosen, shares, strict=True)):
        here = left if i == count - 1 else min(left, round(events * share / total))
        left -= here
        if here:
            start = datetime.combine(day, time()) + slot * SLOT
            yield Slot(start, account.id, region, here)


class Noise:
    """Makes records. Slots must be given in order of time."""

    def __init__(self, seed: str, *, network_activity: bool = True) -> None:
        self._seed = seed
        self._network_activity = network_activity
        self._guids = iter(Guids(Random(f"{seed}/guids")))
        self._random = Random(f"{seed}/noise")
        ids = tuple(account.id for account in ACCOUNTS)
        self._pools = {own: Pools(seed, own, tuple(other for other in ids if other != own), self._guids) for own in ids}
        self._casts = {
            account.id: Cast(seed, account, ACTORS[account.id], self._pools[account.id]) for account in ACCOUNTS
        }
        self._dressed: dict[tuple[str, str], dict[int, _Dressed]] = {}
        self._mixes: dict[tuple[str, str, bool], Iterator[_Habit]] = {}
        self._numbers = count()
        self._templates = {name: variants(activity) for name, activity in ACTIVITIES.items()}

    def fill(self, slot: Slot) -> Iterator[Record]:
        """The records of ``slot``; a call into another account gives one of that account as well."""
        account, region, guids = slot.account, slot.region, self._guids
        sessions = self._casts[account].at(slot.start)
        clock = _Clock(slot.start, self._random)
        dressed = self._dressed.setdefault((account, region), {})
        for habit in islice(self._mix(account, region, slot.start.hour in OFFICE_HOURS), slot.events):
            session = sessions[habit.actor]
            fitted = dressed.get(habit.number)
            if fitted is None or fitted.session is not session:
                fitted = dressed[habit.number] = _dress(habit, session, account, region)
            values = clock.fixed.copy()
            values["time"], day = clock.tick()
            values["request_id"], values["event_id"] = next(guids), next(guids)
            values.update(zip(habit.holes, map(next, habit.sources), strict=False))
            yield Record(fitted.text % values, account, region, day, habit.kind)
            if fitted.counterpart:
                values["event_id"] = next(guids)
                yield Record(fitted.counterpart % values, values["target_account"], region, day)

    def _mix(self, account: str, region: str, office: bool) -> Iterator[_Habit]:
        place = (account, region, office)
        if place not in self._mixes:
            self._mixes[place] = cycle(self._draw(*place))
        return self._mixes[place]

    def _draw(self, account: str, region: str, office: bool) -> list[_Habit]:
        habits: list[_Habit] = []
        weights: list[float] = []
        for actor in ACTORS[account]:
            profile = {
                name: weight
                for name, weight in PROFILES[actor.profile].items()
                if self._happens(ACTIVITIES[name], region)
            }
            awake = actor.weight * (0.05 if actor.by_day and not office else 1.0) / (sum(profile.values()) or 1.0)
            for name, weight in profile.items():
                for share, template in self._templates[name]:
                    habits.append(self._habit(account, actor.name, template))
                    weights.append(awake * weight * share)
        random = Random(f"{self._seed}/{account}/{region}/{office}/mix")
        return random.choices(habits, weights, k=_MIX)

    def _happens(self, activity: Activity, region: str) -> bool:
        if activity.category == "NetworkActivity" and not self._network_activity:
            return False
        return region == HOME_REGION or activity.everywhere

    def _habit(self, account: str, actor: str, template: Template) -> _Habit:
        counterpart = template.activity.counterpart
        holes = tuple(hole for hole in template.holes if hole not in FROM_THE_CLOCK)
        sources = tuple(map(self._pools[account].source, holes))
        other = compile_activity(counterpart).text if counterpart else None
        kind = NETWORK_ACTIVITY if template.activity.category == "NetworkActivity" else MANAGEMENT_AND_DATA
        number = next(self._numbers)
        return _Habit(number, actor, template.text, holes, sources, other, kind)


def _dress(habit: _Habit, session: Session, account: str, region: str) -> _Dressed:
    lasting = {
        "identity": session.identity,
        "ip": session.address,
        "agent": session.agent,
        "account": account,
        "region": region,
    }

    def fill(text: str) -> str:
        for hole, value in lasting.items():
            text = text.replace(f"%({hole})s", value.replace("%", "%%"))
        return text

    return _Dressed(session, fill(habit.text), habit.counterpart and fill(habit.counterpart))


class _Clock:
    """Times within a slot, as text, with their day."""

    def __init__(self, start: datetime, random: Random) -> None:
        self._start, self._draw = start, random.random
        self._day = start.strftime("%Y-%m-%d")
        self._head = start.strftime("%Y-%m-%dT%H:")
        self._minute = start.minute
        self.fixed = {
            "expiration": (start + timedelta(hours=1)).strftime("%b %-d, %Y, %-I:%M:%S %p"),
            "log_day": start.strftime("%Y/%m/%d"),
            "epoch_ms": str(int((start - datetime(1970, 1, 1)).total_seconds()) * 1000),
        }

    def tick(self) -> tuple[str, str]:
        """Some second of the slot; now and then of the quarter of an hour before it."""
        draw = self._draw()
        if draw < _STRAY:
            when = utc_text(self._start - timedelta(seconds=int(draw / _STRAY * 900)))
            return when, when[:10]
        second = int(draw * 300)
        return f"{self._head}{self._minute + second // 60:02d}:{second % 60:02d}Z", self._day
