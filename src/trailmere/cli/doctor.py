"""``trailmere doctor``: is this installation sound, is this lake sound, and if not, what mends it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from trailmere.cli.common import LakeOption, OutputOption, open_app, write_json, write_table
from trailmere.errors import TrailmereError

if TYPE_CHECKING:
    from trailmere.app import App

Verdict = Literal["ok", "warning", "fault"]
FREE_BYTES_WANTED = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, how it stands, and what to do if it does not stand well."""

    check: str
    verdict: Verdict
    found: str
    mend: str = ""


def doctor(*, lake: LakeOption = None, output: OutputOption = "table") -> int:
    """Check the installation and the lake, and say how to mend what is found.

    Exits with 1 when there is a fault. Changes nothing, except that a lake that does not exist yet is not made.
    """
    with open_app(lake) as app:
        findings = [finding for check in CHECKS for finding in _guarded(check, app)]
    if output == "json":
        write_json([asdict(finding) for finding in findings])
    else:
        write_table(("check", "", "found", "what to do"), [_row(finding) for finding in findings])
    return 1 if any(finding.verdict == "fault" for finding in findings) else 0


def _row(finding: Finding) -> tuple[str, str, str, str]:
    return (finding.check, finding.verdict, finding.found, finding.mend)


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
    from importlib.metadata import version

    wanted = ("duckdb", "pyarrow", "pyiceberg", "sqlglot", "sqlalchemy", "obstore", "msgspec")
    found = ", ".join(f"{name} {version(name)}" for name in wanted)
    yield Finding("python", "ok", f"{sys.version.split()[0]}; {found}")


def check_query_worker(_app: App) -> Iterator[Finding]:
    """What keeps a query from doing anything but read."""
    from trailmere.query.cage import cage_report

    for measure in cage_report():
        yield Finding(
            f"query cage: {measure.name}",
            "ok" if measure.holds else "warning",
            measure.detail,
            "" if measure.holds else "queries still run; a newer kernel or fewer container limits add this guard",
        )


def check_lake_folder(app: App) -> Iterator[Finding]:
    """Can the lake be written, and is there room?"""
    home = app.settings.lake
    if not home.exists():
        mend = "it is made by the first `trailmere store create` or `trailmere demo`"
        yield Finding("lake folder", "warning", f"{home} does not exist yet", mend)
        return
    writable = os.access(home, os.W_OK | os.X_OK)
    yield Finding(
        "lake folder",
        "ok" if writable else "fault",
        str(home),
        "" if writable else "make it writable for this user, or name another with --lake",
    )
    free = shutil.disk_usage(home).free
    roomy = free >= FREE_BYTES_WANTED
    mend = "" if roomy else "free some space: an ingest that meets a full disk is rolled back"
    yield Finding("disk space", "ok" if roomy else "warning", f"{free / (1 << 30):.1f} GiB free", mend)


def check_stores(app: App) -> Iterator[Finding]:
    """Each store's table can be planned, and its ledger balances."""
    if not app.settings.lake.exists():
        return
    stores = app.stores.list()
    if not stores:
        mend = "trailmere store create NAME"
        yield Finding("event data stores", "warning", "none", mend)
    for store in stores:
        plan = app.lake.scan(store.id)
        found = f"{store.status}, {plan.total_rows:,} events in {plan.total_files:,} files"
        missing = [file.path for file in plan.files if not Path(file.path).exists()]
        if missing:
            mend = "restore them from a backup of the lake"
            yield Finding(f"store {store.name}", "fault", f"{len(missing)} files missing, first {missing[0]}", mend)
        else:
            yield Finding(f"store {store.name}", "ok", found)


def check_dead_letters(app: App) -> Iterator[Finding]:
    """Is anything waiting to be looked at?"""
    if not app.settings.lake.exists():
        return
    waiting = sum(app.lake.totals(store.id).dead_letters_open for store in app.stores.list())
    if waiting:
        yield Finding("dead letters", "warning", f"{waiting:,} waiting", "trailmere deadletters list")
    else:
        yield Finding("dead letters", "ok", "none")


CHECKS: tuple[Callable[[App], Iterator[Finding]], ...] = (
    check_python,
    check_query_worker,
    check_lake_folder,
    check_stores,
    check_dead_letters,
)
