"""The FileIO of tables: metadata that is not what was written is refused before anything decodes it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.lake.tampering import content, flip, make_lake
from tests.lake.world import STORE, event, parcel, put
from trailmere.errors import LakeDamaged
from trailmere.lake.vault import Lake

if TYPE_CHECKING:
    from pathlib import Path


def metadata(home: Path, kind: str) -> Path:
    """The newest file of a kind."""
    return max((home / "warehouse").rglob(kind), key=lambda path: path.stat().st_mtime_ns)


@pytest.mark.parametrize("kind", ["snap-*.avro", "*-m0.avro"])
@pytest.mark.parametrize("at", [0, 0.5, 1])
def test_a_manifest_with_a_flipped_bit_is_named_by_who_needs_it_and_is_not_decoded(
    tmp_path: Path, kind: str, at: float
) -> None:
    make_lake(tmp_path / "lake")
    path = metadata(tmp_path / "lake", kind)
    shutil.rmtree(tmp_path / "lake" / "plans")
    with (
        content(path, flip(int(at * (path.stat().st_size - 1)))),
        Lake.open(tmp_path / "lake") as lake,
        pytest.raises(LakeDamaged, match=f"{path} is not what was written: expected the SHA-256"),
    ):
        lake.scan(STORE)


def test_nothing_is_added_to_a_table_whose_metadata_file_is_not_what_was_written(tmp_path: Path) -> None:
    make_lake(tmp_path / "lake")
    path = metadata(tmp_path / "lake", "*.metadata.json")
    before = sorted((tmp_path / "lake" / "warehouse").rglob("*.json"))
    with (
        content(path, lambda text: text.append(10)),
        Lake.open(tmp_path / "lake") as lake,
        pytest.raises(LakeDamaged, match="the metadata "),
    ):
        put(lake, parcel("more.json", event("more")))

    assert sorted((tmp_path / "lake" / "warehouse").rglob("*.json")) == before


def test_a_manifest_without_a_recorded_hash_is_read(tmp_path: Path) -> None:
    make_lake(tmp_path / "lake")
    shutil.rmtree(tmp_path / "lake" / "plans")
    with Lake.open(tmp_path / "lake") as lake, lake.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM lake_files")

    with Lake.open(tmp_path / "lake") as lake:
        assert len(lake.scan(STORE).files) == 6
