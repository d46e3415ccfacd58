"""Files that are made anew from others when they are wrong: the event index and the kept plans. Wrong ones are told all
the same, for they say that the disk fails or that somebody writes here. Those that are gone are told as no more than
that: a killed commit leaves none either.

The index changes under the store's lock only; plans are written whole by whoever asks a question.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sqlalchemy import select

from trailmere.errors import StoreNotFound
from trailmere.lake import index, inventory, plans, view
from trailmere.lake.batches import store_lock
from trailmere.lake.disk import local_path
from trailmere.lake.locks import held
from trailmere.lake.verify_files import DRAFT
from trailmere.lake.verify_tables import stores
from trailmere.registry.database import reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trailmere.lake.batches import Premises
    from trailmere.lake.findings import Verification

ANEW = "what the table says; it is made anew when it is next used"
GONE = "nothing; it is made anew when it is next used"
COUNTED = frozenset({"path", "rows", "eventid:low", "eventid:nulls"})


def check_index(premises: Premises, store_id: str, report: Verification) -> None:
    """Manifest and segments carry a checksum each, and are there once the table has rows. They know of as many events
    of each file as the file has: one that the index had forgotten would not be found by its id."""
    folder = premises.index_folder(store_id)
    if (not folder.is_dir() or not index.wrong(folder)) and not index.missing(folder):
        _check_counts(premises, store_id, report)
        return
    with held(premises.locks, store_lock(store_id)):
        for name, said in (index.wrong(folder) if folder.is_dir() else {}).items():
            report.told("damaged", _relative(premises, folder / name), ANEW, said, store_id)
        if _present(premises, store_id) is not None:
            for name in index.missing(folder):
                report.told("derived", _relative(premises, folder / name), "the event index", GONE, store_id)


def _check_counts(premises: Premises, store_id: str, report: Verification) -> None:
    folder = premises.index_folder(store_id)
    with held(premises.locks, store_lock(store_id)):
        for path, expected, found in _miscounted(premises, store_id):
            report.told(
                "damaged",
                _relative(premises, folder / index.MANIFEST),
                f"{expected:,} events of {_relative(premises, local_path(path))}",
                f"{found:,}; remove the folder {_relative(premises, folder)}, it is made anew with the next ingest",
                store_id,
            )


def _miscounted(premises: Premises, store_id: str) -> Iterator[tuple[str, int, int]]:
    """Files of which the index knows of another number of events than they have, by the plan of the present snapshot.

    An empty eventID is in no index; a file that has some cannot be counted so.
    """
    present = _present(premises, store_id)
    plan = None if present is None else plans.load(premises.plan_folder(store_id), present)
    if plan is None or not COUNTED.issubset(plan.column_names):
        return
    known = index.rows_of_files(premises.index_folder(store_id))
    for file in plan.select(sorted(COUNTED)).to_pylist():
        path, events = file["path"], file["rows"] - (file["eventid:nulls"] or 0)
        if path in known and file["eventid:nulls"] is not None and file["eventid:low"] and known[path] != events:
            yield path, events, known[path]


def check_plans(premises: Premises, store_id: str, report: Verification) -> None:
    """A plan carries a checksum over its name and its content. That of the present snapshot is there, unless plans of
    others were made since: some are kept only."""
    for path in _inside(premises.plan_folder(store_id)):
        if not DRAFT.search(path.name) and not plans.sound(path) and path.exists():
            report.told("damaged", _relative(premises, path), ANEW, "other bytes than were written", store_id)
    if _lost_plan(premises, store_id) is not None:
        with held(premises.locks, store_lock(store_id)):
            if (lost := _lost_plan(premises, store_id)) is not None:
                report.told("derived", _relative(premises, lost), "the plan of the present snapshot", GONE, store_id)


def _lost_plan(premises: Premises, store_id: str) -> Path | None:
    folder, present = premises.plan_folder(store_id), _present(premises, store_id)
    if present is None or len(list(folder.glob("*.plan"))) >= plans.KEPT_PLANS:
        return None
    path = plans.plan_path(folder, present)
    return None if path.exists() else path


def _present(premises: Premises, store_id: str) -> int | None:
    """The present snapshot; None where the table is empty, or gone by now."""
    with contextlib.suppress(StoreNotFound):
        current = view.read(premises.engine, store_id).current
        return None if current is None else current.id
    return None


def check_strangers(premises: Premises, report: Verification) -> None:
    """Nothing else lies where index, plans and locks do."""
    for folder in (*_inside(premises.home / "index"), *_inside(premises.home / "plans")):
        # A store that is being dropped has rows in the inventory until all is gone.
        if folder.name not in stores(premises) and not _has_rows(premises, folder.name) and folder.exists():
            report.told("extra", _relative(premises, folder), "the folder of a store", "another name")
    for lock in _inside(premises.home / "locks"):
        if lock.suffix != ".lock":
            report.told("extra", _relative(premises, lock), "locks", "another name")


def _has_rows(premises: Premises, store_id: str) -> bool:
    with reading(premises.engine) as connection:
        query = select(inventory.files.c.path).where(inventory.files.c.store_id == store_id).limit(1)
        return connection.execute(query).one_or_none() is not None


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _relative(premises: Premises, path: Path) -> str:
    return path.relative_to(premises.home).as_posix()
