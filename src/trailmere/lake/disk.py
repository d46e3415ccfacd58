"""Writing so that it is still there after the power fails.

A file is on disk when its bytes are synced *and* the folder that names it is; a new folder when its parent is. The
functions here do both. They know files and folders, nothing of what is in them.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlparse

from trailmere.errors import LakeUnwritable

_ensured: set[str] = set()  # folders whose names this process has synced


def local_path(location: str) -> Path:
    """The path of a location that is a path or a ``file:`` URI."""
    if location.startswith("file:"):
        return Path(unquote(urlparse(location).path))
    return Path(location)


def unwritable(why: str) -> LakeUnwritable:
    """The system would not let a file of the lake be written (no space, no rights, a limit)."""
    return LakeUnwritable(
        f"cannot write to the lake: {why}",
        hint="free space or mend the rights, and run it again: what was committed stays, the rest is taken in then",
    )


@contextlib.contextmanager
def told_as_lake_error() -> Iterator[None]:
    """Errors of the system become LakeUnwritable."""
    try:
        yield
    except OSError as error:
        raise unwritable(error.strerror or str(error)) from error


def sync_folder(folder: Path | str) -> None:
    """Put the names inside of ``folder`` on disk (fsync(2): syncing a file does not sync its name)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path | str) -> None:
    """Make ``folder`` with all its parents, each name on disk when this returns.

    A folder that another process has just made is synced too: that process may have died before it did.
    """
    text = os.fspath(folder)
    if text in _ensured and Path(text).is_dir():
        return
    missing = []
    place = Path(text)
    while not place.is_dir():
        missing.append(place)
        place = place.parent
    for made in reversed(missing):
        made.mkdir(exist_ok=True)
        sync_folder(made.parent)
    if not missing:
        sync_folder(Path(text).parent)
    _ensured.add(text)


def write_file(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path``, whole or not at all: a reader sees the old file or the new one."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def remove_folder(folder: Path) -> None:
    """Remove ``folder`` with all that is in it, where it is there; gone for good when this returns."""
    while folder.exists():
        with contextlib.suppress(FileNotFoundError):  # somebody else removes it too
            shutil.rmtree(folder)
    if folder.parent.is_dir():
        sync_folder(folder.parent)


def remove_files(paths: list[Path]) -> None:
    """Remove files, those already gone included, and sync their folders."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
    for folder in {path.parent for path in paths}:
        if folder.is_dir():
            sync_folder(folder)
