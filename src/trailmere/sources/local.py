"""A folder or file of this machine. Walks without recursion, meets each folder once however it is linked.

What cannot be listed or read is yielded all the same: reading it will say why, and the ledger will hold it.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote_from_bytes

from trailmere.errors import SourceNotFound
from trailmere.sources.delivery import Delivery
from trailmere.sources.scope import Gate, Scope, in_time_order, leaving


class LocalSource:
    """A folder with all that lies below it, or one file."""

    def __init__(self, path: str, scope: Scope) -> None:
        self._root = os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - names may be odd bytes
        self._gate = Gate(scope)
        self.uri = file_uri(self._root)
        if not os.path.lexists(self._root):
            raise SourceNotFound(
                f"expected a folder or file at {self._root}, there is nothing",
                hint="a source is a folder, a file, - for standard input, or s3://bucket/prefix",
            )

    @property
    def other(self) -> Counter[str]:
        return self._gate.other

    @property
    def out_of_scope(self) -> int:
        return self._gate.out_of_scope

    def listing(self) -> Iterator[Delivery]:
        """See ``Source.listing``. A file named outright is taken whatever its name says."""
        self._gate = Gate(self._gate.scope)
        if os.path.isdir(self._root):  # noqa: PTH112
            yield from in_time_order(list(self._walk()))
        else:
            yield self._delivery(self._root, Gate(Scope()).admits(self._root)[1])

    def close(self) -> None:
        """Nothing is kept."""

    def _walk(self) -> Iterator[Delivery]:
        waiting, met = [self._root], set[tuple[int, int]]()
        while waiting:
            folder = waiting.pop()
            try:
                status = os.stat(folder)  # noqa: PTH116
                if (status.st_dev, status.st_ino) in met:
                    continue
                met.add((status.st_dev, status.st_ino))
                entries = list(os.scandir(folder))
            except OSError:
                yield Delivery(file_uri(folder))  # reading it fails with the reason
                continue
            for entry in entries:
                if _is_folder(entry):
                    if leaving(entry.name) is None:
                        waiting.append(entry.path)
                elif (found := self._judge(entry.path)) is not None:
                    yield found

    def _judge(self, path: str) -> Delivery | None:
        key = os.fsencode(path).decode("utf-8", "replace").lstrip("/")
        wanted, due = self._gate.admits(key)
        return self._delivery(path, due) if wanted else None

    def _delivery(self, path: str, due: datetime | None) -> Delivery:
        try:
            status = os.stat(path)  # noqa: PTH116
        except OSError:  # vanished, or a link to nowhere
            return Delivery(file_uri(path), due=due)
        modified = datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None)
        size = status.st_size if stat.S_ISREG(status.st_mode) else None
        return Delivery(file_uri(path), size=size, modified=modified, due=due)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself
        return False


def file_uri(path: str) -> str:
    """``file:///...`` for an absolute path; bytes that are not plain ASCII are percent-encoded (RFC 8089)."""
    return "file://" + quote_from_bytes(os.fsencode(path), safe="/-._~:=@+,!$&'()*;")
