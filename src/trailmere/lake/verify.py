"""Verification: is every file, every row and every sum of the lake what was written?

Each check tells what it finds and goes on. Nothing is locked but to look at a suspect again, so it may run beside
ingests and maintenance. It changes nothing but the marks of what was seen to be right, and what
``adopt`` enters. See docs/decisions/0012.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trailmere.errors import LakeUnwritable, TrailmereError
from trailmere.lake import ledger, verify_books, verify_derived, verify_files, verify_schema, verify_tables
from trailmere.lake.findings import Verification
from trailmere.registry.database import reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from trailmere.lake.batches import Premises
    from trailmere.lake.findings import Show


def verify(
    premises: Premises, store_id: str | None, *, full: bool, adopt: bool, show: Show = lambda _progress: None
) -> Verification:
    """Verify the lake, or one store with the dead letters. ``full`` reads every byte again.

    Raises LakeUnwritable where not even a lock can be made: that says nothing of what the lake holds.
    """
    report = Verification()
    if not _tried("lake.db", report, lambda: verify_books.check_database(premises, report, full=full)):
        return report
    _tried("lake.db", report, lambda: verify_schema.check_schema(premises, report))
    stores = [] if store_id is None else [store_id]
    if store_id is None:
        _tried("lake.db", report, lambda: stores.extend(verify_tables.stores(premises)))
    report.stores = len(stores)
    _tried("lake.db", report, lambda: verify_books.check_seals(premises, report, adopt=adopt))
    _tried("lake.db", report, lambda: verify_tables.check_namespaces(premises, report))
    needed: dict[str, str] = {}
    unread: dict[str, str] = {}
    for store in stores:
        try:
            needed |= dict.fromkeys(verify_tables.check_reach(premises, store, report), store)
        except LakeUnwritable:
            raise
        except Exception as error:  # the damaged file is named below; if none is, this is
            unread[store] = str(error)

    def check_files() -> None:
        named = needed | verify_books.letter_files(premises, store_id)
        verify_files.check_files(
            premises.engine, premises.home, store_id, named, report, full=full, adopt=adopt, show=show
        )

    _tried("lake.db", report, check_files)
    for store, said in unread.items():
        if not any(finding.store_id == store for finding in report.findings):
            report.told("unreadable", f"warehouse/stores/{store}", "metadata that can be read", said, store)
    for store in stores:
        _check_store(premises, store, report, full=full)
    _tried("lake.db", report, lambda: verify_books.check_letters(premises, store_id, report))
    if store_id is None:
        _tried("index", report, lambda: verify_derived.check_strangers(premises, report))
    _tried("lake.db", report, lambda: _note_unsettled(premises, store_id, report))
    return report


def _check_store(premises: Premises, store_id: str, report: Verification, *, full: bool) -> None:
    for check in (
        lambda: verify_tables.check_pointer(premises, store_id, report),
        lambda: verify_tables.check_sums(premises, store_id, report, full=full),
        lambda: verify_derived.check_index(premises, store_id, report),
        lambda: verify_derived.check_plans(premises, store_id, report),
    ):
        _tried(f"warehouse/stores/{store_id}", report, check)


def _tried(path: str, report: Verification, check: Callable[[], object]) -> bool:
    """Run a check; one that cannot be run is a finding, unless what stands in its way has been told."""
    try:
        check()
    except LakeUnwritable:
        raise
    except TrailmereError as error:
        if not report.findings:
            report.told("unreadable", path, "something that can be checked", error.message)
        return False
    except Exception as error:
        report.told("unreadable", path, "something that can be checked", f"{type(error).__name__}: {error}")
        return False
    return True


def _note_unsettled(premises: Premises, store_id: str | None, report: Verification) -> None:
    with reading(premises.engine) as connection:
        unsettled = ledger.unsettled_batches(connection, store_id)
    if unsettled:
        report.notes.append(
            f"{len(unsettled)} batches are under way, or of a run that was killed: the next settles those"
        )
