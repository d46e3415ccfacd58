"""``trailmere verify``: what it prints and how it ends, for a whole lake and a hurt one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.test_doctor import data_file, lake
from trailmere.cli import main

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["lake"]  # the fixture: a store, ``audit``, that holds events


def verified(lake: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, Any]:
    """The exit code, and what it prints for scripts."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        main(["verify", "--lake", str(lake), "--output", "json", *options])
    return int(end.value.code or 0), json.loads(capsys.readouterr().out)


def test_a_whole_lake_ends_with_0_and_no_finding(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = verified(lake, capsys)

    assert (code, said["findings"], said["hashed"]) == (0, [], said["files"])


def test_a_hurt_file_is_named_and_ends_with_1(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hurt = data_file(lake)
    content = bytearray(hurt.read_bytes())
    content[len(content) // 2] ^= 1
    hurt.write_bytes(content)

    code, said = verified(lake, capsys, "--full", "--store", "audit")

    assert code == 1
    assert ("changed", str(hurt.relative_to(lake))) in [(one["kind"], one["path"]) for one in said["findings"]]


def test_a_lost_file_stands_in_the_table_with_what_was_expected(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lost = data_file(lake)
    lost.unlink()
    with pytest.raises(SystemExit) as end:
        main(["verify", "--lake", str(lake)])

    printed = capsys.readouterr().out
    assert end.value.code == 1
    assert all(part in printed for part in ("missing", lost.name, "SHA-256", "nothing"))


def test_a_derived_file_that_is_gone_is_told_and_ends_with_0(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (plan,) = lake.glob("plans/*/*.plan")
    plan.unlink()

    code, said = verified(lake, capsys)

    assert code == 0
    assert [("derived", str(plan.relative_to(lake)))] == [(one["kind"], one["path"]) for one in said["findings"]]


def test_where_there_is_no_lake_none_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["verify", "--lake", str(tmp_path / "none")])

    assert end.value.code == 1
    assert "there is no lake" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
