"""The database against itself, its rows against their seals, and the books against the tables.

What contradicts is looked at once more under the store's lock, where no commit is half done.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import func, inspect, select, text, update

from trailmere.errors import TrailmereError
from trailmere.lake import catalog as catalogs
from trailmere.lake import deadletters, inventory, ledger, seals, upkeep, view
from trailmere.lake.append import store_lock
from trailmere.lake.disk import local_path
from trailmere.lake.locks import held
from trailmere.lake.seals import SEAL
from trailmere.lake.sweep import Reach
from trailmere.registry.database import reading, writing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table

    from trailmere.lake.append import Premises
    from trailmere.lake.findings import FindingKind, Verification

DATABASE = "lake.db"
SHOWN = 20  # broken rows of a table that are told one by one
STATES = {
    inventory.files: ("pending", "live", "removing"),
    ledger.batches: ("open", "prepared", "done", "abandoned"),
    deadletters.deadletters: ("pending", "open", "replayed"),
}


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
    for table in ledger.metadata.sorted_tables:
        try:
            with reading(premises.engine) as connection:
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
            report.told("damaged", _place(table, row), "a row that its seal fits", _shown(row), row.get("store_id"))
    if broken > SHOWN:
        report.told("damaged", f"{DATABASE} {table.name}", "rows that their seals fit", f"{broken} that do not")
    return unsealed


def _place(table: Table, row: dict[str, Any]) -> str:
    key = next(iter(table.primary_key)).name
    return f"{DATABASE} {table.name} {key} {row[key]}"


def _shown(row: dict[str, Any]) -> str:
    told = ", ".join(f"{name} {value}" for name, value in row.items() if value is not None and name != SEAL)
    return told if len(told) <= 300 else told[:300] + " ..."


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


# -- the catalog's pointer ---------------------------------------------------------------------------------------------


def stores(premises: Premises) -> list[str]:
    """The stores that the catalog has a table for."""
    with reading(premises.engine) as connection:
        if not inspect(connection).has_table("iceberg_tables"):
            return []
        return list(connection.execute(text("SELECT table_name FROM iceberg_tables ORDER BY table_name")).scalars())


def check_pointer(premises: Premises, store_id: str, report: Verification) -> None:
    """The catalog names a live metadata file whose log names the one before, and nothing else of its row is odd."""
    place = f"{DATABASE} iceberg_tables {store_id}"
    query = text("SELECT * FROM iceberg_tables WHERE table_name = :name")
    with reading(premises.engine) as connection:
        row = connection.execute(query, {"name": store_id}).mappings().one_or_none()
        if row is None:
            return
        state = _state_of(premises, connection, str(row["metadata_location"]))
    names = (row["catalog_name"], row["table_namespace"], row.get("iceberg_type") or "TABLE")
    if names != (view.CATALOG, view.NAMESPACE, "TABLE"):
        report.told("damaged", place, f"{view.CATALOG}, {view.NAMESPACE}, TABLE", repr(names), store_id)
    if state != "live":
        found = f"{row['metadata_location']}, which is {state or 'not recorded'}"
        kind: FindingKind = (
            "unrecorded" if state is None and local_path(row["metadata_location"]).exists() else "disagrees"
        )
        report.told(kind, place, "the path of a live metadata file", found, store_id)
        return
    try:
        log = json.loads(local_path(row["metadata_location"]).read_bytes()).get("metadata-log", [])
    except (OSError, ValueError):  # replaced since, or damaged, which is told of the file
        return
    before = log[-1]["metadata-file"] if log else None
    if row["previous_metadata_location"] != before:
        report.told("damaged", place, f"previous: {before}", f"{row['previous_metadata_location']}", store_id)


def _state_of(premises: Premises, connection: Connection, location: str) -> str | None:
    try:
        path = inventory.relative(premises.home, location)
    except ValueError:
        return None
    found = connection.execute(select(inventory.files.c.state).where(inventory.files.c.path == path)).scalar()
    return None if found is None else str(found)


def check_namespaces(premises: Premises, report: Verification) -> None:
    """PyIceberg keeps one property for our one namespace."""
    with reading(premises.engine) as connection:
        if not inspect(connection).has_table("iceberg_namespace_properties"):
            return
        rows = [tuple(row) for row in connection.execute(text("SELECT * FROM iceberg_namespace_properties"))]
    expected = [(view.CATALOG, view.NAMESPACE, "exists", "true")]
    if rows != expected:
        report.told("damaged", f"{DATABASE} iceberg_namespace_properties", repr(expected), repr(rows))


# -- what the table reaches --------------------------------------------------------------------------------------------


def reachable(premises: Premises, store_id: str) -> tuple[set[str], set[str]]:
    """Paths in the inventory's form: what any snapshot of the table reaches, and what the present one does.

    Raises LakeDamaged, or whatever else the reading of a damaged file ends in.
    """
    before = None
    while True:
        table = catalogs.load(premises.catalog.reader(), store_id)
        try:
            reach = Reach()
            current = table.current_snapshot()
            now = reach.of(table, [] if current is None else [current])
            ever = reach.of(table, table.snapshots()) | {table.metadata_location}
            ever |= {entry.metadata_file for entry in table.metadata.metadata_log}
        except Exception:
            if before == table.metadata_location:
                raise
            before = table.metadata_location  # a commit may have removed old files meanwhile
            continue
        return _names(premises, ever), _names(premises, now)


def _names(premises: Premises, paths: set[str]) -> set[str]:
    return {inventory.relative(premises.home, path) for path in paths}


def check_reach(premises: Premises, store_id: str, report: Verification) -> set[str]:
    """Every file that the present snapshot reaches is in the inventory; returns what the table reaches at all.

    A file that is reached before and after the inventory was asked was reached while it was.
    """
    ever, now = reachable(premises, store_id)
    lacking = _lacking(premises, now)
    if lacking:
        ever, now = reachable(premises, store_id)
        for path in sorted(_lacking(premises, lacking & now)):
            if not (premises.home / path).exists():
                report.told("missing", path, "a file that the table names", "nothing, and no record of it", store_id)
    with reading(premises.engine) as connection:
        live = select(inventory.files.c.path).where(
            inventory.files.c.store_id == store_id, inventory.files.c.state == "live"
        )
        left = set(connection.execute(live).scalars()) - ever
    if left:
        report.notes.append(
            f"{len(left)} files of {store_id} are in no snapshot any more: trailmere maintain removes them"
        )
    return ever


def _lacking(premises: Premises, paths: set[str]) -> set[str]:
    ordered = sorted(paths)
    found: set[str] = set()
    with reading(premises.engine) as connection:
        for start in range(0, len(ordered), ledger.CHUNK):
            some = inventory.files.c.path.in_(ordered[start : start + ledger.CHUNK])
            found |= set(connection.execute(select(inventory.files.c.path).where(some)).scalars())
    return paths - found


# -- the ledger --------------------------------------------------------------------------------------------------------


def check_sums(premises: Premises, store_id: str, report: Verification, *, full: bool) -> None:
    """kept - expired = rows; with ``full`` delivery by delivery too."""
    check = _sums_told if not full else _deliveries_told
    counted: dict[str, Counter[str]] = {}
    if not check(premises, store_id, counted):
        return
    with held(premises.locks, store_lock(store_id)):
        with reading(premises.engine) as connection:
            if ledger.unsettled_batches(connection, store_id, ("prepared",)):
                report.notes.append(f"a commit to {store_id} broke off; the next ingest settles it")
                return
        for path, expected, found in check(premises, store_id, counted):
            report.told("disagrees", path, expected, found, store_id)


def _sums_told(premises: Premises, store_id: str, _counted: object) -> list[tuple[str, str, str]]:
    current = view.read(premises.engine, store_id).current
    with reading(premises.engine) as connection:
        kept = ledger.sums(connection, store_id)["kept"]
        expired = upkeep.rows_removed(connection, store_id)
    rows = 0 if current is None else current.totals()["rows"]
    if kept - expired == rows:
        return []
    said = f"{rows} rows in the table"
    return [(f"{DATABASE} lake_deliveries", f"kept {kept} - expired {expired} = {kept - expired} rows", said)]


def _deliveries_told(premises: Premises, store_id: str, counted: dict[str, Counter[str]]) -> list[tuple[str, str, str]]:
    """Rows of each delivery. What retention removed is known as a sum only: then no delivery may have more."""
    told = _sums_told(premises, store_id, counted)
    table = catalogs.load(premises.catalog.reader(), store_id)
    rows: Counter[str] = Counter()
    for path in _data_files(table):
        if path not in counted:
            try:
                counted[path] = _rows_by_delivery(path)
            except Exception:  # the file itself is told
                return told
        rows += counted[path]
    with reading(premises.engine) as connection:
        entered = select(ledger.deliveries.c.id, ledger.deliveries.c.kept).where(
            ledger.deliveries.c.store_id == store_id
        )
        kept = {row.id: row.kept for row in connection.execute(entered)}
        expired = upkeep.rows_removed(connection, store_id)
    for id in sorted(kept.keys() | rows.keys()):
        entry, found = kept.get(id, 0), rows[id]
        if found != entry and (found > entry or not expired):
            told.append((f"{DATABASE} lake_deliveries {id}", f"{entry} rows", f"{found} in the table"))
    return told


def _data_files(table: Any) -> list[str]:
    current = table.current_snapshot()
    return [] if current is None else sorted(path for path in Reach().of(table, [current]) if path.endswith(".parquet"))


def _rows_by_delivery(path: str) -> Counter[str]:
    column = pq.ParquetFile(path, page_checksum_verification=True).read(columns=["deliveryid"]).column(0)
    return Counter({pair["values"]: pair["counts"] for pair in pc.value_counts(column).to_pylist()})


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
    for path in sorted(_lacking(premises, set(letter_files(premises, store_id)))):
        if not (premises.home / path).exists():
            report.told("missing", path, "the bytes of a dead letter", "nothing, and no record of it")
