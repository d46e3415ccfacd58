"""From Arrow to plain values, and from plain values to text: how an answer's cells look, whatever the format.

A plain value is None, bool, int, float, str, a list of plain values, or a dict from str to plain values. What JSON
cannot hold exactly is text already: times, decimals, binary, the floats that are no number. No rendering here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}


def plain_values(column: pa.Array) -> list[Plain]:
    """The cells of an Arrow column.

    - timestamp ``2023-06-11 16:26:39.000`` (six digits where three do not suffice; `` UTC`` after one with a zone),
      date ``2023-06-11``, time ``16:26:39.000``; intervals as Trino prints them: ``1-6``, ``2 03:00:00.000``;
    - integers stay integers of any size; a decimal with a fraction is text, so that no digit is lost;
    - ``NaN``, ``Infinity`` and ``-Infinity`` are text: JSON has no number for them (Trino's clients see the same);
    - binary is lower-case hexadecimal; rows and maps are dicts in their own order; arrays are lists.
    """
    import pyarrow as pa

    for applies, convert in _conversions():
        if applies(column.type):
            return convert(column)
    if isinstance(column.type, pa.BaseExtensionType):
        return plain_values(column.storage)
    return [None if value is None else str(value) for value in column.to_pylist()]


def compact_json(value: Plain) -> str:
    """``value`` as JSON on one line, members in their own order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def text(value: Plain) -> str | None:
    """A cell as text: scalars as they are, rows, maps and arrays as compact JSON; None stays None."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return compact_json(value)
        case _:
            return str(value)


def lake_text(value: Plain) -> str:
    """A cell as CloudTrail Lake's GetQueryResults gives it: text without quotes, in the manner of Java.

    ``{type=AssumedRole, principalid=AROA, username=null}`` for rows and maps, ``[a, b]`` for arrays; a NULL cell is the
    empty string, one inside a row is ``null``. It cannot be parsed back: that is why people read eventJson.
    """
    return "" if value is None else _java(value)


def distinct_names(names: Sequence[str]) -> list[str]:
    """The names with repeated ones numbered: ``name, name_2``. For formats in which a name stands for one column."""
    taken = set(names)
    seen: set[str] = set()
    result = []
    for name in names:
        unique, number = name, 1
        while unique in seen or (number > 1 and unique in taken):
            number += 1
            unique = f"{name}_{number}"
        seen.add(unique)
        result.append(unique)
    return result


def _java(value: Plain) -> str:
    match value:
        case None:
            return "null"
        case dict():
            return "{" + ", ".join(f"{key}={_java(member)}" for key, member in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_java, value)) + "]"
        case float():
            return _java_double(value)
        case _:
            return text(value) or ""


def _java_double(value: float) -> str:
    """As Double.toString: scientific from 10^7 up and below 10^-3, with a digit on each side of the point."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    shortest = next(form for digits in range(1, 18) if float(form := f"{value:.{digits}e}") == value)
    mantissa, _, exponent = shortest.partition("e")
    return f"{mantissa}E{int(exponent)}"


# --- by type ----------------------------------------------------------------------------------------------------------


def _conversions() -> Iterable[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], list[Plain]]]]:
    """The first test that a type passes says how its columns are converted."""
    from pyarrow import types

    return (
        (types.is_string, lambda column: column.to_pylist()),
        (types.is_boolean, lambda column: column.to_pylist()),
        (types.is_integer, lambda column: column.to_pylist()),
        (types.is_timestamp, _timestamps),
        (types.is_struct, _rows),
        (types.is_map, _maps),
        (types.is_list, _arrays),
        (types.is_large_list, _arrays),
        (types.is_fixed_size_list, lambda column: [_deep(value) for value in column.to_pylist()]),
        (types.is_floating, _each(_float)),
        (types.is_decimal, _decimals),
        (types.is_date32, _dates),
        (types.is_time64, lambda column: _mapped(_integers(column), _clock)),
        (types.is_binary, _each(bytes.hex)),
        (types.is_interval, _each(_interval)),
        (types.is_dictionary, lambda column: plain_values(column.dictionary_decode())),
        (types.is_null, lambda column: column.to_pylist()),
    )


def _each(convert: Callable[..., Plain]) -> Callable[[pa.Array], list[Plain]]:
    return lambda column: _mapped(column.to_pylist(), convert)


def _mapped(values: Iterable[object], convert: Callable[..., Plain]) -> list[Plain]:
    return [None if value is None else convert(value) for value in values]


def _integers(column: pa.Array) -> list[int | None]:
    import pyarrow as pa

    wide = column.type.bit_width == 64
    result: list[int | None] = column.view(pa.int64() if wide else pa.int32()).to_pylist()
    return result


def _timestamps(column: pa.Array) -> list[Plain]:
    suffix = "" if column.type.tz is None else " UTC"
    if column.type.unit == "ns":
        return _mapped(_integers(column), lambda value: _moment(value // 1000) + suffix)
    factor = MICROSECONDS[column.type.unit]
    return _mapped(_integers(column), lambda value: _moment(value * factor) + suffix)


def _moment(microseconds: int) -> str:
    """Microseconds since 1970 as Lake prints them. DuckDB marks its infinities with the largest numbers."""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    except OverflowError:
        return "infinity" if microseconds > 0 else "-infinity"
    return moment.strftime(f"{moment.year:04d}-%m-%d ") + _clock_text(moment.time())


def _clock(microseconds: int) -> str:
    """Microseconds since midnight; midnight at the end of a day is 24:00."""
    if microseconds == 86_400_000_000:
        return "24:00:00.000"
    return _clock_text((datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)).time())


def _clock_text(moment: time) -> str:
    return moment.isoformat("milliseconds" if moment.microsecond % 1000 == 0 else "microseconds")


def _dates(column: pa.Array) -> list[Plain]:
    return _mapped(_integers(column), _day)


def _day(days: int) -> str:
    try:
        return (date(1970, 1, 1) + timedelta(days=days)).isoformat()
    except OverflowError:
        return "infinity" if days > 0 else "-infinity"


def _decimals(column: pa.Array) -> list[Plain]:
    if column.type.scale == 0:
        return _mapped(column.to_pylist(), int)
    return _mapped(column.to_pylist(), lambda value: f"{value:f}")


def _float(value: float) -> Plain:
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"


def _interval(value: pa.MonthDayNano) -> str:
    """``years-months``, ``days hours:minutes:seconds``, or both."""
    sign = "-" if value.months < 0 else ""
    months = f"{sign}{abs(value.months) // 12}-{abs(value.months) % 12}" if value.months else ""
    milliseconds = value.days * 86_400_000 + value.nanoseconds // 1_000_000
    if months and not milliseconds:
        return months
    sign = "-" if milliseconds < 0 else ""
    days, rest = divmod(abs(milliseconds), 86_400_000)
    seconds, fraction = divmod(rest, 1000)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:03d}"
    return f"{months} {sign}{days} {clock}".lstrip()


def _rows(column: pa.Array) -> list[Plain]:
    names = distinct_names([column.type.field(place).name for place in range(column.type.num_fields)])
    members = [plain_values(member) for member in column.flatten()]
    valid = column.is_valid().to_pylist()
    return [
        {name: member[place] for name, member in zip(names, members, strict=True)} if there else None
        for place, there in enumerate(valid)
    ]


def _maps(column: pa.Array) -> list[Plain]:
    keys = [text(key) or "" for key in plain_values(column.keys)]
    items = plain_values(column.items)
    return [None if span is None else dict(zip(keys[span], items[span], strict=True)) for span in spans(column)]


def _arrays(column: pa.Array) -> list[Plain]:
    elements = plain_values(column.values)
    return [None if span is None else elements[span] for span in spans(column)]


def spans(column: pa.Array) -> list[slice | None]:
    """Where each list of the column lies among its elements."""
    offsets = column.offsets.to_pylist()
    valid = column.is_valid().to_pylist()
    return [slice(offsets[place], offsets[place + 1]) if there else None for place, there in enumerate(valid)]


def _deep(value: object) -> Plain:
    """A fixed-size list; only engine SQL that no dialect writes makes one."""
    return None if value is None else [str(member) for member in value]  # type: ignore[attr-defined]
