"""A model of a disk: from recorded calls to what would be left of a folder if the power failed between any two of them.

What is kept for certain: the content of a file as of its last fsync or fdatasync, and the names in a folder as of the
folder's last fsync (POSIX promises no more; ext4 and others keep more). ``image`` without dice is exactly that. With
dice, any of the rest may have reached the disk too: of each file's later writes some, the last perhaps torn; of each
folder's later changes some, in any order that keeps those of one name in theirs. A rename is whole or not at all.

Not modelled: rights and times of files, and SQLite's ``-shm``, which is mapped, and rebuilt by whoever opens the
database first. Calls that the model does not know raise; after a recording the model must equal the folder
(``differences``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.calls import Call

SECTOR_BYTES = 512
Image = dict[str, bytes | None]  # path -> content; None: a folder


@dataclass(eq=False, slots=True)
class _File:
    content: bytearray = field(default_factory=bytearray)
    synced: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # offset, bytes; None: cut to that length

    def write(self, offset: int, content: bytes | None) -> None:
        self.pending.append((offset, content))
        _apply(self.content, offset, content)

    def sync(self) -> None:
        self.synced, self.pending = bytes(self.content), []

    def left(self, dice: Random | None) -> bytes:
        """The content after the power failed."""
        kept = bytearray(self.synced)
        for offset, content in _some_writes(self.pending, dice):
            _apply(kept, offset, content)
        return bytes(kept)


@dataclass(eq=False, slots=True)
class _Folder:
    names: dict[str, _Node] = field(default_factory=dict)
    synced: dict[str, _Node] = field(default_factory=dict)
    pending: list[dict[str, _Node | None]] = field(default_factory=list)  # each change whole: name -> what it names

    def change(self, names: dict[str, _Node | None]) -> None:
        self.pending.append(names)
        _rename(self.names, names)

    def sync(self) -> None:
        self.synced, self.pending = dict(self.names), []

    def left(self, dice: Random | None) -> dict[str, _Node]:
        kept = dict(self.synced)
        for change in _some_changes(self.pending, dice):
            _rename(kept, change)
        return kept


_Node = _File | _Folder


class Disk:
    """A folder as the system sees it, and as the disk has it."""

    def __init__(self, folder: Path) -> None:
        """The folder as it is now; all of it counts as synced."""
        self._root = _load(folder)

    def apply(self, call: Call) -> None:
        """Do what a call did. Raises NotImplementedError for one that the model does not know."""
        if call.failed or call.path.endswith(("-shm", " (deleted)")):
            return
        getattr(self, f"_{call.effect}")(call)

    def image(self, dice: Random | None = None) -> Image:
        """What is on the disk after a power cut: what was synced, and with dice some of the rest."""
        found: Image = {}
        _walk(self._root, "", dice, found)
        return found

    def differences(self, folder: Path) -> list[str]:
        """Paths where the model, as the system sees it, is not what the folder holds."""
        model: Image = {}
        _walk_present(self._root, "", model)
        real: Image = {}
        _walk_present(_load(folder), "", real)
        return sorted(
            path for path in model.keys() | real.keys() if model.get(path, b"missing") != real.get(path, b"missing")
        )

    # -- effects -------------------------------------------------------------------------------------------------------

    def _open(self, call: Call) -> None:
        folder, name = self._parent(call.path)
        if name not in folder.names:
            folder.change({name: _File()})
        elif call.truncated:
            self._file(call).write(0, None)

    def _write(self, call: Call) -> None:
        self._file(call).write(call.offset, call.content)

    def _truncate(self, call: Call) -> None:
        self._file(call).write(call.offset, None)

    def _sync(self, call: Call) -> None:
        self._find(call.path).sync()

    def _rename(self, call: Call) -> None:
        folder, name = self._parent(call.path)
        other, target = self._parent(call.target)
        if other is not folder:
            raise NotImplementedError(f"a rename from folder to folder: {call}")
        folder.change({name: None, target: folder.names[name]})

    def _unlink(self, call: Call) -> None:
        folder, name = self._parent(call.path)
        folder.change({name: None})

    _rmdir = _unlink

    def _mkdir(self, call: Call) -> None:
        folder, name = self._parent(call.path)
        folder.change({name: _Folder()})

    def _nothing(self, call: Call) -> None:
        pass

    def _map(self, call: Call) -> None:
        raise NotImplementedError(f"a file that is written through memory: {call}")

    def _unmodelled(self, call: Call) -> None:
        raise NotImplementedError(f"{call.name} of {call.path}")

    def _find(self, path: str) -> _Node:
        node: _Node = self._root
        for part in Path(path).parts:
            assert isinstance(node, _Folder)
            node = node.names[part]
        return node

    def _file(self, call: Call) -> _File:
        found = self._find(call.path)
        assert isinstance(found, _File)
        return found

    def _parent(self, path: str) -> tuple[_Folder, str]:
        folder = self._find(str(Path(path).parent))
        assert isinstance(folder, _Folder)
        return folder, Path(path).name


def restore(image: Image, folder: Path) -> None:
    """Make the folder what the image holds; parents come before what is in them."""
    for path, content in image.items():
        if content is None:
            (folder / path).mkdir(parents=True, exist_ok=True)
        else:
            (folder / path).write_bytes(content)


def _load(folder: Path) -> _Folder:
    loaded = _Folder()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir():
            loaded.names[path.name] = _load(path)
        elif not path.name.endswith("-shm"):
            content = path.read_bytes()
            loaded.names[path.name] = _File(bytearray(content), content)
    loaded.sync()
    return loaded


def _walk(folder: _Folder, path: str, dice: Random | None, found: Image) -> None:
    found[path or "."] = None
    for name, node in folder.left(dice).items():
        place = f"{path}/{name}" if path else name
        if isinstance(node, _Folder):
            _walk(node, place, dice, found)
        else:
            found[place] = node.left(dice)


def _walk_present(folder: _Folder, path: str, found: Image) -> None:
    for name, node in folder.names.items():
        place = f"{path}/{name}" if path else name
        found[place] = None if isinstance(node, _Folder) else bytes(node.content)
        if isinstance(node, _Folder):
            _walk_present(node, place, found)


def _apply(content: bytearray, offset: int, written: bytes | None) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    if written is None:
        del content[offset:]
    else:
        content[offset : offset + len(written)] = written


def _rename(names: dict[str, _Node], change: dict[str, _Node | None]) -> None:
    for name, node in change.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


def _some_writes(pending: list[tuple[int, bytes | None]], dice: Random | None) -> Iterator[tuple[int, bytes | None]]:
    if dice is None:
        return
    in_order, end = dice.random() < 0.5, dice.randint(0, len(pending))
    for number, (offset, content) in enumerate(pending):
        if number < end if in_order else dice.random() < 0.5:
            if content and number == end - 1 and dice.random() < 0.5:
                content = content[: dice.randrange(len(content)) // SECTOR_BYTES * SECTOR_BYTES]
            yield offset, content


def _some_changes(pending: list[dict[str, _Node | None]], dice: Random | None) -> Iterator[dict[str, _Node | None]]:
    """Those that reached the disk: the first ones, or any, but none before an earlier one of the same name."""
    if dice is None:
        return
    in_order, end = dice.random() < 0.5, dice.randint(0, len(pending))
    missing: set[str] = set()
    for number, change in enumerate(pending):
        if (number < end if in_order else dice.random() < 0.5) and not missing & change.keys():
            yield change
        else:
            missing |= change.keys()
