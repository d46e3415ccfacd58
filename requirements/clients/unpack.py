"""Unpack version 2 of the AWS CLI: ``python unpack.py WHEEL FOLDER``.

AWS publishes it as an installer only, and inside of a package that is meant for AWS Lambda: a wheel that holds a
tarball that holds a layer. What is put into the folder is that layer's ``dist``, as AWS built it: ``FOLDER/aws``.
"""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

LAYER = "package/lib/layer.zip"
EXECUTABLE = 0o111


def layer(wheel: Path) -> zipfile.ZipFile:
    """The layer in a wheel."""
    with zipfile.ZipFile(wheel) as outer:
        (packed,) = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(packed))) as tarball:
            content = tarball.extractfile(LAYER)
            if content is None:
                raise SystemExit(f"expected a file {LAYER} in {packed}, there is none")
            return zipfile.ZipFile(io.BytesIO(content.read()))


def unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """All that lies in ``awscli/v2/VERSION/dist``, with the permission to run what may run."""
    for member in archive.infolist():
        parts = PurePosixPath(member.filename).parts
        if member.is_dir() or parts[:2] != ("awscli", "v2") or parts[3:4] != ("dist",) or ".." in parts:
            continue
        place = folder.joinpath(*parts[4:])
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(archive.read(member))
        place.chmod(0o644 | (member.external_attr >> 16 & EXECUTABLE))


if __name__ == "__main__":
    unpack(layer(Path(sys.argv[1])), Path(sys.argv[2]))
