"""The one judge of all fault runs: reads sources, table, ledger and dead letters, and says what is wrong.

It uses the standard library and pyarrow and none of Trailmere's code, nor PyIceberg's: the catalog and the ledger with
sqlite3, metadata as JSON, manifests with ``tests.faults.avro``. It changes nothing: the database is read in a copy.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.faults import avro
from tests.faults.truth import Mark, SourceFile, expected, mark_of, read_sources

COLUMNS = ["eventid", "eventjson", "deliveryid"]
SLACK = timedelta(minutes=10)  # the clock goes on between a removal and its judgement
SEPARATORS = b" \t\r\n,"  # between JSON values
DELETED_ENTRY = 2  # Iceberg specification, "Manifests": status of an entry whose file is no longer in the table


@dataclass(frozen=True, slots=True)
class Holding:
    """What one store must hold: the logs of these folders, all events of them or the management events.

    ``gone``: there must be no such store, nor anything of it. ``some_of``: what may be there and need not be yet.
    ``retention_days``: events older than that are removed.
    """

    sources: tuple[Path, ...] = ()
    everything: bool = False
    gone: bool = False
    status: str = "ENABLED"
    some_of: tuple[Path, ...] = ()
    retention_days: int | None = None

    def since(self, slack: timedelta) -> str:
        """The time before which there are no events, or with ``slack`` may be none; "" where all are kept."""
        if self.retention_days is None:
            return ""
        return f"{datetime.now(UTC) - timedelta(self.retention_days) + slack:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(slots=True)
class Verdict:
    """What was found: breaches of the promise, and files that nothing refers to, by kind."""

    violations: list[str] = field(default_factory=list)
    leftovers: Counter[str] = field(default_factory=Counter)
    rows: int = 0

    def add(self, rule: str, detail: object) -> None:
        self.violations.append(f"{rule}: {detail}")


def check(lake: Path, holdings: Mapping[str, Holding], *, settled: bool = True) -> Verdict:
    """Judge a lake. ``settled``: after recovery; before it, batches may be under way and files lie about."""
    verdict = Verdict()
    with _database(lake, verdict) as database:
        if database is not None:
            stores = {row["name"]: row for row in _rows(database, "event_data_stores")}
            for name, holding in holdings.items():
                _check_store(lake, database, name, stores.get(name), holding, settled, verdict)
            if settled:
                _check_settled(database, verdict)
                verdict.leftovers = leftovers(lake, database)
    return verdict


@contextlib.contextmanager
def _database(lake: Path, verdict: Verdict) -> Iterator[sqlite3.Connection | None]:
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("lake.db", "lake.db-wal", "lake.db-journal"):
            if (lake / name).exists():
                shutil.copy(lake / name, scratch)
        database = sqlite3.connect(Path(scratch) / "lake.db")
        database.row_factory = sqlite3.Row
        try:
            (sound,) = database.execute("PRAGMA integrity_check").fetchone()
            if sound != "ok":
                verdict.add("unreadable", f"lake.db: {sound}")
            yield database
        except sqlite3.DatabaseError as error:
            verdict.add("unreadable", f"lake.db: {error}")
        finally:
            database.close()


def _rows(database: sqlite3.Connection, table: str, where: str = "", *values: object) -> list[sqlite3.Row]:
    try:
        return database.execute(f"SELECT * FROM {table} {where}", values).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return []
        raise


# -- one store ---------------------------------------------------------------------------------------------------------


def _check_store(
    lake: Path,
    database: sqlite3.Connection,
    name: str,
    record: sqlite3.Row | None,
    holding: Holding,
    settled: bool,
    verdict: Verdict,
) -> None:
    if holding.gone:
        if record is not None and settled:
            verdict.add("not gone", name)
        return
    if record is None:
        if settled or holding.sources:
            verdict.add("lost", f"the store {name}")
        return
    if settled and record["status"] != holding.status:
        verdict.add("status", f"{name} is {record['status']}, not {holding.status}")
    table = read_table(database, record["id"], verdict) if settled or holding.sources else Table()
    files, possible = read_sources(holding.sources), read_sources(holding.some_of)
    _check_events(table, files, possible, holding, verdict)
    _check_ledger(lake, database, record["id"], table, files, [*files, *possible], holding, settled, verdict)


def _check_events(
    table: Table, files: Sequence[SourceFile], possible: Sequence[SourceFile], holding: Holding, verdict: Verdict
) -> None:
    """Nothing lost, nothing twice, and nothing that no source holds."""
    verdict.rows += len(table.rows)
    found: Counter[Mark] = Counter(mark_of(json.loads(row["eventjson"])) for row in table.rows)
    least = expected(files, everything=holding.everything, since=holding.since(SLACK))
    since = holding.since(-SLACK) if not holding.some_of else ""
    most = expected([*files, *possible], everything=holding.everything, since=since)
    for mark, count in (least - found).items():
        verdict.add("lost", f"{count} x {mark[0] or mark[1][:80]}")
    for mark, count in (found - most).items():
        verdict.add("doubled", f"{count} x {mark[0] or mark[1][:80]}")


def _check_ledger(
    lake: Path,
    database: sqlite3.Connection,
    store_id: str,
    table: Table,
    files: Sequence[SourceFile],
    possible: Sequence[SourceFile],
    holding: Holding,
    settled: bool,
    verdict: Verdict,
) -> None:
    entries = _rows(database, "lake_deliveries", "WHERE store_id = ?", store_id)
    for entry in entries:
        if entry["parsed"] != entry["kept"] + entry["filtered"] + entry["duplicate"] + entry["dead"]:
            verdict.add("uncounted", f"{entry['uri']}: {dict(entry)}")
    at_place: dict[tuple[str, str], list[sqlite3.Row]] = defaultdict(list)
    for entry in entries:
        at_place[entry["uri"], entry["sha256_stored"]].append(entry)
    for file in files:
        if len(at_place[file.uri, file.sha256]) != 1:
            verdict.add("uncounted", f"{file.uri} has {len(at_place[file.uri, file.sha256])} entries in the ledger")
    removals = _rows(database, "lake_removals", "WHERE store_id = ?", store_id)
    removed = sum(removal["rows"] for removal in removals) if removals or holding.retention_days else None
    _check_rows(table, entries, {file.uri: file for file in possible}, removed, settled, verdict)
    _check_letters(lake, database, store_id, entries, files, verdict)


def _check_rows(
    table: Table,
    entries: Sequence[sqlite3.Row],
    files: Mapping[str, SourceFile],
    removed: int | None,
    settled: bool,
    verdict: Verdict,
) -> None:
    """Each delivery has as many rows as the ledger says, and each row is a piece of its delivery, byte for byte."""
    uris = {entry["id"]: _home(entry["uri"]) for entry in entries}
    kept: Counter[str] = Counter()
    for entry in entries:
        kept[_home(entry["uri"])] += entry["kept"]
    found = Counter(uris.get(row["deliveryid"], "") for row in table.rows)
    # A snapshot may be ahead of the ledger until its batch is settled; the ledger is never ahead of the table, but for
    # what retention removed, which is entered as a sum.
    for uri, count in kept.items():
        if (found[uri] < count and removed is None) or (settled and found[uri] > count):
            verdict.add("uncounted", f"the ledger has {count} rows of {uri}, the table {found[uri]}")
    if settled and kept.total() != len(table.rows) + (removed or 0):
        verdict.add("uncounted", f"{kept.total()} rows kept, {len(table.rows)} in the table, {removed} removed by age")
    for row in table.rows:
        file = files.get(uris.get(row["deliveryid"], ""))
        if file is not None and row["eventjson"] not in (file.text or ""):
            verdict.add("changed", f"a row is not in {file.uri} as it stands there: {row['eventjson'][:80]}")


def _home(uri: str) -> str:
    """The place of the whole delivery, of a record that was replayed by itself too."""
    return uri.partition("#record=")[0]


def _check_letters(
    lake: Path,
    database: sqlite3.Connection,
    store_id: str,
    entries: Sequence[sqlite3.Row],
    files: Sequence[SourceFile],
    verdict: Verdict,
) -> None:
    """What could not be taken in is kept with its bytes, once."""
    letters = _rows(database, "lake_deadletters", "WHERE store_id = ? AND state != 'pending'", store_id)
    for letter in letters:
        content = letter["content"]
        if letter["kept"] == "file":
            path = lake / "deadletters" / letter["sha256"][:2] / letter["sha256"]
            content = path.read_bytes() if path.exists() else None
        if letter["kept"] != "nowhere" and (
            content is None or hashlib.sha256(content).hexdigest() != letter["sha256"] or len(content) != letter["size"]
        ):
            verdict.add("dead letter without its bytes", f"{letter['id']} of {letter['uri']}")
    kept = {letter["sha256"] for letter in letters}
    for file in files:
        # Of a text of which nothing can be read, what stands around its values is not kept: separators, and before it
        # "[" or an array of nothing.
        bare = hashlib.sha256(file.stored.lstrip(SEPARATORS + b"[]").rstrip(SEPARATORS)).hexdigest()
        if file.rejected and not kept & {file.sha256, bare}:
            verdict.add("lost", f"no dead letter for {file.uri}")
    parts = Counter(letter["delivery_id"] for letter in letters)
    for entry in entries:
        owed = entry["dead"] if entry["status"] == "taken" else int(entry["status"] == "rejected")
        if parts[entry["id"]] < owed:
            verdict.add("lost", f"{owed - parts[entry['id']]} dead letters of {entry['uri']}")
        if entry["status"] == "rejected" and parts[entry["id"]] > entry["sightings"]:
            verdict.add("doubled", f"{parts[entry['id']]} dead letters of {entry['uri']}")


def _check_settled(database: sqlite3.Connection, verdict: Verdict) -> None:
    for batch in _rows(database, "lake_batches", "WHERE state IN ('open', 'prepared')"):
        verdict.add("unsettled", f"batch {batch['id']} is {batch['state']}")
    for letter in _rows(database, "lake_deadletters", "WHERE state = 'pending'"):
        verdict.add("unsettled", f"dead letter {letter['id']} is pending")


# -- the table ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Table:
    """A store's table: the rows of its present snapshot, and every file that any snapshot refers to."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    referred: set[Path] = field(default_factory=set)


def read_table(database: sqlite3.Connection, store_id: str, verdict: Verdict, *, rows: bool = True) -> Table:
    """The table that the catalog points at. What cannot be read is a violation."""
    table = Table()
    found = _rows(database, "iceberg_tables", "WHERE table_name = ?", store_id)
    if len(found) != 1:
        verdict.add("unreadable", f"{len(found)} tables of the store {store_id}")
        return table
    try:
        _read_metadata(Path(found[0]["metadata_location"]), table, rows)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        verdict.add("unreadable", f"{type(error).__name__}: {error}")
    return table


def _read_metadata(path: Path, table: Table, rows: bool) -> None:
    metadata = json.loads(path.read_bytes())
    table.referred |= {path, *(Path(log["metadata-file"]) for log in metadata.get("metadata-log", []))}
    for snapshot in metadata.get("snapshots", []):
        present = snapshot["snapshot-id"] == metadata.get("current-snapshot-id")
        count = 0
        for data_file in _data_files(Path(snapshot["manifest-list"]), table):
            place = Path(data_file["file_path"])
            table.referred.add(place)
            if place.stat().st_size != data_file["file_size_in_bytes"]:
                raise ValueError(f"{place} has {place.stat().st_size} bytes, not {data_file['file_size_in_bytes']}")
            count += data_file["record_count"]
            if present and rows:
                some = pq.ParquetFile(place, page_checksum_verification=True).read(columns=COLUMNS).to_pylist()
                if len(some) != data_file["record_count"]:
                    raise ValueError(f"{place} has {len(some)} rows, not {data_file['record_count']}")
                table.rows += some
        if count != int(snapshot["summary"].get("total-records", count)):
            raise ValueError(f"snapshot {snapshot['snapshot-id']} has {count} rows, not {snapshot['summary']}")


def _data_files(manifest_list: Path, table: Table) -> Iterator[dict[str, Any]]:
    table.referred.add(manifest_list)
    for manifest in avro.records(manifest_list):
        table.referred.add(Path(manifest["manifest_path"]))
        for entry in avro.records(Path(manifest["manifest_path"])):
            if entry["status"] != DELETED_ENTRY:
                yield entry["data_file"]


# -- what is left over -------------------------------------------------------------------------------------------------


def leftovers(lake: Path, database: sqlite3.Connection) -> Counter[str]:
    """Files that nothing refers to, by kind. Locks are named by what they lock; those of a store or of all stay."""
    stores = {row["id"] for row in _rows(database, "event_data_stores")}
    referred: set[Path] = set()
    for store_id in stores:
        referred |= read_table(database, store_id, Verdict(), rows=False).referred
    letters = {row["sha256"] for row in _rows(database, "lake_deadletters")}
    found: Counter[str] = Counter()
    for path in lake.rglob("*"):
        if path.is_file() and (kind := _kind(path, path.relative_to(lake).parts, stores, referred, letters)):
            found[kind] += 1
    return found


def _kind(path: Path, parts: tuple[str, ...], stores: set[str], referred: set[Path], letters: set[str]) -> str | None:
    """What sort of leftover a file is; None where it is none."""
    if len(parts) == 1:
        return None if parts[0].startswith("lake.db") else "unknown"
    if path.name.endswith(".draft"):
        return "draft"
    room = parts[0]
    if room == "locks":
        return "lock of a batch" if path.name.startswith("batch-") else None
    if room == "deadletters":
        return None if path.name in letters else "dead letter's bytes"
    if room == "warehouse":
        if parts[2] not in stores:
            return "file of a store that is gone"
        return None if path in referred else f"{parts[3]} file"
    if parts[1] not in stores:
        return f"{room} of a store that is gone"
    if room == "index":
        return None if path.name in _index_files(path.parent) else "index segment"
    return None if room == "plans" else "unknown"


def _index_files(folder: Path) -> set[str]:
    manifest = folder / "manifest.json"
    if not manifest.exists():
        return set()
    content = json.loads(manifest.read_bytes().partition(b"\n")[2])
    return {manifest.name, *(segment[0] for segment in content["segments"])}
