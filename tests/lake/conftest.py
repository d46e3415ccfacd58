"""A lake in a folder of its own, with one store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lake.world import STORE
from trailmere.lake.vault import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    """A lake with an empty store of the cloudtrail family."""
    with Lake.open(tmp_path / "lake") as lake:
        lake.create_table(STORE, "cloudtrail")
        yield lake
