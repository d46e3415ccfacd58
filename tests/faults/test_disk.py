"""The model of a disk: what is left when the power fails."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.calls import Call
from tests.faults.disk import Disk, restore

if TYPE_CHECKING:
    from pathlib import Path

_numbers = count(1)


def did(effect: str, path: str, **more: Any) -> Call:
    """A call that succeeded."""
    return Call(next(_numbers), effect, effect, path, 0, **more)


def after(folder: Path, *calls: Call) -> Disk:
    """The disk of a folder after some calls."""
    disk = Disk(folder)
    for call in calls:
        disk.apply(call)
    return disk


def test_what_was_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"content")

    assert after(tmp_path).image() == {".": None, "old": b"content"}


def test_a_file_is_lost_whose_folder_was_not_synced(tmp_path: Path) -> None:
    disk = after(tmp_path, did("open", "a"), did("write", "a", content=b"xy"), did("sync", "a"))

    assert disk.image() == {".": None}


def test_a_file_is_empty_whose_folder_was_synced_and_which_was_not(tmp_path: Path) -> None:
    disk = after(tmp_path, did("open", "a"), did("write", "a", content=b"xy"), did("sync", "."))

    assert disk.image() == {".": None, "a": b""}


def test_a_file_is_kept_that_was_synced_with_its_folder(tmp_path: Path) -> None:
    disk = after(tmp_path, did("open", "a"), did("write", "a", content=b"xy"), did("sync", "a"), did("sync", "."))

    assert disk.image() == {".": None, "a": b"xy"}


def test_a_rename_that_was_not_synced_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    disk = after(
        tmp_path,
        did("open", "b"),
        did("write", "b", content=b"new"),
        did("sync", "b"),
        did("sync", "."),
        did("rename", "b", target="a"),
    )

    assert disk.image() == {".": None, "a": b"old", "b": b"new"}


def test_a_folder_that_was_not_synced_takes_all_that_is_in_it_along(tmp_path: Path) -> None:
    disk = after(tmp_path, did("mkdir", "d"), did("open", "d/a"), did("sync", "d/a"), did("sync", "d"))

    assert disk.image() == {".": None}


def test_a_removed_file_comes_back_where_its_folder_was_not_synced(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")

    assert after(tmp_path, did("unlink", "a")).image() == {".": None, "a": b"content"}
    assert after(tmp_path, did("unlink", "a"), did("sync", ".")).image() == {".": None}


@pytest.mark.parametrize("seed", range(20))
def test_with_dice_a_file_holds_some_of_what_was_not_synced_and_all_that_was(tmp_path: Path, seed: int) -> None:
    disk = after(
        tmp_path,
        did("open", "a"),
        did("write", "a", content=b"A" * 600),
        did("sync", "a"),
        did("sync", "."),
        did("write", "a", offset=600, content=b"B" * 600),
        did("open", "b"),
    )

    image = disk.image(Random(seed))

    content = image["a"]
    assert content is not None
    assert content.startswith(b"A" * 600)
    assert len(content) in (600, 600 + 512, 1200)
    assert image.get("b") in (None, b"")


def test_a_call_that_failed_changes_nothing(tmp_path: Path) -> None:
    disk = after(tmp_path, did("mkdir", "d", failed=True), did("sync", "."))

    assert disk.image() == {".": None}


def test_a_call_that_the_model_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match="through memory"):
        after(tmp_path, did("map", "a"))


def test_the_model_says_where_it_differs_from_the_folder(tmp_path: Path) -> None:
    disk = after(tmp_path)
    (tmp_path / "unseen").write_bytes(b"x")

    assert disk.differences(tmp_path) == ["unseen"]


def test_an_image_becomes_a_folder_again(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "file").write_bytes(b"content")
    image = Disk(tmp_path / "one").image()

    restore(image, tmp_path / "two")

    assert Disk(tmp_path / "two").image() == image
