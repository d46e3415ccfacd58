"""Data files: one day each, named by their batch, hashed and synced, with what a scan needs to skip them."""

from __future__ import annotations

import hashlib
import pickle
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.lake.world import STORE, event, parcel, put, written
from trailmere.errors import LakeDamaged
from trailmere.events.columns import COLUMNS
from trailmere.events.hot import stored_leaves
from trailmere.lake.files import read_file, rewrite, write_rows
from trailmere.lake.vault import Lake

if TYPE_CHECKING:
    from trailmere.lake.records import Batch, WrittenFile

ONE = parcel("one", event("a"), event("b", days=1), event("c"))


@pytest.fixture
def batch(lake: Lake) -> Batch:
    return lake.begin(STORE)


def files(batch: Batch) -> list[WrittenFile]:
    return written(batch, [ONE])


def test_each_file_holds_one_day(batch: Batch) -> None:
    assert [(file.day, file.rows) for file in files(batch)] == [(date(2026, 3, 1), 2), (date(2026, 3, 2), 1)]


@pytest.mark.parametrize("together", [1, 500])
def test_rows_keep_their_order_whether_days_lie_together_or_take_turns(batch: Batch, together: int) -> None:
    records = [event(f"e{at:04}", days=at // together % 2) for at in range(1000)]

    for number, file in enumerate(written(batch, [parcel("turns", *records)])):
        expected = [f"e{at:04}" for at in range(1000) if at // together % 2 == number]
        assert expected == read_file(Path(file.path), batch.schema).column("eventid").to_pylist()


def test_names_derive_from_day_batch_and_part(batch: Batch) -> None:
    file = files(batch)[0]

    assert Path(file.path).relative_to(batch.location) == Path(
        "data", "eventtime_day=2026-03-01", f"{batch.id}-p0.parquet"
    )


def test_the_hash_is_that_of_the_bytes_on_disk(batch: Batch) -> None:
    file = files(batch)[0]

    content = Path(file.path).read_bytes()
    assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_the_same_rows_give_the_same_bytes(batch: Batch) -> None:
    assert [file.sha256 for file in files(batch)] == [file.sha256 for file in files(batch)]


def test_days_before_1970_are_whole_days_too(batch: Batch) -> None:
    early = written(batch, [parcel("early", event("a", days=-30_000))])

    assert [file.day for file in early] == [date(1944, 1, 11)]


def test_a_batch_can_be_sent_to_another_process(batch: Batch) -> None:
    assert pickle.loads(pickle.dumps(batch)) == batch


def test_every_column_carries_the_number_that_the_table_gave_it(lake: Lake, batch: Batch) -> None:
    from trailmere.lake.catalog import Catalog, load

    fields = load(Catalog(lake.engine, lake.home / "warehouse"), STORE).schema().fields
    found = pq.read_schema(files(batch)[0].path)

    assert {field.name: str(field.field_id) for field in fields} == {
        field.name: field.metadata[b"PARQUET:field_id"].decode() for field in found
    }


@pytest.mark.parametrize("family", COLUMNS)
def test_every_family_has_a_table_with_its_leaves(lake: Lake, family: str) -> None:
    lake.create_table(f"store-of-{family}", family)

    schema = lake.begin(f"store-of-{family}").schema

    assert schema.names == [leaf.name for leaf in stored_leaves(family)]


def test_id_columns_have_bloom_filters(batch: Batch) -> None:
    group = pq.ParquetFile(files(batch)[0].path).metadata.row_group(0)
    by_name = {group.column(at).path_in_schema: group.column(at) for at in range(group.num_columns)}

    assert by_name["eventid"].bloom_filter_offset is not None
    assert by_name["eventname"].bloom_filter_offset is None


def test_a_flipped_bit_in_a_page_is_damage(batch: Batch) -> None:
    path = Path(files(batch)[0].path)
    column = pq.ParquetFile(path).metadata.row_group(0).column(batch.schema.names.index("eventjson"))
    content = bytearray(path.read_bytes())
    content[column.data_page_offset + column.total_compressed_size - 1] ^= 1
    path.write_bytes(content)

    with pytest.raises(LakeDamaged):
        read_file(path, batch.schema)


def test_a_file_written_again_lacks_the_rows_left_out_and_has_the_flags(batch: Batch) -> None:
    old = files(batch)[0]

    new = rewrite(batch, old, np.array([False, True]), np.array([False, True]))

    assert new is not None
    assert (new.rows, new.day, new.event_keys.tolist()) == (1, old.day, old.event_keys[1:].tolist())
    assert read_file(Path(new.path), batch.schema).select(["eventid", "eventidconflict"]).to_pylist() == [
        {"eventid": "c", "eventidconflict": True}
    ]


def test_rows_without_a_time_are_refused(batch: Batch) -> None:
    table = pa.table({"eventtime": pa.array([None], pa.timestamp("us"))})

    with pytest.raises(ValueError, match="1 rows have no eventtime"):
        write_rows(batch, "p", table, np.zeros(1, np.uint64), np.zeros(1, np.uint64), np.zeros(1, np.int32))


def test_columns_that_the_table_has_not_are_refused(batch: Batch) -> None:
    table = pa.table({"eventtime": pa.array([0], pa.timestamp("us")), "surprise": ["x"]})

    with pytest.raises(ValueError, match="surprise"):
        write_rows(batch, "p", table, np.zeros(1, np.uint64), np.zeros(1, np.uint64), np.zeros(1, np.int32))


def test_a_worker_loads_neither_pyiceberg_nor_sqlalchemy() -> None:
    code = "import sys, trailmere.lake.files; print({'pyiceberg', 'sqlalchemy', 'duckdb'} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_every_file_and_every_folder_name_of_the_lake_is_synced_before_the_commit_ends(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    calls = "openat,mkdir,rename,fsync,fdatasync,close"
    strace = ["strace", "-f", "-y", "-qq", "-o", str(trace), "-e", f"trace={calls}"]
    committer = [sys.executable, "-m", "tests.lake.committer", str(tmp_path / "lake"), "1"]
    subprocess.run([*strace, *committer], check=True, capture_output=True)

    text = trace.read_text()
    synced = set(re.findall(r"f(?:data)?sync\(\d+<([^>]+)>", text))
    created = set(re.findall(r"openat\([^)]*O_CREAT[^)]*\) = \d+<([^>]+)>", text))
    ours = {path for path in created if "/warehouse/" in path or "/index/" in path}
    assert len(ours) > 20
    assert ours - synced == set()
    assert {str(Path(path).parent) for path in ours} - synced == set()
    made = set(re.findall(r'mkdir\("([^"]+)"[^)]*\) = 0', text))
    assert {str(Path(path).parent) for path in made if "/lake" in path} - synced == set()


def test_a_table_can_be_read_by_pyiceberg_without_our_file_io(lake: Lake) -> None:
    from tests.lake.world import outsider

    put(lake, ONE)

    rows = outsider(lake.home).load_table(("stores", STORE)).scan(row_filter="eventid = 'b'").to_arrow()

    assert rows.column("eventid").to_pylist() == ["b"]


def test_a_lake_in_a_folder_with_odd_characters_works(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "a lake? 100% ü#1") as lake:
        lake.create_table(STORE, "cloudtrail")
        put(lake, ONE)

        assert lake.totals(STORE).rows == 3
