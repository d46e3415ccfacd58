"""The database against itself, its rows against their seals, and the bytes of dead letters against their hashes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, inspect, select, update

from trailmere.errors import TrailmereError
from trailmere.lake import deadletters, inventory, ledger
from trailmere.registry import seals, tables
from trailmere.registry.database import reading, writing
from trailmere.registry.seals import SEAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table

    from trailmere.lake.batches import Premises
    from trailmere.lake.findings import Verification

DATABASE = "lake.db"
SHOWN = 20  # broken rows of a table that are told one by one
STATES = {
    inventory.files: ("pending", "live", "removing"),
    ledger.batches: ("open", "prepared", "done", "abandoned"),
    deadletters.deadletters: ("pending", "open", "replayed"),
}
TO_DO = {tables.STORES: "; look at it, and if all is well: trailmere store seal {name}"}


def check_database(premises: Premises, report: Verification, *, full: bool) -> None:
    """SQLite's own check of its pages and indexes. PostgreSQL checks its pages itself."""
    if premises.engine.dialect.name != "sqlite":
        return
    pragma = "integrity_check" if full else "quick_check"
    with reading(premises.engine) as connection:
        said = list(connection.exec_driver_sql(f"PRAGMA {pragma}").scalars())
    for line in said:
        if line != "ok":
            report.told("damaged", DATABASE, "a sound database", str(line))


def check_seals(premises: Premises, report: Verification, *, adopt: bool) -> None:
    """Every row with a seal: is it what was written?"""
    for table in (*ledger.metadata.sorted_tables, tables.STORES):
        try:
            with reading(premises.engine) as connection:
                if not inspect(connection).has_table(table.name):  # nobody asked for a store yet
                    continue
                if table in STATES:
                    _check_states(connection, table, report)
                if SEAL in table.c:
                    report.rows += connection.execute(select(func.count()).select_from(table)).scalar_one()
                    unsealed = _check_rows(connection, table, report)
        except TrailmereError:
            raise
        except Exception as error:  # a value that the driver cannot read is a finding too
            report.told("damaged", f"{DATABASE} {table.name}", "rows that can be read", str(error))
            continue
        if SEAL in table.c and unsealed:
            _unsealed(premises, table, unsealed, report, adopt=adopt)


def _check_states(connection: Connection, table: Table, report: Verification) -> None:
    for key, state in connection.execute(
        select(next(iter(table.primary_key)), table.c.state).where(table.c.state.not_in(STATES[table]))
    ):
        report.told("damaged", f"{DATABASE} {table.name} {key}", f"one of {', '.join(STATES[table])}", repr(state))


def _check_rows(connection: Connection, table: Table, report: Verification) -> list[dict[str, Any]]:
    """Tell rows whose seal is broken; returns those that have none."""
    unsealed, broken = [], 0
    for row, has_seal in seals.broken(connection, table):
        if not has_seal:
            unsealed.append(row)
            continue
        broken += 1
        if broken <= SHOWN:
            expected = f"a row that its seal fits{TO_DO.get(table, '').format_map(row)}"
            report.told("damaged", _place(table, row), expected, _shown(row), row.get("store_id"))
    if broken > SHOWN:
        report.told("damaged", f"{DATABASE} {table.name}", "rows that their seals fit", f"{broken} that do not")
    return unsealed


def _place(table: Table, row: dict[str, Any]) -> str:
    key = next(iter(table.primary_key)).name
    return f"{DATABASE} {table.name} {key} {row[key]}"


def _shown(row: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_cut(str(value))}" for name, value in row.items() if value is not None and name != SEAL)


def _cut(told: str) -> str:
    return told if len(told) <= 80 else told[:80] + " ..."


def _unsealed(
    premises: Premises, table: Table, rows: Sequence[dict[str, Any]], report: Verification, *, adopt: bool
) -> None:
    if not adopt:
        report.told("unrecorded", f"{DATABASE} {table.name}", "rows with a seal", f"{len(rows)} rows without")
        return
    with writing(premises.engine) as connection:
        for row in rows:
            its = [table.c[column.name] == row[column.name] for column in table.primary_key]
            sealing = update(table).where(*its, table.c[SEAL].is_(None)).values({SEAL: seals.seal_of(table, row)})
            connection.execute(sealing)
    report.adopted += len(rows)


# -- dead letters ------------------------------------------------------------------------------------------------------


def letter_files(premises: Premises, store_id: str | None) -> dict[str, str]:
    """The files with the bytes of dead letters, by their paths in the inventory's form."""
    letters = deadletters.deadletters
    query = select(letters.c.sha256).where(letters.c.kept == "file", letters.c.state != "pending")
    with reading(premises.engine) as connection:
        hashes = connection.execute(
            query if store_id is None else query.where(letters.c.store_id == store_id)
        ).scalars()
        paths = [deadletters.content_path(premises.home, sha256) for sha256 in hashes]
    return dict.fromkeys((inventory.relative(premises.home, path) for path in paths), inventory.NO_STORE)


def check_letters(premises: Premises, store_id: str | None, report: Verification) -> None:
    """The bytes of each dead letter are what was set aside."""
    letters = deadletters.deadletters
    query = select(letters.c.id, letters.c.sha256, letters.c.content).where(letters.c.kept == "inline")
    if store_id is not None:
        query = query.where(letters.c.store_id == store_id)
    with reading(premises.engine) as connection:
        for row in connection.execution_options(yield_per=200).execute(query):
            found = hashlib.sha256(row.content or b"").hexdigest()
            if found != row.sha256:
                place = f"{DATABASE} lake_deadletters id {row.id}"
                report.told("damaged", place, f"content of SHA-256 {row.sha256}", f"SHA-256 {found}")
    for path in sorted(lacking(premises, set(letter_files(premises, store_id)))):
        if not (premises.home / path).exists():
            report.told("missing", path, "the bytes of a dead letter", "nothing, and no record of it")


def lacking(premises: Premises, paths: set[str]) -> set[str]:
    """Those of the paths that the inventory does not have."""
    ordered = sorted(paths)
    found: set[str] = set()
    with reading(premises.engine) as connection:
        for start in range(0, len(ordered), ledger.CHUNK):
            some = inventory.files.c.path.in_(ordered[start : start + ledger.CHUNK])
            found |= set(connection.execute(select(inventory.files.c.path).where(some)).scalars())
    return paths - found
