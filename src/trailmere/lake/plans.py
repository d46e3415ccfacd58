"""Kept plans: the data files of a snapshot with the bounds of their columns, in one Arrow file beside the table.

Derived from the table's manifests and made anew where missing or damaged. A snapshot never changes, so neither does its
plan. A scan then needs no manifests and no PyIceberg. Rows are files; for a scalar column ``c`` there are ``c:low``,
``c:high`` (null: not known) and ``c:nulls`` (how many of the file's rows are null).

Leaving out is only done on proof. Bounds of strings are cut to 16 characters; a cut lower bound is lower, a cut upper
one is raised (Iceberg specification, "Manifests"), so both still hold.
"""

from __future__ import annotations

import contextlib
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from itertools import compress
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from trailmere.events.hot import HOT_KEYS, hot_leaves
from trailmere.lake.disk import make_folder, remove_files, write_file
from trailmere.lake.records import PlannedFile

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from trailmere.lake.records import Condition

KEPT_PLANS = 4
HEADER_BYTES = 9
FILE_BYTES = 300  # of a PlannedFile with its path
_HOT_NULLS = frozenset(f"{leaf.name}:nulls" for family in HOT_KEYS for leaf in hot_leaves(family))


def plan_path(folder: Path, snapshot_id: int) -> Path:
    """Where the plan of a snapshot lies."""
    return folder / f"{snapshot_id}.plan"


def sound(path: Path) -> bool:
    """Whether a plan is what was written; one that an earlier version wrote, and nobody reads any more, is too."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    body = memoryview(content)[HEADER_BYTES:]
    return content[:HEADER_BYTES] in (_header(path, body), b"%08x\n" % zlib.crc32(body))


def _header(path: Path, body: bytes | memoryview) -> bytes:
    """A checksum over store, snapshot and content: a plan does not pass for that of another."""
    return b"%08x\n" % zlib.crc32(body, zlib.crc32(f"{path.parent.name}/{path.name}".encode()))


def load(folder: Path, snapshot_id: int) -> pa.Table | None:
    """The plan of a snapshot; None where it is missing or not what was written."""
    path = plan_path(folder, snapshot_id)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    body = memoryview(content)[HEADER_BYTES:]
    if content[:HEADER_BYTES] != _header(path, body):
        return None
    return pa.ipc.open_file(pa.py_buffer(body)).read_all()


def keep(folder: Path, snapshot_id: int, plan: pa.Table) -> None:
    """Write a plan and remove the oldest ones. A folder that cannot be written is no error: the plan is derived."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, plan.schema) as writer:
        writer.write_table(plan.combine_chunks())
    body = sink.getvalue().to_pybytes()
    with contextlib.suppress(OSError):
        make_folder(folder)
        path = plan_path(folder, snapshot_id)
        write_file(path, _header(path, body) + body)
        kept = sorted(folder.glob("*.plan"), key=lambda path: path.stat().st_mtime_ns)
        for path in kept[:-KEPT_PLANS]:
            path.unlink(missing_ok=True)


def trim(folder: Path, snapshot_ids: Collection[int]) -> None:
    """Remove plans of other snapshots, and drafts of writers that died. A live writer's draft that goes too costs that
    one its plan, and nothing else."""
    staying = {plan_path(folder, id) for id in snapshot_ids}
    if folder.is_dir():
        remove_files([path for path in folder.iterdir() if path not in staying])


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan in memory: its table, and a ``PlannedFile`` for each row; both by path."""

    table: pa.Table
    files: tuple[PlannedFile, ...]

    @property
    def bytes(self) -> int:
        """Memory that it takes, about."""
        return int(self.table.nbytes) + FILE_BYTES * len(self.files)


def opened(table: pa.Table) -> Plan:
    """A plan as it was loaded or made, ready to select from."""
    table = table.take(pc.sort_indices(table, [("path", "ascending")])).combine_chunks()
    told = [table.column(name).to_pylist() for name in ("path", "size", "rows")]
    return Plan(table, tuple(map(PlannedFile, *told, _lack_hot_columns(table))))


def select(plan: Plan, conditions: Sequence[Condition]) -> tuple[PlannedFile, ...]:
    """The files that can hold rows matching all conditions, by path. A condition that cannot be used is passed over."""
    chosen: Any = None
    for condition in conditions:
        mask = _mask(plan.table, condition)
        if mask is not None:
            mask = pc.fill_null(mask, True)
            chosen = mask if chosen is None else pc.and_(chosen, mask)
    return plan.files if chosen is None else tuple(compress(plan.files, chosen.to_pylist()))


def _lack_hot_columns(plan: pa.Table) -> list[bool]:
    """For each file whether it has no column for some hot key: then nothing is known of that column's nulls."""
    if not _HOT_NULLS.issubset(plan.column_names):
        return [True] * plan.num_rows
    lacking = reduce(pc.or_, (plan.column(name).is_null() for name in _HOT_NULLS))
    return list(lacking.to_pylist())


def _mask(plan: pa.Table, condition: Condition) -> Any:
    """For each file whether it can match; null where that is not known; None where the condition is of no use."""
    name = condition.column
    if f"{name}:low" not in plan.column_names:
        return None
    nulls = plan.column(f"{name}:nulls")
    if condition.operator == "is null":
        return pc.greater(nulls, 0)
    some = pc.fill_null(pc.less(nulls, plan.column("rows")), True)
    if condition.operator == "is not null":
        return some
    bounds = _within(plan.column(f"{name}:low"), plan.column(f"{name}:high"), condition)
    return None if bounds is None else pc.and_(some, pc.fill_null(bounds, True))


def _within(low: Any, high: Any, condition: Condition) -> Any:
    """For each file whether a value between its bounds can satisfy the condition; null where a bound is not known."""
    if condition.operator == "in":
        return _among(low, high, condition.value)
    value = _scalar(condition.value, low.type)
    if value is None or (condition.operator == "starts with" and not pa.types.is_string(low.type)):
        return None
    return _SIDES[condition.operator](low, high, value) if condition.operator in _SIDES else None


def _among(low: Any, high: Any, values: object) -> Any:
    if not isinstance(values, tuple | list | set | frozenset):
        return None
    scalars = [_scalar(value, low.type) for value in values]
    if None in scalars:
        return None
    mask: Any = pa.chunked_array([pa.array([False] * len(low), pa.bool_())])
    for scalar in scalars:
        mask = pc.or_(mask, pc.fill_null(_equal(low, high, scalar), True))
    return mask


def _equal(low: Any, high: Any, value: Any) -> Any:
    return pc.and_kleene(pc.less_equal(low, value), pc.greater_equal(high, value))


def _starts(low: Any, high: Any, value: Any) -> Any:
    cut = pc.utf8_slice_codeunits(low, 0, len(value.as_py()))
    return pc.and_kleene(pc.less_equal(cut, value), pc.greater_equal(high, value))


_SIDES: dict[str, Any] = {
    "=": _equal,
    "<": lambda low, _, value: pc.less(low, value),
    "<=": lambda low, _, value: pc.less_equal(low, value),
    ">": lambda _, high, value: pc.greater(high, value),
    ">=": lambda _, high, value: pc.greater_equal(high, value),
    "starts with": _starts,
}


def _scalar(value: object, type: pa.DataType) -> pa.Scalar | None:
    """The value in the column's type; None where it is of another."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    fits = (
        (pa.types.is_string(type) and isinstance(value, str))
        or (pa.types.is_boolean(type) and isinstance(value, bool))
        or (pa.types.is_integer(type) and isinstance(value, int) and not isinstance(value, bool))
        or (pa.types.is_floating(type) and isinstance(value, int | float) and not isinstance(value, bool))
        or (pa.types.is_timestamp(type) and isinstance(value, datetime))
    )
    if not fits:
        return None
    try:
        return pa.scalar(value, type)
    except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
        return None
