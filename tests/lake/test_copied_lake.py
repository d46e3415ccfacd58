"""A lake that was copied is not written to: its tables still name the files of the first."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from trailmere.errors import LakeDamaged
from trailmere.lake.records import MaintenancePolicy
from trailmere.lake.vault import Lake

if TYPE_CHECKING:
    from pathlib import Path

STORE = "0a1b2c3d-0000-4000-8000-000000000001"


def test_a_batch_is_not_begun_in_a_copy_of_a_lake(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "first") as lake:
        lake.create_table(STORE, "cloudtrail")
    shutil.copytree(tmp_path / "first", tmp_path / "copy")

    with Lake.open(tmp_path / "copy") as copy, pytest.raises(LakeDamaged, match="copied or moved"):
        copy.begin(STORE)


def test_a_copy_of_a_lake_is_not_maintained(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "first") as lake:
        lake.create_table(STORE, "cloudtrail")
    shutil.copytree(tmp_path / "first", tmp_path / "copy")

    with Lake.open(tmp_path / "copy") as copy, pytest.raises(LakeDamaged, match="copied or moved"):
        copy.maintain(STORE, MaintenancePolicy())


def test_a_lake_reached_through_a_link_is_written_to(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "first") as lake:
        lake.create_table(STORE, "cloudtrail")
    (tmp_path / "link").symlink_to(tmp_path / "first")

    with Lake.open(tmp_path / "link") as linked:
        batch = linked.begin(STORE)
        linked.abandon(batch)

    assert batch.store_id == STORE
