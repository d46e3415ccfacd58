"""Insights at work: what was appended to a store is analysed, and what is unusual goes into the Insights store.

Events of a store are analysed once, in the order of their time, up to fifteen minutes before its latest event: those
that come later count in baselines, and start nothing. A store that hears nothing for six hours is analysed to its end.
An event is pushed before progress is written down. So whoever is killed in between computes the same event again, and
the lake has it already.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from trailmere.errors import InvalidInsightSelectors, LakeBusy, StoreError, StoreNotFound, TrailmereError
from trailmere.events.selectors import categories_of
from trailmere.insights.counts import CALL_RATE, COUNTED, Api, Counts, minute_of
from trailmere.insights.detect import BASELINE, WINDOW, Episode, Series, episodes
from trailmere.insights.events import END, START, delivery
from trailmere.registry.insights import Finding
from trailmere.registry.records import Operation

if TYPE_CHECKING:
    from trailmere.events.selectors import AdvancedEventSelector
    from trailmere.ingest.push import Pusher
    from trailmere.lake.vault import Lake
    from trailmere.query.service import QueryService
    from trailmere.registry.insights import InsightRecords, InsightSettings
    from trailmere.registry.records import EventDataStore

SETTLE = 15  # minutes behind the latest event: CloudTrail delivers within about five
SILENCE = 6 * 60  # minutes after which nothing more is waited for
CHUNK = BASELINE  # minutes that are analysed in one go
LOOK_SECONDS = 60.0  # how often a server looks for something to analyse

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Analysed:
    """What a run did: the minutes from ``since`` to before ``until``, and what started and ended in them."""

    since: int
    until: int
    started: int
    ended: int


class Insights:
    """Insights of a lake's stores. ``use`` gives a store where an operation is permitted, as ``StoreLifecycle.use``."""

    def __init__(
        self,
        lake: Lake,
        records: InsightRecords,
        use: Callable[[str, Operation], EventDataStore],
        service: QueryService,
        pusher: Pusher,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._lake = lake
        self._use = use
        self._service = service
        self._pusher = pusher
        self._clock = clock
        self._closing = threading.Event()
        self._keeper: threading.Thread | None = None
        self.records = records

    def enable(self, source: EventDataStore, destination: EventDataStore, types: Sequence[str]) -> InsightSettings:
        """Analyse ``source`` from now on, its past included, and write what is found into ``destination``.

        Raises InvalidInsightSelectors, and what the stores' statuses forbid.
        """
        _check(source, destination, types)
        self._use(source.id, Operation.QUERY)
        self._use(destination.id, Operation.INGEST)
        return self.records.put(source.id, destination.id, types, self._clock())

    def check_change(self, source: EventDataStore, selectors: Sequence[AdvancedEventSelector]) -> None:
        """Raise InvalidInsightSelectors where ``source`` has Insights that these selectors leave without events."""
        for settings in self.records.list():
            if settings.store_id == source.id:
                _check_selectors(source.name, selectors, settings.types)

    def run(self, store_id: str, since: datetime | None = None) -> Analysed | None:
        """Analyse what is new in a store; from ``since`` on, once more. None where nothing is.

        Raises InsightNotEnabled, LakeBusy where another process is at it, and the errors of queries and pushes.
        """
        if not self._lake.claim(f"insights-{store_id}"):
            raise LakeBusy("another process computes the Insights of this store", hint="try again in a moment")
        try:
            return self._analyse(self.records.get(store_id), since)
        finally:
            self._lake.release(f"insights-{store_id}")

    def resume(self) -> None:
        """Analyse whatever is appended, from now on until ``close``: a server's part."""
        self._keeper = threading.Thread(target=self._keep, name="insights", daemon=True)
        self._keeper.start()

    def close(self) -> None:
        """End the thread; what it was at is done again."""
        self._closing.set()
        if self._keeper is not None:
            self._keeper.join()

    def _keep(self) -> None:
        while not self._closing.is_set():
            try:
                for one in self.records.list():
                    self._try(one.store_id)
            except TrailmereError as error:
                log.warning("no look for Insights to compute: %s", error)
            self._closing.wait(LOOK_SECONDS)

    def _try(self, store_id: str) -> None:
        try:
            if not self._closing.is_set():
                self.run(store_id)
        except StoreNotFound:
            self.records.remove(store_id)  # it was deleted, or its destination was
        except (LakeBusy, StoreError):
            pass  # another server is at it; or a store is stopped or about to be deleted, and may come back
        except TrailmereError as error:  # the next turn tries again
            log.warning("Insights of %s could not be computed: %s", store_id, error)
        except Exception:  # a fault of ours must not end the Insights of all stores
            log.exception("Insights of %s", store_id)

    # -- one store -----------------------------------------------------------------------------------------------------

    def _analyse(self, settings: InsightSettings, again_from: datetime | None) -> Analysed | None:
        source = self._use(settings.store_id, Operation.QUERY)
        destination = self._use(settings.destination_id, Operation.INGEST)
        snapshot = self._lake.scan(source.id).snapshot_id
        if snapshot == settings.snapshot_id and again_from is None:
            return None
        counts, now = Counts(self._service, source.id), minute_of(self._clock())
        since = settings.analysed
        if again_from is not None:
            since = min(minute_of(again_from), now if since is None else since)
            self.records.forget(source.id, since)
        known = counts.known(since, self._clock())
        if known is None:
            return None
        first, latest = known
        since = first if since is None else max(first, since)
        until = max(latest + 1 - SETTLE, min(latest + 1 + WINDOW, now - SILENCE))
        if until <= since:
            return None
        to_the_end = snapshot if until > latest else None  # else there is more without another append
        started = ended = 0
        for begin, end in _chunks(since, until):
            if self._closing.is_set():
                break
            found = [one for kind in settings.types for one in self._find(source, counts, kind, first, begin, end)]
            self._write(source, destination, counts, found)
            rows = [_finding(source.id, one) for one in found]
            self.records.advance(source.id, end, to_the_end if end == until else None, rows, keep_from=end - BASELINE)
            started += sum(one.is_new for one in found)
            ended += sum(one.episode.end is not None for one in found)
        return Analysed(since, until, started, ended)

    def _find(
        self, source: EventDataStore, counts: Counts, kind: str, known_from: int, since: int, until: int
    ) -> Iterator[_Found]:
        past: defaultdict[Api, list[Episode]] = defaultdict(list)
        going: dict[Api, Episode] = {}
        for one in self.records.findings(source.id):
            api, episode = _api(one), _episode(one)
            if one.insight_type == kind and episode.end is None and episode.last < since:
                going[api] = episode
            elif one.insight_type == kind and episode.start < since:
                past[api].append(episode)
        for api, series in counts.series(kind, known_from, since, until):
            opened = going.pop(api, None)
            for episode in episodes(series, since, opened, past[api]):
                yield _Found(kind, api, episode, opened is None or episode.start != opened.start)
        for api, opened in going.items():  # those that are heard of no more
            quiet = Series(since - WINDOW, np.zeros(until - since + WINDOW, dtype=np.int64), known_from)
            for episode in episodes(quiet, since, opened):
                yield _Found(kind, api, episode, False)

    def _write(
        self, source: EventDataStore, destination: EventDataStore, counts: Counts, found: Sequence[_Found]
    ) -> None:
        for one in found:
            states = ((START,) if one.is_new else ()) + ((END,) if one.episode.end is not None else ())
            if not states:
                continue
            causes = counts.attributions(one.insight_type, one.api, one.episode)
            made = [delivery(source, one.insight_type, one.api, one.episode, state, causes) for state in states]
            for event in made:
                self._pusher.put(destination, [event], once=True)


@dataclass(frozen=True, slots=True)
class _Found:
    """An episode of an API as it is known now."""

    insight_type: str
    api: Api
    episode: Episode
    is_new: bool


def _chunks(since: int, until: int) -> Iterator[tuple[int, int]]:
    for begin in range(since, until, CHUNK):
        yield begin, min(begin + CHUNK, until)


def _check(source: EventDataStore, destination: EventDataStore, types: Sequence[str]) -> None:
    if unknown := next((one for one in types if one not in COUNTED), None):
        raise InvalidInsightSelectors(f"expected {' or '.join(COUNTED)}, got {unknown}")
    if not types or len(set(types)) != len(types):
        raise InvalidInsightSelectors("expected each type of Insights once")
    _check_selectors(source.name, source.selectors, types)
    if destination.family != "insight":
        raise InvalidInsightSelectors(f"expected a destination that takes in Insights events, got {destination.name}")
    if (source.account_id, source.region) != (destination.account_id, destination.region):
        raise InvalidInsightSelectors(f"{source.name} and {destination.name} are not of one account and Region")


def _check_selectors(name: str, selectors: Sequence[AdvancedEventSelector], types: Sequence[str]) -> None:
    if not any(_logs(one, writes=False) for one in selectors):
        raise InvalidInsightSelectors(f"{name} takes in no management events, and Insights are made of them")
    if CALL_RATE in types and not any(_logs(one, writes=True) for one in selectors):
        raise InvalidInsightSelectors(f"{name} takes in no calls that write, and {CALL_RATE} counts those")


def _logs(selector: AdvancedEventSelector, *, writes: bool) -> bool:
    """Whether management events pass the selector; with ``writes``, those of calls that write."""
    said = {one.field: one.equals for one in selector.fields}
    return "Management" in categories_of([selector]) and not (writes and said.get("readOnly") == ("true",))


_NUMBERS = ("start", "baseline_average", "baseline_minutes", "level", "events", "last", "end")
_NAMES = ("account_id", "region", "event_source", "event_name", "error_code")


def _api(finding: Finding) -> Api:
    return Api(*(getattr(finding, name) for name in _NAMES))


def _episode(finding: Finding) -> Episode:
    return Episode(*(getattr(finding, name) for name in _NUMBERS))


def _finding(store_id: str, found: _Found) -> Finding:
    names: dict[str, Any] = {name: getattr(found.api, name) for name in _NAMES}
    numbers: dict[str, Any] = {name: getattr(found.episode, name) for name in _NUMBERS}
    return Finding(store_id=store_id, insight_type=found.insight_type, **names, **numbers)
