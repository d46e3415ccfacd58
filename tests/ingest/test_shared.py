"""Records that nobody in this project wrote: every one is in the lake with its text, or in the dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ingest.shared_table import take_all
from trailmere.lake.vault import Lake

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.shared_data
def test_every_record_of_every_source_is_in_the_lake_with_its_exact_text_or_in_the_dead_letters(
    shared_data: Path, tmp_path: Path
) -> None:
    with Lake.open(tmp_path / "lake") as lake:
        accounts, lines = take_all(lake, shared_data)

    assert [(line.source, line.missing) for line in lines if line.missing] == []
    assert [line.source for line in lines if line.exact != line.in_lake] == []
    assert sum(line.found for line in lines) > 2000
    assert all(account.check() for account in accounts)
