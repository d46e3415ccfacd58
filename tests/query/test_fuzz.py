"""Statements that nobody would write: some thousands compiled, some hundreds run."""

from __future__ import annotations

from pathlib import Path

from tests.query.fuzz import run, run_on_small_lake

SEED = "a seed for every run of the suite"


def test_whatever_the_text_compiling_gives_one_select_or_a_query_error() -> None:
    report = run(4000, SEED)

    assert report.findings == []
    assert report.compiled > 1000


def test_whatever_compiles_ends_within_its_limits_and_speaks_the_users_words(tmp_path: Path) -> None:
    report = run_on_small_lake(tmp_path, 900, SEED, executed=300)

    assert report.findings == []
    assert report.answered > 100
