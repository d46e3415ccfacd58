"""Batches and single records come to the same: every column, every count, the order."""

from __future__ import annotations

from itertools import islice
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.ingest.differential import compare, files, simulated
from tests.ingest.shared_table import SOURCES
from trailmere.events.selector_templates import template

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("selectors", ["everything", "management-events"])
def test_odd_records_among_usual_ones_come_to_what_each_comes_to_alone(selectors: str) -> None:
    found = compare(islice(files(Random(7)), 40), template(selectors), batch_bytes=100_000)

    assert found.rows > 300
    assert found.differences == 0, found.first


def test_simulated_trails_come_to_what_their_records_come_to_alone(tmp_path: Path) -> None:
    found = compare(simulated(tmp_path, 3, 600), template("everything"))

    assert found.rows > 500
    assert found.differences == 0, found.first


@pytest.mark.shared_data
@pytest.mark.parametrize("source", SOURCES)
def test_records_of_others_come_to_what_each_comes_to_alone(shared_data: Path, source: str) -> None:
    paths = sorted(path for path in (shared_data / source).rglob("*") if path.is_file())
    found = compare((path.read_bytes() for path in paths), template("everything"))

    assert found.deliveries == len(paths)
    assert found.differences == 0, found.first
