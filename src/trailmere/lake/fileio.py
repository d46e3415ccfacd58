"""An Iceberg FileIO for local folders that syncs: what a catalog points to is on disk before it points there.

PyIceberg's own local FileIO never calls fsync, so that a power cut after a commit may leave an empty metadata file and
with it an unreadable table. PyIceberg writes metadata files, manifests and manifest lists through this class (catalog
property ``py-io-impl``); data files are ours (``lake.files``). What it writes is hashed on the way and told to the
inventory, and what it reads is held against the hash there before anything decodes it: PyIceberg's compiled decoder
of Avro believes every length, and reads past the end of its memory. Object stores are not served here.
"""

from __future__ import annotations

import hashlib
import io
import os
from typing import TYPE_CHECKING, cast

from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile, OutputStream
from pyiceberg.typedef import EMPTY_DICT

from trailmere.lake.disk import local_path, make_folder, sync_folder

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from trailmere.lake.inventory import Recorder

IMPLEMENTATION = f"{__name__}.SyncedFileIO"


class SyncedStream:
    """A file being written: when ``close`` returns, its bytes and its name are on disk."""

    def __init__(self, path: Path, recorder: Recorder | None, *, overwrite: bool) -> None:
        self._path = path
        self._recorder = recorder
        self._hash = hashlib.sha256()
        self._file = path.open("wb" if overwrite else "xb")

    def write(self, b: bytes) -> int:
        self._hash.update(b)
        return self._file.write(b)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        if self._file.closed:
            return
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            size = self._file.tell()
        finally:
            self._file.close()
        sync_folder(self._path.parent)
        if self._recorder is not None:
            self._recorder.written(self._path, size, self._hash.hexdigest())

    def __enter__(self) -> SyncedStream:
        return self

    def __exit__(
        self, exctype: type[BaseException] | None, excinst: BaseException | None, exctb: TracebackType | None
    ) -> None:
        self.close()


class LocalFile(InputFile, OutputFile):
    """A local file, to be read or to be written and synced."""

    def __init__(self, location: str, recorder: Recorder | None = None) -> None:
        super().__init__(location)
        self._path = local_path(location)
        self._recorder = recorder

    def __len__(self) -> int:
        return self._path.stat().st_size

    def exists(self) -> bool:
        return self._path.exists()

    def open(self, seekable: bool = True) -> InputStream:
        """The file's bytes. Raises LakeDamaged where they are not those that were written, OSError."""
        content = self._path.read_bytes()
        if self._recorder is not None:
            self._recorder.reading(self._path, content)
        return cast("InputStream", io.BytesIO(content))

    def create(self, overwrite: bool = False) -> OutputStream:
        make_folder(self._path.parent)
        if self._recorder is not None:
            self._recorder.creating(self._path)
        return SyncedStream(self._path, self._recorder, overwrite=overwrite)

    def to_input_file(self) -> InputFile:
        return self


class SyncedFileIO(FileIO):
    """Local files, synced. See the module's text."""

    def __init__(self, properties: dict[str, str] = EMPTY_DICT, recorder: Recorder | None = None) -> None:
        super().__init__(properties)
        self._recorder = recorder

    def new_input(self, location: str) -> InputFile:
        return LocalFile(location, self._recorder)

    def new_output(self, location: str) -> OutputFile:
        return LocalFile(location, self._recorder)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        path = local_path(location if isinstance(location, str) else location.location)
        if self._recorder is not None:
            self._recorder.removing(path)
        path.unlink()
