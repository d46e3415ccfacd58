"""Spoilt files: what is whole is taken in, what is not is kept as it came, and nothing hangs or dies of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest import fuzz


@pytest.mark.extended
def test_of_thousands_of_spoilt_files_nothing_is_lost_and_no_worker_dies(tmp_path: Path) -> None:
    findings = fuzz.fuzz(tmp_path, files=6_000, seed=20)

    assert findings.faults == []
    assert findings.files == 6_000
    assert findings.statuses["taken"] > 3_000
    assert findings.statuses["rejected"] > 300


def test_no_spoilt_file_takes_long_to_decode() -> None:
    assert fuzz.slowest(files=300, seed=21) < fuzz.MOST_SECONDS_A_FILE
