"""The noise of ordinary days: which account is busy when, and the records of each five minutes.

``plan`` lays out a day as slots (account, Region, five minutes, number of events); ``Noise.fill`` makes the records of one
slot. Only one day's slots and one slot's texts are in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import cycle
from random import Random

from trailmere.simulator.activities import ACTIVITIES, PROFILES
from trailmere.simulator.cast import Cast, utc_text
from trailmere.simulator.organisation import ACCOUNTS, ACTORS, Account, Actor
from trailmere.simulator.records import compact
from trailmere.simulator.templates import Template, variants
from trailmere.simulator.values import Guids, Pools

SLOT = timedelta(minutes=5)
SLOTS_A_DAY = 288
OFFICE_HOURS = range(7, 19)  # UTC
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


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its text, the account that receives it, the Region, and the day of its eventTime."""

    text: str
    account: str
    region: str
    day: str


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

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._guids = iter(Guids(Random(f"{seed}/guids")))
        self._random = Random(f"{seed}/noise")
        ids = tuple(account.id for account in ACCOUNTS)
        self._pools = {own: Pools(seed, own, tuple(other for other in ids if other != own), self._guids) for own in ids}
        self._casts = {
            account.id: Cast(seed, account, ACTORS[account.id], self._pools[account.id]) for account in ACCOUNTS
        }
        self._mixes: dict[tuple[str, str, bool], Iterator[tuple[Actor, Template]]] = {}
        self._templates = {name: variants(activity) for name, activity in ACTIVITIES.items()}

    def fill(self, slot: Slot) -> Iterator[Record]:
        """The records of ``slot``; a call into another account gives one of that account as well."""
        sessions = self._casts[slot.account].at(slot.start)
        pools = self._pools[slot.account]
        mix = self._mix(slot.account, slot.region, slot.start.hour in OFFICE_HOURS)
        clock, guids, random = _Clock(slot.start, self._random), self._guids, self._random
        expiration = compact((slot.start + timedelta(hours=1)).strftime("%b %d, %Y %-I:%M:%S %p"))[1:-1]
        epoch_ms = str(int((slot.start - datetime(1970, 1, 1)).total_seconds()) * 1000)
        source = pools.source
        for _ in range(slot.events):
            actor, template = next(mix)
            session = sessions[actor.name]
            when, day = clock.stray() if random.random() < _STRAY else clock.tick()
            values = {
                "identity": session.identity,
                "time": when,
                "ip": session.address,
                "agent": session.agent,
                "account": slot.account,
                "region": slot.region,
                "request_id": next(guids),
                "event_id": next(guids),
                "expiration": expiration,
                "epoch_ms": epoch_ms,
            }
            for hole in template.holes:
                if hole not in values:
                    values[hole] = next(source(hole))
            yield Record(template.text % values, slot.account, slot.region, day)
            if template.activity.counterpart is not None:
                values["event_id"] = next(guids)
                yield Record(self._counterpart(template) % values, values["target_account"], slot.region, day)

    def _counterpart(self, template: Template) -> str:
        from trailmere.simulator.templates import compile_activity

        name = f"{template.activity.source}:{template.activity.name} counterpart"
        if name not in self._templates:
            assert template.activity.counterpart is not None
            self._templates[name] = [(1.0, compile_activity(template.activity.counterpart))]
        return self._templates[name][0][1].text

    def _mix(self, account: str, region: str, office: bool) -> Iterator[tuple[Actor, Template]]:
        place = (account, region, office)
        if place not in self._mixes:
            self._mixes[place] = cycle(self._draw(*place))
        return self._mixes[place]

    def _draw(self, account: str, region: str, office: bool) -> list[tuple[Actor, Template]]:
        pairs: list[tuple[Actor, Template]] = []
        weights: list[float] = []
        for actor in ACTORS[account]:
            profile = {
                name: weight
                for name, weight in PROFILES[actor.profile].items()
                if region == "us-east-1" or ACTIVITIES[name].everywhere
            }
            total = sum(profile.values())
            awake = actor.weight * (0.05 if actor.by_day and not office else 1.0)
            for name, weight in profile.items():
                for share, template in self._templates[name]:
                    pairs.append((actor, template))
                    weights.append(awake * weight / total * share)
        random = Random(f"{self._seed}/{account}/{region}/{office}/mix")
        return random.choices(pairs, weights, k=_MIX)


class _Clock:
    """Times within a slot, as text, with their day."""

    def __init__(self, start: datetime, random: Random) -> None:
        self._start, self._random = start, random
        self._day = start.strftime("%Y-%m-%d")
        self._head = start.strftime("%Y-%m-%dT%H:")
        self._minute = start.minute

    def tick(self) -> tuple[str, str]:
        second = int(self._random.random() * 300)
        return f"{self._head}{self._minute + second // 60:02d}:{second % 60:02d}Z", self._day

    def stray(self) -> tuple[str, str]:
        when = utc_text(self._start - timedelta(seconds=int(self._random.random() * 900)))
        return when, when[:10]
