"""Is this installation sound, is this lake sound, and if not, what mends it: findings, for whichever door shows them.

Changes nothing. Checks of a large lake look at each of its files: seconds, not for every page.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from trailmere.errors import TrailmereError

if TYPE_CHECKING:
    from trailmere.app import App
    from trailmere.lake.records import PlannedFile
    from trailmere.registry.records import EventDataStore

Verdict = Literal["ok", "warning", "fault"]
FREE_BYTES_WANTED = 1 << 30
LIBRARIES = ("duckdb", "pyarrow", "pyiceberg", "sqlglot", "sqlalchemy", "obstore", "msgspec")
MEND_FILES = (
    "put them back from a backup of the lake. Without one: make a new store, ingest the logs into it again, and delete "
    "this one"
)
# from when on maintenance is advised: below, nobody feels it in a query or on the disk
FILES_TO_MERGE = 100
SNAPSHOTS_TO_EXPIRE = 100
BYTES_TO_REMOVE = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, how it stands, and what to do if it does not stand well."""

    check: str
    verdict: Verdict
    found: str
    mend: str = ""


def size(number: int) -> str:
    """Bytes for people: three digits and a binary unit, ``9.21 MiB``."""
    amount, units = float(number), iter(("B", "KiB", "MiB", "GiB", "TiB"))
    unit = next(units)
    while amount >= 999.5 and (larger := next(units, None)) is not None:  # three digits, rounded
        amount, unit = amount / 1024, larger
    return f"{number} B" if unit == "B" else f"{amount:.3g} {unit}"


def examine(app: App) -> list[Finding]:
    """Every check, in order."""
    return [finding for check in CHECKS for finding in _guarded(check, app)]


def counted(number: int, noun: str) -> str:
    return f"{f'{number:,}' if number else 'no'} {noun}{'' if number == 1 else 's'}"


def _guarded(check: Callable[[App], Iterator[Finding]], app: App) -> Iterator[Finding]:
    """A check that fails is a finding too: the others still run."""
    try:
        yield from check(app)
    except TrailmereError as error:
        yield Finding(_name(check), "fault", error.message, error.hint or "")
    except Exception as error:  # a doctor reports what it meets and goes on
        yield Finding(_name(check), "fault", f"{type(error).__name__}: {error}", "please report this as a bug")


def _name(check: Callable[[App], Iterator[Finding]]) -> str:
    return check.__name__.removeprefix("check_").replace("_", " ")


def check_python(_app: App) -> Iterator[Finding]:
    """Interpreter and the libraries that the work stands on."""
    from importlib.metadata import PackageNotFoundError, version

    found, missing = [], []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    yield Finding("python", "ok", ", ".join([sys.version.split()[0], *found]))
    if missing:
        yield Finding("libraries", "fault", f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")


def check_query_worker(app: App) -> Iterator[Finding]:
    """What keeps a query from doing anything but read."""
    for measure in app.cage():
        yield Finding(
            f"query cage: {measure.name}",
            "ok" if measure.holds else "warning",
            measure.detail,
            "" if measure.holds else "queries still run; a newer kernel or fewer container limits add this guard",
        )


def check_lake_folder(app: App) -> Iterator[Finding]:
    """Can the lake be written, and is there room?"""
    home = app.settings.lake
    if not home.exists() or not app.has_lake:
        mend = "it is made by the first `trailmere store create` or `trailmere demo`"
        yield Finding("lake folder", "warning", f"there is no lake in {home} yet", mend)
        return
    writable = os.access(home, os.W_OK | os.X_OK)
    yield Finding(
        "lake folder",
        "ok" if writable else "fault",
        str(home) if writable else f"{home} cannot be written",
        "" if writable else "make it writable for this user, or name another with --lake",
    )
    free = shutil.disk_usage(home).free
    roomy = free >= FREE_BYTES_WANTED
    mend = "" if roomy else "free some space: an ingest that meets a full disk is rolled back"
    yield Finding("disk space", "ok" if roomy else "warning", f"{free / (1 << 30):.1f} GiB free", mend)


def check_database(app: App) -> Iterator[Finding]:
    """Can the registry be opened and read? What follows needs it and is left out where it cannot."""
    if app.has_lake:
        kept_in = "PostgreSQL" if app.settings.database_url else "lake.db, SQLite"
        found = len(app.stores.list())
        mend = "" if found else "trailmere store create NAME"
        yield Finding("database", "ok" if found else "warning", f"{kept_in}; {counted(found, 'store')}", mend)


def check_secrets(app: App) -> Iterator[Finding]:
    """Is the key there that the lake's secrets were sealed with?"""
    from trailmere.registry.secretbox import known_key

    try:
        known = known_key(app.lake.engine) if app.has_lake else None
    except TrailmereError:  # told by the database's own check
        return
    if known is not None:
        yield Finding("secrets", "ok", f"sealed with the key {known} in {app.secrets.path}")


def check_stores(app: App) -> Iterator[Finding]:
    """Each store's table can be planned, its data files lie where and as they were written, and it is maintained."""
    for store in _stores(app):
        try:
            finding = _store_finding(app, store)
            yield finding
            if finding.verdict == "ok" and store.status == store.ready_status:
                yield maintenance_finding(app, store)
        except TrailmereError as error:  # one store that cannot be read must not hide the others
            yield Finding(f"store {store.name}", "fault", error.message, error.hint or "")


def _store_finding(app: App, store: EventDataStore) -> Finding:
    plan = app.lake.scan(store.id)
    check = f"store {store.name}"
    home = str(app.settings.lake) + os.sep
    strangers = [file.path for file in plan.files if not file.path.startswith(home)]
    if strangers:
        found = f"{counted(len(strangers), 'file')} outside of this lake, the first {strangers[0]}"
        return Finding(
            check, "fault", found, "a lake cannot be copied or moved: use it at its old place, or ingest anew"
        )
    hurt = [file.path for file in plan.files if not _as_written(file)]
    if hurt:
        found = f"{counted(len(hurt), 'file')} missing or of another size, the first {hurt[0]}"
        return Finding(check, "fault", found, MEND_FILES)
    return Finding(
        check, "ok", f"{store.status}, {counted(plan.total_rows, 'event')} in {counted(plan.total_files, 'file')}"
    )


def maintenance_finding(app: App, store: EventDataStore) -> Finding:
    """What `trailmere maintain` would do. Its damage is told like that of the store."""
    due = app.maintain(store, dry_run=True, show=lambda _progress: None)
    last = app.lake.last_maintained(store.id)
    waiting = [
        f"{counted(number, noun)} {what}"
        for number, noun, what in (
            (due.rewritten, "file", f"to merge or drop ({due.files_before:,} -> {due.files_after:,})"),
            (due.rows_removed, "event", f"past the retention of {store.retention_days} days"),
            (due.snapshots_expired, "snapshot", "to expire"),
            (due.files_removed, "file", f"to remove ({size(due.bytes_removed)})"),
        )
        if number
    ]
    advised = (
        due.rows_removed
        or due.rewritten >= FILES_TO_MERGE
        or due.snapshots_expired >= SNAPSHOTS_TO_EXPIRE
        or due.bytes_removed >= BYTES_TO_REMOVE
    )
    return Finding(
        f"maintenance {store.name}",
        "warning" if advised else "ok",
        f"{', '.join(waiting) or 'nothing to do'}; "
        + ("never maintained" if last is None else f"last maintained {last:%Y-%m-%d %H:%M} UTC"),
        f"trailmere maintain --store {store.name}, or by itself: trailmere maintain --every 1h" if advised else "",
    )


def _as_written(file: PlannedFile) -> bool:
    try:
        return Path(file.path).stat().st_size == file.size
    except OSError:
        return False


def check_dead_letters(app: App) -> Iterator[Finding]:
    """Is anything waiting to be looked at?"""
    stores = _stores(app)
    waiting = sum(app.lake.totals(store.id).dead_letters_open for store in stores)
    if waiting:
        yield Finding("dead letters", "warning", f"{waiting:,} waiting", "trailmere deadletters list")
    elif stores:
        yield Finding("dead letters", "ok", "none")


def _stores(app: App) -> Sequence[EventDataStore]:
    """All stores; none where there is no lake, or where the database cannot be read, which its own check tells."""
    try:
        return app.stores.list() if app.has_lake else ()
    except TrailmereError:
        return ()


CHECKS: tuple[Callable[[App], Iterator[Finding]], ...] = (
    check_python,
    check_query_worker,
    check_lake_folder,
    check_database,
    check_secrets,
    check_stores,
    check_dead_letters,
)
