"""GenerateQuery: from a question in English to a statement, over the sample library and what a question adds to it.

The question's time and details are taken out of it, the rest of its words choose a sample, and the details become
conditions of it. What cannot be placed is refused: a query that answers another question is worse than none. The seam
is ``Generator``: a room that understands language better takes this one's place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Protocol

from trailmere.ask import details, times
from trailmere.ask.library import SAMPLES
from trailmere.ask.records import STORE, WINDOW, Sample
from trailmere.ask.words import COMMON, Weights, form, words
from trailmere.errors import GenerateQueryRefused
from trailmere.query.quoting import literal

LIKELY = 0.55  # of what a question's words tell, a sample has to have as much
TOP = 10
MOST_ROWS = 1000
_TOP = re.compile(r"(?i)\b(?:top|first|latest|last|newest) (\d{1,4})\b|\b(\d{1,4}) (?=most|latest|newest|top)")
_TOKEN = re.compile(r":([a-z]+)\b")
_EXAMPLES = (
    "What are my top errors in the past month?",
    "Who signed in to the console yesterday?",
    "What did the access key AKIA... do on 2022-03-15?",
)


@dataclass(frozen=True, slots=True)
class Generated:
    """A statement, and the sample that it was made of."""

    statement: str
    sample: str


class Generator(Protocol):
    """What makes statements of questions."""

    def generate(self, question: str, store_id: str, now: datetime) -> Generated:
        """The statement over one store that answers the question. Raises GenerateQueryRefused."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    sample: Sample
    score: float


class SampleGenerator:
    """Chooses among samples."""

    def __init__(self, samples: tuple[Sample, ...] = SAMPLES) -> None:
        self._samples = samples

    def generate(self, question: str, store_id: str, now: datetime) -> Generated:
        span, rest = times.find(question, now)
        limit = _limit(rest)
        found, rest = details.find(_TOP.sub(" top ", rest), self._vocabulary)
        bag = set(words(rest))
        best = self._best(bag, found)
        if best is None:
            raise GenerateQueryRefused(
                "no query was found that answers this question", hint=f"ask for example: {'  '.join(_EXAMPLES)}"
            )
        statement = _statement(best, span, found, limit).replace(STORE, store_id)
        return Generated(statement, best.name)

    def _best(self, bag: set[str], found: Mapping[str, str]) -> Sample | None:
        fitting = (
            _Candidate(sample, self._score(sample, bag, found)) for sample in self._samples if _fits(sample, found)
        )
        best = max(fitting, key=lambda candidate: candidate.score, default=None)
        return None if best is None or best.score < LIKELY else best.sample

    def _score(self, sample: Sample, bag: set[str], found: Mapping[str, str]) -> float:
        """How much of what the question's words tell the sample has; a little for how much of its name was said, and
        for what was asked by name (a key, an address) and is what the sample is about."""
        own, name = self._bags[sample.name]
        asked = self._weights.of(bag)
        told = self._weights.of(bag & own) / asked if asked else 1.0
        said = self._weights.of(bag & name) / max(self._weights.of(name), 0.1)
        about = len(_wanted(sample) & found.keys())
        settled = sum(kind in sample.fixed and _settles(sample, kind, value) for kind, value in found.items())
        return told * (1 + 0.15 * said + 0.2 * about + 0.5 * settled) if told >= LIKELY else 0.0

    @cached_property
    def _bags(self) -> dict[str, tuple[set[str], set[str]]]:
        return {
            sample.name: (set(words(f"{sample.name} {sample.description} {sample.about}")), set(words(sample.name)))
            for sample in self._samples
        }

    @cached_property
    def _weights(self) -> Weights:
        return Weights([own for own, _name in self._bags.values()])

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        """The words that are no names of users."""
        said = " ".join(f"{sample.name} {sample.description} {sample.about}" for sample in self._samples)
        plain = {word.lower() for word in re.findall(r"[A-Za-z]+", said)}
        return frozenset(plain | COMMON | set(map(form, plain)) | {"hour", "day", "week", "month", "default", "id"})


def example(sample: Sample) -> str:
    """The sample as the library shows it: the last seven days, and made-up values for what it asks for."""
    sql = sample.sql.replace(WINDOW, "eventTime > date_add('day', -7, now())").replace(":limit", str(TOP * 10))
    return _TOKEN.sub(lambda found: literal(EXAMPLES.get(found[1], found[0])), sql)


EXAMPLES = {
    "arn": "arn:aws:s3:::amzn-s3-demo-bucket",
    "bucket": "amzn-s3-demo-bucket",
    "eventid": "bd29bab7-1153-4510-9e7f-9ff9bba4bd9a",
    "ip": "192.0.2.76",
    "key": "AKIAIOSFODNN7EXAMPLE",
    "role": "build",
    "user": "alice",
}


def _wanted(sample: Sample) -> set[str]:
    """The details without which a sample says nothing."""
    return set(_TOKEN.findall(sample.sql)) - {"window", "limit"}


def _fits(sample: Sample, found: Mapping[str, str]) -> bool:
    if not _wanted(sample) <= found.keys():
        return False
    return all(kind not in sample.fixed or _settles(sample, kind, value) for kind, value in found.items())


def _settles(sample: Sample, kind: str, value: str) -> bool:
    """Whether what a question names is what the sample is about."""
    return value in sample.sql or (kind == "service" and value.partition(".")[0] in sample.about.split())


def _statement(sample: Sample, span: times.Span, found: Mapping[str, str], limit: int | None) -> str:
    wanted = _wanted(sample)
    conditions = [f"eventTime < {_time(span.until)}"]
    if span.since is not None:
        conditions.insert(0, f"eventTime >= {_time(span.since)}")
    conditions += [
        details.DETAILS[kind].of(value) for kind, value in found.items() if kind not in wanted | sample.fixed
    ]
    filled = {"window": " AND ".join(conditions), "limit": str(limit or _usual_limit(sample))}
    filled |= {kind: literal(found[kind]) for kind in wanted}
    return _TOKEN.sub(lambda match: filled.get(match[1], match[0]), sample.sql)


def _usual_limit(sample: Sample) -> int:
    """The top of what is counted; lists are longer."""
    return TOP if "GROUP BY" in sample.sql else MOST_ROWS


def _limit(question: str) -> int | None:
    match = _TOP.search(question)
    return None if match is None else max(1, int(match[1] or match[2]))


def _time(moment: datetime) -> str:
    return f"'{moment:%Y-%m-%d %H:%M:%S}'"
