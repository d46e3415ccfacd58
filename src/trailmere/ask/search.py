"""SearchSampleQueries: samples by a phrase, the most relevant first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, utils

from trailmere.ask.generate import example
from trailmere.ask.library import SAMPLES
from trailmere.ask.words import words

if TYPE_CHECKING:
    from trailmere.ask.records import Sample

LEAST = 0.35
NAME, DESCRIPTION, ABOUT = 1.0, 0.9, 0.8  # how much it counts where the phrase is found


@dataclass(frozen=True, slots=True)
class Hit:
    """A sample that a phrase found; ``relevance`` from 0 to 1; ``sql`` names the store as ``$EDS_ID``."""

    name: str
    description: str
    sql: str
    relevance: float


def search(phrase: str, samples: tuple[Sample, ...] = SAMPLES) -> list[Hit]:
    """All samples that have to do with the phrase, the most relevant first."""
    ranked = sorted(
        ((_relevance(phrase, sample), sample) for sample in samples), key=lambda pair: (-pair[0], pair[1].name)
    )
    return [
        Hit(sample.name, sample.description, example(sample), round(relevance, 4))
        for relevance, sample in ranked
        if relevance >= LEAST
    ]


def _relevance(phrase: str, sample: Sample) -> float:
    """Half by words that mean the same, half by letters: a phrase may be mistyped."""
    asked = set(words(phrase))
    texts = ((sample.name, NAME), (sample.description, DESCRIPTION), (sample.about, ABOUT))
    alike = max(counts * _alike(phrase, text) for text, counts in texts)
    if not asked:
        return alike / 2
    said = set(words(f"{sample.name} {sample.description} {sample.about}"))
    return (alike + len(asked & said) / len(asked)) / 2


def _alike(phrase: str, text: str) -> float:
    return fuzz.token_set_ratio(phrase, text, processor=utils.default_process) / 100
