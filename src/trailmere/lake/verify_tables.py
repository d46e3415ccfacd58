"""The catalog's pointer, what the tables reach, and the ledger's sums, each against the others.

What contradicts is looked at once more under the store's lock, where no commit is half done.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import inspect, select, text

from trailmere.lake import catalog as catalogs
from trailmere.lake import inventory, ledger, upkeep, view
from trailmere.lake.batches import store_lock
from trailmere.lake.disk import local_path
from trailmere.lake.locks import held
from trailmere.lake.records import RECORD_MARK
from trailmere.lake.sweep import Reach
from trailmere.lake.verify_books import DATABASE, lacking
from trailmere.registry.database import reading

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from trailmere.lake.batches import Premises
    from trailmere.lake.findings import FindingKind, Verification

ATTEMPTS = 4  # to read a table that others commit to


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
    for attempt in range(ATTEMPTS):
        try:
            table = catalogs.load(premises.catalog.reader(), store_id)
            reach = Reach()
            current = table.current_snapshot()
            now = reach.of(table, [] if current is None else [current])
            ever = reach.of(table, table.snapshots()) | {table.metadata_location}
            ever |= {entry.metadata_file for entry in table.metadata.metadata_log}
            break
        except Exception:  # commits since may have removed old files
            if attempt == ATTEMPTS - 1:
                raise
    return _names(premises, ever), _names(premises, now)


def _names(premises: Premises, paths: set[str]) -> set[str]:
    return {inventory.relative(premises.home, path) for path in paths}


def check_reach(premises: Premises, store_id: str, report: Verification) -> set[str]:
    """Every file that the present snapshot reaches is in the inventory; returns what the table reaches at all.

    A file that is reached before and after the inventory was asked was reached while it was.
    """
    ever, now = reachable(premises, store_id)
    unknown = lacking(premises, now)
    if unknown:
        ever, now = reachable(premises, store_id)
        for path in sorted(lacking(premises, unknown & now)):
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
    rows: Counter[str] = Counter()
    for path in sorted(path for path in reachable(premises, store_id)[1] if path.endswith(".parquet")):
        if path not in counted:
            try:
                counted[path] = _rows_by_delivery(premises.home / path)
            except Exception:  # the file itself is told
                return told
        rows += counted[path]
    with reading(premises.engine) as connection:
        columns = (ledger.deliveries.c.id, ledger.deliveries.c.uri, ledger.deliveries.c.kept)
        entries = connection.execute(select(*columns).where(ledger.deliveries.c.store_id == store_id)).all()
        expired = upkeep.rows_removed(connection, store_id)
    names = _shared_names({row.id: row.uri for row in entries})
    kept, present = Counter[str](), Counter[str]()
    for row in entries:
        kept[names.get(row.id, row.id)] += row.kept
    for id, count in rows.items():
        present[names.get(id, id)] += count
    for id in sorted(kept.keys() | present.keys()):
        entry, found = kept[id], present[id]
        if found != entry and (found > entry or not expired):
            told.append((f"{DATABASE} lake_deliveries {id}", f"{entry} rows", f"{found} in the table"))
    return told


def _shared_names(uris: dict[str, str]) -> dict[str, str]:
    """Place by delivery, where records were replayed by themselves: these have entries of their own, and their rows
    name the delivery that they came in, so that only the sums of the place can be compared."""
    places = {id: uri.partition(RECORD_MARK)[0] for id, uri in uris.items()}
    replayed = {places[id] for id, uri in uris.items() if RECORD_MARK in uri}
    return {id: place for id, place in places.items() if place in replayed}


def _rows_by_delivery(path: Path) -> Counter[str]:
    column = pq.ParquetFile(path, page_checksum_verification=True).read(columns=["deliveryid"]).column(0)
    return Counter({pair["values"]: pair["counts"] for pair in pc.value_counts(column).to_pylist()})
