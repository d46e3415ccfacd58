"""Scans: the right snapshot, and never a file too few."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg import expressions as iceberg

from tests.lake.world import START, STORE, event, outsider, parcel, put
from trailmere.errors import SnapshotNotFound, StoreNotFound
from trailmere.lake import catalog, manifests, plans
from trailmere.lake.records import Condition
from trailmere.lake.vault import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS = 6


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Six days of events in three deliveries, eventIDs in the order of time."""
    with Lake.open(tmp_path_factory.mktemp("week") / "lake") as lake:
        lake.create_table(STORE, "cloudtrail")
        for start in range(0, DAYS, 2):
            times = [(day, hour) for day in (start, start + 1) for hour in range(9)]
            events = [event(f"{day}-{hour:02d}", days=day + hour / 24) for day, hour in times]
            put(lake, parcel(f"{start}", *events))
        yield lake


def days(lake: Lake, *conditions: Condition) -> list[str]:
    return [Path(file.path).parent.name.partition("=")[2][-2:] for file in lake.scan(STORE, conditions).files]


def test_without_conditions_all_files_are_planned(week: Lake) -> None:
    plan = week.scan(STORE)

    assert (len(plan.files), plan.total_files, plan.total_rows) == (DAYS, DAYS, DAYS * 9)
    assert plan.bytes == plan.total_bytes == sum(Path(file.path).stat().st_size for file in plan.files)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([Condition("eventtime", ">=", START + timedelta(days=4))], ["05", "06"]),
        ([Condition("eventtime", "<", datetime(2026, 3, 2))], ["01"]),
        ([Condition("eventtime", "=", START + timedelta(days=1))], ["02"]),
        (
            [Condition("eventtime", ">", START + timedelta(days=1)), Condition("eventtime", "<", datetime(2026, 3, 4))],
            ["02", "03"],
        ),
        ([Condition("eventid", "=", "3-04")], ["04"]),
        ([Condition("eventid", "in", ("0-00", "5-08", "nothing"))], ["01", "06"]),
        ([Condition("eventid", "starts with", "2-")], ["03"]),
        ([Condition("eventname", "is not null")], []),
        ([Condition("eventid", "is null")], []),
        ([Condition("eventid", "in", ())], []),
        ([Condition("eventid", "=", "9")], []),
    ],
)
def test_files_that_cannot_match_are_left_out(week: Lake, conditions: list[Condition], expected: list[str]) -> None:
    assert days(week, *conditions) == expected


@pytest.mark.parametrize(
    "condition",
    [
        Condition("nosuchcolumn", "=", "x"),
        Condition("eventtime", "=", "not a time"),
        Condition("calendarday", "=", "x"),
        Condition("eventid", "=", None),
        Condition("eventid", "~", "x"),  # type: ignore[arg-type]
    ],
)
def test_a_condition_that_cannot_be_used_leaves_nothing_out(week: Lake, condition: Condition) -> None:
    assert len(days(week, condition)) == DAYS


_IDS = st.builds("{}-{:02d}".format, st.integers(0, 7), st.integers(0, 9))
_TIMES = st.floats(-1, 8).map(lambda day: START + timedelta(days=day))
_CONDITIONS = st.one_of(
    st.builds(Condition, st.just("eventid"), st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "starts with"]), _IDS),
    st.builds(Condition, st.just("eventtime"), st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), _TIMES),
    st.builds(Condition, st.just("eventid"), st.just("in"), st.lists(_IDS, min_size=1, max_size=4).map(tuple)),
)
_COMPARE: dict[str, Any] = {
    "=": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}


def matching(lake: Lake, paths: list[str], conditions: list[Condition]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        table = pq.read_table(path, columns=["eventid", "eventtime"], partitioning=None)
        for condition in conditions:
            column = table.column(condition.column)
            if condition.operator == "in":
                mask = pc.is_in(column, pc.cast(list(condition.value), column.type))  # type: ignore[call-overload]
            elif condition.operator == "starts with":
                mask = pc.starts_with(column, condition.value)
            else:
                mask = _COMPARE[condition.operator](column, condition.value)
            table = table.filter(mask)
        found.update(table.column("eventid").to_pylist())
    return found


@settings(deadline=None, max_examples=60)
@given(st.lists(_CONDITIONS, max_size=3))
def test_what_is_left_out_holds_no_matching_row(week: Lake, conditions: list[Condition]) -> None:
    everything = [file.path for file in week.scan(STORE).files]
    planned = [file.path for file in week.scan(STORE, conditions).files]

    assert matching(week, planned, conditions) == matching(week, everything, conditions)


def test_an_empty_store_has_an_empty_plan(lake: Lake) -> None:
    plan = lake.scan(STORE)

    assert (plan.snapshot_id, plan.files, plan.total_rows) == (None, (), 0)


def test_a_store_without_a_table_is_not_found(lake: Lake) -> None:
    with pytest.raises(StoreNotFound):
        lake.scan("nobody")


def test_an_earlier_snapshot_is_found_by_id_and_by_time(week: Lake) -> None:
    first, second, _ = week.snapshots(STORE)

    assert week.scan(STORE, at=first.id).total_rows == 18
    assert week.scan(STORE, at=second.time).total_rows == 36
    assert week.scan(STORE, at=second.time.replace(tzinfo=UTC) - timedelta(milliseconds=1)).total_rows == 18


@pytest.mark.parametrize("at", [12345, datetime(2000, 1, 1)])
def test_a_snapshot_that_never_was_is_not_found(week: Lake, at: int | datetime) -> None:
    with pytest.raises(SnapshotNotFound) as caught:
        week.scan(STORE, at=at)

    assert "snapshots reach from" in str(caught.value.hint)


def planned_by_pyiceberg(lake: Lake, conditions: list[Condition]) -> list[str]:
    makers: dict[str, Any] = {
        "=": iceberg.EqualTo,
        "!=": iceberg.NotEqualTo,
        "<": iceberg.LessThan,
        "<=": iceberg.LessThanOrEqual,
        ">": iceberg.GreaterThan,
        ">=": iceberg.GreaterThanOrEqual,
        "in": iceberg.In,
        "starts with": iceberg.StartsWith,
    }
    row_filter: Any = iceberg.AlwaysTrue()
    for condition in conditions:
        value = condition.value.isoformat() if isinstance(condition.value, datetime) else condition.value
        row_filter = iceberg.And(row_filter, makers[condition.operator](condition.column, value))
    table = outsider(lake.home).load_table(("stores", STORE))
    return sorted(task.file.file_path for task in table.scan(row_filter=row_filter).plan_files())


@settings(deadline=None, max_examples=60)
@given(st.lists(_CONDITIONS, max_size=3))
def test_our_planning_leaves_out_no_less_than_pyicebergs(week: Lake, conditions: list[Condition]) -> None:
    assert {file.path for file in week.scan(STORE, conditions).files} <= set(planned_by_pyiceberg(week, conditions))


def everything(lake: Lake, folder: Path) -> list[dict[str, Any]]:
    table = catalog.load(catalog.Catalog(lake.engine, lake.home / "warehouse"), STORE)
    plan = manifests.plan_of(table, folder, table.metadata.current_snapshot_id or 0)
    return sorted(plan.to_pylist(), key=lambda row: str(row["path"]))


def test_a_plan_continued_from_commit_to_commit_is_the_plan_made_from_all_manifests(lake: Lake, tmp_path: Path) -> None:
    for number in range(20):  # manifests are merged at sixteen
        put(lake, parcel(f"{number}", event(f"{number}", days=number % 3)))

    continued = everything(lake, lake.home / "plans" / STORE)

    assert len(continued) == 20
    assert continued == everything(lake, tmp_path / "nothing kept")


def test_few_plans_are_kept(lake: Lake) -> None:
    for number in range(8):
        put(lake, parcel(f"{number}", event(f"{number}")))

    assert len(list((lake.home / "plans" / STORE).iterdir())) == plans.KEPT_PLANS
    assert [lake.scan(STORE, at=snapshot.id).total_rows for snapshot in lake.snapshots(STORE)] == list(range(1, 9))


def test_a_damaged_plan_is_made_anew(lake: Lake) -> None:
    put(lake, parcel("one", event("a")))
    path = next((lake.home / "plans" / STORE).iterdir())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    assert len(lake.scan(STORE).files) == 1
    assert plans.load(path.parent, lake.snapshots(STORE)[0].id) is not None


def test_a_scan_with_a_kept_plan_does_not_load_pyiceberg(lake: Lake) -> None:
    put(lake, parcel("one", event("a")))
    code = (
        "import sys; from pathlib import Path; from trailmere.lake.vault import Lake\n"
        f"lake = Lake.open(Path({str(lake.home)!r})); store = {STORE!r}\n"
        "print(len(lake.scan(store).files), lake.totals(store).rows, 'pyiceberg' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "1 1 False\n"


def test_a_scan_finds_its_table_while_others_commit(lake: Lake) -> None:
    put(lake, parcel("0", event("0")))
    writer = Thread(target=lambda: [put(lake, parcel(f"{n}", event(f"{n}"))) for n in range(1, 12)])
    writer.start()

    seen = []
    while writer.is_alive():
        seen.append(lake.scan(STORE).total_rows)

    assert seen == sorted(seen)
    assert lake.scan(STORE).total_rows == 12
