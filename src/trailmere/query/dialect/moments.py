"""Values that are times: reading text as one, moving one by an interval."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from trailmere.events.types import TIMESTAMP, VARCHAR
from trailmere.query.dialect import times
from trailmere.query.dialect.types import DATE
from trailmere.query.dialect.values import Interval, Value, day, timestamp

if TYPE_CHECKING:
    from sqlglot import exp

    from trailmere.query.dialect.binder import Binder


def to_timestamp(binder: Binder, node: exp.Expr, value: Value) -> Value:
    """A value as naive UTC timestamp: constants are read now, in every form that the contract lists."""
    if isinstance(value.constant, str):
        moment = times.parse_time(value.constant)
        if moment is None:
            raise binder.fault(
                node, f"'{value.constant}' is not a time", f"times are written {times.ACCEPTED}, in UTC without a zone"
            )
        return timestamp(moment)
    if isinstance(value.constant, date) and not isinstance(value.constant, datetime):
        return timestamp(datetime.combine(value.constant, datetime.min.time()))
    if value.type == VARCHAR:
        return Value(f"lake_timestamp({value.sql})", TIMESTAMP)
    if value.type == DATE:
        return Value(f"CAST({value.sql} AS TIMESTAMP)", TIMESTAMP)
    return value


def shift(moment: Value, step: Value, operator: str) -> Value:
    """A time plus or minus an interval; computed now where both are known."""
    if isinstance(moment.constant, date) and isinstance(step.constant, Interval):
        start = moment.constant
        whole = start if isinstance(start, datetime) else datetime.combine(start, datetime.min.time())
        moved = times.add(whole, -step.constant if operator == "-" else step.constant)
        if moved is not None:
            return timestamp(moved) if moment.type == TIMESTAMP else day(moved.date())
    sql = f"({moment.sql} {operator} {step.sql})"
    return Value(sql if moment.type == TIMESTAMP else f"CAST({sql} AS DATE)", moment.type)
