"""Dates and times. What is known now is computed now, so that file statistics can be used."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from trailmere.events.types import BIGINT, DOUBLE, TIMESTAMP, VARCHAR
from trailmere.query.dialect import formats, times
from trailmere.query.dialect.casts import as_day
from trailmere.query.dialect.functions.signature import Builder, Call, Function
from trailmere.query.dialect.moments import shift, to_timestamp
from trailmere.query.dialect.types import DATE, INTEGRAL
from trailmere.query.dialect.values import Value, day, interval, text, timestamp


def _now(call: Call) -> Value:
    return timestamp(call.binder.time())


def _unit(call: Call, place: int = 0) -> str:
    unit = call.binder.bind(call.arguments[place], call.scope).constant
    name = unit.lower() if isinstance(unit, str) else ""
    if name not in times.UNITS:
        raise call.binder.fault(
            call.arguments[place], f"{call.function.name} takes a unit here", "units: " + ", ".join(times.UNITS)
        )
    return name


def _truncate(call: Call) -> Value:
    unit, value = _unit(call), call.bind(1)
    if isinstance(value.constant, datetime) and (moment := times.truncate(value.constant, unit)):
        return timestamp(moment)
    sql = f"date_trunc('{unit}', {value.sql})"
    if value.type != TIMESTAMP:
        return Value(f"CAST({sql} AS DATE)", value.type)
    return Value(sql, TIMESTAMP, origin=value.origin.cut(unit) if value.origin else None)


def _add(call: Call) -> Value:
    unit, count, value = _unit(call), call.bind(1), call.bind(2)
    if value.type == DATE and unit in ("hour", "minute", "second", "millisecond"):
        value = to_timestamp(call.binder, call.node, value)
    if isinstance(count.constant, int):
        step = times.parse_interval(str(count.constant), unit)
        if step is None:
            raise call.binder.fault(call.arguments[1], f"{count.constant} {unit}s are out of range")
        return shift(value, interval(step), "+")
    name = "milliseconds" if unit == "millisecond" else f"{unit}s"
    if unit == "quarter":
        return shift(value, Value(f"to_months(CAST(3 * ({count.sql}) AS INTEGER))"), "+")
    whole = count.sql if unit in ("hour", "minute", "second", "millisecond") else f"CAST({count.sql} AS INTEGER)"
    return shift(value, Value(f"to_{name}({whole})"), "+")


def _difference(call: Call) -> Value:
    """Trino counts whole units that have passed; the engine's datediff counts boundaries, datesub whole units."""
    unit = _unit(call)
    start, end = (to_timestamp(call.binder, call.node, call.bind(place)) for place in (1, 2))
    return Value(f"datesub('{unit}', {start.sql}, {end.sql})", BIGINT)


def _day(call: Call) -> Value:
    return as_day(call.binder, call.node, call.bind(0))


def _formatted(joda: bool) -> Builder:
    def build(call: Call) -> Value:
        value = to_timestamp(call.binder, call.node, call.bind(0))
        return Value(f"strftime({value.sql}, {_pattern(call, joda)})", VARCHAR)

    return build


def _parsed(joda: bool) -> Builder:
    def build(call: Call) -> Value:
        pattern = _pattern(call, joda)
        sql = f"strptime({call.bind(0).sql}, {pattern})"
        # With an offset in the pattern the engine gives an instant, which is held as UTC.
        return Value(f"timezone('UTC', {sql})" if "%z" in pattern else sql, TIMESTAMP)

    return build


def _pattern(call: Call, joda: bool) -> str:
    pattern = call.bind(1).constant
    if not isinstance(pattern, str):
        raise call.binder.fault(call.arguments[1], f"the pattern of {call.function.name} must be a literal")
    found = formats.from_joda(pattern) if joda else formats.from_mysql(pattern)
    if found is None:
        example = "'yyyy-MM-dd HH:mm:ss'" if joda else "'%Y-%m-%d %H:%i:%s'"
        raise call.binder.fault(
            call.arguments[1], f"the pattern '{pattern}' cannot be read", f"patterns look like {example}"
        )
    return text(found).sql


def _from_iso(call: Call) -> Value:
    return to_timestamp(call.binder, call.node, call.bind(0))


def _from_iso_day(call: Call) -> Value:
    return as_day(call.binder, call.node, call.bind(0))


def _from_unix(call: Call) -> Value:
    value = call.bind(0)
    if isinstance(value.constant, int):
        try:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value.constant)
        except OverflowError:
            raise call.binder.fault(call.arguments[0], f"{value.constant} seconds are out of range") from None
        return _zoned(call, timestamp(moment.replace(tzinfo=None)), 1)
    scale = "1000000" if value.type in INTEGRAL else "1000000.0"
    return _zoned(call, Value(f"make_timestamp(CAST({value.sql} * {scale} AS BIGINT))", TIMESTAMP), 1)


def _zoned(call: Call, value: Value, place: int) -> Value:
    if len(call.arguments) <= place:
        return value
    return Value(f"lake_zone({value.sql}, {_zone(call, place).sql})", TIMESTAMP)


def _zone(call: Call, place: int) -> Value:
    zone = call.bind(place)
    if isinstance(zone.constant, str) and not times.is_zone(zone.constant):
        raise call.binder.fault(
            call.arguments[place], f"'{zone.constant}' is no time zone", "zones look like 'Europe/Vienna' or 'UTC'"
        )
    return zone


def _at_zone(call: Call) -> Value:
    """The wall-clock time in the zone. Trino keeps the instant and shows it there; here it becomes what is shown."""
    zone = _zone(call, 1)
    value = to_timestamp(call.binder, call.node, call.bind(0))
    if zone.constant in ("UTC", "GMT", "Z"):
        return value
    return Value(f"lake_zone({value.sql}, {zone.sql})", TIMESTAMP)


def _iso(call: Call) -> Value:
    value = call.bind(0)
    pattern = "%Y-%m-%d" if value.type == DATE else "%Y-%m-%dT%H:%M:%S.%gZ"
    return Value(f"strftime({value.sql}, '{pattern}')", VARCHAR)


def _utc(call: Call) -> Value:
    del call
    return text("UTC")


def _part(name: str, engine: str) -> Function:
    return Function(name, "t", BIGINT, engine + "({0})")


def _today(call: Call) -> Value:
    found = call.binder.time()
    return day(date(found.year, found.month, found.day))


FUNCTIONS = (
    Function("now", "", TIMESTAMP, _now),
    Function("current_timestamp", "?i", TIMESTAMP, _now),
    Function("localtimestamp", "?i", TIMESTAMP, _now),
    Function("current_date", "", DATE, _today),
    Function("current_timezone", "", VARCHAR, _utc),
    Function("date", ".", DATE, _day),
    Function("date_trunc", "st", TIMESTAMP, _truncate),
    Function("date_add", "sit", TIMESTAMP, _add),
    Function("date_diff", "stt", BIGINT, _difference),
    Function("date_format", "ts", VARCHAR, _formatted(False)),
    Function("date_parse", "ss", TIMESTAMP, _parsed(False)),
    Function("format_datetime", "ts", VARCHAR, _formatted(True)),
    Function("parse_datetime", "ss", TIMESTAMP, _parsed(True)),
    Function("from_iso8601_timestamp", "s", TIMESTAMP, _from_iso),
    Function("from_iso8601_date", "s", DATE, _from_iso_day),
    Function("to_iso8601", "t", VARCHAR, _iso),
    Function("from_unixtime", "n?s", TIMESTAMP, _from_unix),
    Function("to_unixtime", "t", DOUBLE, "epoch(CAST({0} AS TIMESTAMP))"),
    Function("at_timezone", "ts", TIMESTAMP, _at_zone),
    Function("last_day_of_month", "t", DATE, "last_day({0})"),
    *(_part(name, name) for name in ("year", "quarter", "month", "day", "hour", "minute", "second")),
    _part("week", "weekofyear"),
    _part("week_of_year", "weekofyear"),
    _part("year_of_week", "isoyear"),
    _part("yow", "isoyear"),
    _part("day_of_month", "day"),
    _part("day_of_week", "isodow"),
    _part("dow", "isodow"),
    _part("day_of_year", "dayofyear"),
    _part("doy", "dayofyear"),
    Function("millisecond", "t", BIGINT, "(millisecond({0}) % 1000)"),
)
