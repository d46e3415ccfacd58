"""The FileIO of tables: what is read as Avro begins as Avro, so that no decoder runs past its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trailmere.lake.fileio import LocalFile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("content", [b"", b"Obj", b"PAR1" + b"\xff" * 64, b'{"snapshots":[]}'])
def test_another_file_under_the_name_of_a_manifest_is_refused_before_it_is_decoded(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "snap-1.avro"
    path.write_bytes(content)

    with pytest.raises(ValueError, match="expected an Avro file"):
        LocalFile(str(path)).open()


def test_a_manifest_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "snap-1.avro"
    path.write_bytes(b"Obj\x01and more")

    with LocalFile(str(path)).open() as file:
        assert file.read() == b"Obj\x01and more"
