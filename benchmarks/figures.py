"""Figures derived from a run's results: costs per event without starting, medians, ratios. Plain arithmetic."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

Results = Mapping[str, Any]


def median_of(runs: list[dict[str, float]], name: str) -> float:
    """The median of one figure over runs."""
    return statistics.median(run[name] for run in runs)


def cpu_microseconds(one: Mapping[str, Any], events: int) -> float | None:
    """CPU per event of a contestant of ingest, the fixed cost of starting taken off.

    None where it did not run, or took so little more than starting that the rest is noise.
    """
    if not one["runs"]:
        return None
    start = one["start"]["cpu_seconds"] if one["start"] else 0.0
    spent = median_of(one["runs"], "cpu_seconds") - start
    return spent / events * 1e6 if spent > start / 10 else None


def wall_seconds(one: Mapping[str, Any]) -> float | None:
    """Wall time without that of starting; never less than a tenth of the whole, which is all but noise."""
    if not one["runs"]:
        return None
    whole = median_of(one["runs"], "wall_seconds")
    start = one["start"]["wall_seconds"] if one["start"] else 0.0
    return max(whole - start, whole / 10)


def milliseconds(answer: Mapping[str, Any] | None) -> float | None:
    """The median time of an answer; None where there is none."""
    return statistics.median(answer["milliseconds"]) if answer and "milliseconds" in answer else None


def ratio(part: float | None, whole: float | None) -> float | None:
    """None where either is missing, or the whole too small to be measured."""
    return part / whole if part is not None and whole else None


def query_ratio(results: Results, ours: str, peer: str, question: str) -> float | None:
    """How long one contestant takes for a question, over how long another does."""
    answers = results["answers"]
    return ratio(milliseconds(answers.get(ours, {}).get(question)), milliseconds(answers.get(peer, {}).get(question)))


def shown(value: float | None, digits: int = 1) -> str:
    """A number for a table; small ratios as a fraction."""
    if value is None:
        return ""
    if 0 < value < 0.1 and digits < 3:
        return f"1/{1 / value:,.0f}"
    return f"{value:,.{0 if value >= 1000 else digits}f}"
