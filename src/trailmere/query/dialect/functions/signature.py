"""How a Trino function is declared: its parameters, its type, and how the engine spells it.

One row of data is enough for most functions: the parameters as letters and the engine SQL as a template. What depends
on types beyond that is a small writer of its own.

Parameters: ``s`` varchar, ``i`` whole number, ``n`` number, ``t`` timestamp or date, ``b`` boolean, ``j`` json or the
text of one, ``a`` array, ``m`` map, ``x`` varbinary, ``p`` ipaddress, ``.`` anything. ``?`` begins the optional ones,
``*`` repeats the last without end.

Templates: ``{0}`` the first argument, ``{all}`` all of them; in aggregates ``{distinct}`` and ``{order}`` inside the
parentheses and ``{over}`` (FILTER, OVER) after them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from trailmere.events.types import BIGINT, BOOLEAN, DOUBLE, TIMESTAMP, VARCHAR, Array, Map, Type
from trailmere.query.dialect.binder import Binder, shown_type
from trailmere.query.dialect.comparisons import cast_text
from trailmere.query.dialect.moments import to_timestamp
from trailmere.query.dialect.types import DATE, INTEGRAL, IPADDRESS, JSON, NUMERIC, UNKNOWN, VARBINARY, common
from trailmere.query.dialect.values import Value

if TYPE_CHECKING:
    from sqlglot import exp

    from trailmere.query.dialect.scope import Scope

Kind = Literal["scalar", "aggregate", "window"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call in a statement. ``arguments`` are unbound; ``distinct``, ``order`` and ``over`` are engine SQL."""

    binder: Binder
    node: exp.Expr
    scope: Scope
    function: Function
    arguments: tuple[exp.Expr, ...]
    distinct: str = ""
    order: str = ""
    over: str = ""
    nulls: str = ""

    def values(self) -> list[Value]:
        """The arguments, bound and checked against the parameters."""
        bound = [self.binder.bind(argument, self.scope) for argument in self.arguments]
        return [
            accept(self, value, self.function.letter(place), self.arguments[place]) for place, value in enumerate(bound)
        ]

    def bind(self, place: int) -> Value:
        """One argument, bound and checked."""
        value = self.binder.bind(self.arguments[place], self.scope)
        return accept(self, value, self.function.letter(place), self.arguments[place])


Builder: TypeAlias = Callable[[Call], Value]
Returns: TypeAlias = Type | Callable[[list[Value]], Type]


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a query may call."""

    name: str
    parameters: str
    returns: Returns
    engine: str | dict[int, str] | Builder
    kind: Kind = "scalar"

    @property
    def least(self) -> int:
        """The smallest number of arguments."""
        return len(self.parameters.split("?")[0].rstrip("*"))

    @property
    def most(self) -> int | None:
        """The largest number of arguments, None where there is no end."""
        return None if self.parameters.endswith("*") else len(self.parameters.replace("?", ""))

    def letter(self, place: int) -> str:
        """The parameter letter at a place."""
        letters = self.parameters.replace("?", "").rstrip("*")
        return letters[min(place, len(letters) - 1)]

    def build(self, call: Call) -> Value:
        """The call as a value."""
        if callable(self.engine):
            return self.engine(call)
        values = call.values()
        template = self.engine if isinstance(self.engine, str) else self.engine[len(values)]
        sql = fill(template, call, values)
        kind = self.returns(values) if callable(self.returns) else self.returns
        return Value(sql, kind)


def fill(template: str, call: Call, values: list[Value]) -> str:
    """A template with the arguments in it."""
    arguments = [value.sql for value in values]
    return template.format(
        *arguments,
        all=", ".join(arguments),
        distinct=call.distinct,
        order=call.order,
        over=call.over,
        nulls=call.nulls,
    )


_WANTED = {
    "s": "varchar",
    "i": "a whole number",
    "n": "a number",
    "t": "a timestamp or date",
    "b": "a boolean",
    "j": "json, or text that holds it,",
    "a": "an array",
    "m": "a map",
    "x": "varbinary",
    "p": "an IP address",
}


def accept(call: Call, value: Value, letter: str, node: exp.Expr) -> Value:
    """The value as the parameter wants it. Faults where it cannot be."""
    kind = value.type
    if letter == "." or kind == UNKNOWN:
        return value
    converted = _convert(call, value, letter, node)
    if converted is None:
        raise call.binder.fault(
            node,
            f"{call.function.name} takes {_WANTED[letter]} here, and {call.binder.shown(node)} is of type "
            f"{shown_type(kind)}",
            _hint(kind, letter),
        )
    return converted


def _convert(call: Call, value: Value, letter: str, node: exp.Expr) -> Value | None:
    kind = value.type
    match letter:
        case "s" if kind == JSON:
            return Value(f"lake_json_text({value.sql})", VARCHAR)
        case "s" if kind == BOOLEAN:
            return cast_text(value)
        case "t" if kind in (TIMESTAMP, DATE):
            return value
        case "t" if kind == VARCHAR:
            return to_timestamp(call.binder, node, value)
        case "x" if kind == VARCHAR:
            return Value(f"encode({value.sql})", VARBINARY)
        case "p" if kind == VARCHAR:
            return Value(f"lake_ip({value.sql})", IPADDRESS)
        case "j" if kind in (VARCHAR, JSON):
            return value
        case _:
            return value if _fits(kind, letter) else None


def _fits(kind: Type, letter: str) -> bool:
    match letter:
        case "a":
            return isinstance(kind, Array)
        case "m":
            return isinstance(kind, Map)
        case "n":
            return kind in NUMERIC
        case "i":
            return kind in INTEGRAL
    return kind == {"s": VARCHAR, "b": BOOLEAN, "x": VARBINARY, "p": IPADDRESS}.get(letter)


def _hint(kind: Type, letter: str) -> str | None:
    if isinstance(kind, Map) and letter == "j":
        return "take a member with element_at(map, 'key'); CAST(map AS json) is json"
    if isinstance(kind, Map) and letter == "s":
        return "take a member with element_at(map, 'key'), or write CAST(map AS varchar)"
    if letter == "s":
        return "write CAST(... AS varchar)"
    if kind == VARCHAR and letter in "ni":
        return "write CAST(... AS bigint)"
    if kind == VARCHAR and letter in "am":
        return "write CAST(json_parse(...) AS " + ("array(json))" if letter == "a" else "map(varchar, json))")
    return None


def same(place: int = 0) -> Callable[[list[Value]], Type]:
    """The type of an argument."""
    return lambda values: values[place].type


def widest(values: list[Value]) -> Type:
    """The common type of all arguments."""
    return common([value.type for value in values])


def element(values: list[Value]) -> Type:
    """The element type of the first argument, an array."""
    kind = values[0].type
    return kind.element if isinstance(kind, Array) else UNKNOWN


def array_of(place: int = 0) -> Callable[[list[Value]], Type]:
    """An array of an argument's type."""
    return lambda values: Array(values[place].type)


def total(values: list[Value]) -> Type:
    """The type of a sum: bigint of whole numbers, else the argument's."""
    kind = values[0].type
    return BIGINT if kind in INTEGRAL else kind


def floating(values: list[Value]) -> Type:
    """double, whatever comes in."""
    del values
    return DOUBLE
