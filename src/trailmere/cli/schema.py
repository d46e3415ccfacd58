"""``trailmere schema``: the columns of event data stores, and fields that no column is declared for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from trailmere.cli.common import LakeOption, OutputOption, open_lake, write_json, write_table

if TYPE_CHECKING:
    from trailmere.events.columns import Column
    from trailmere.events.types import Type

schema = App(
    name="schema",
    help="Columns of event data stores; fields never seen before.",
    help_format="plaintext",
    version_flags=[],
)


@schema.command
def show(
    *,
    category: Annotated[
        str, Parameter(help="Management, Data, NetworkActivity, Insight, ActivityAuditLog ...")
    ] = "Management",
    output: OutputOption = "table",
) -> None:
    """The columns of stores that hold a category of events: name, SQL type, since which eventVersion, meaning."""
    from trailmere.errors import InvalidParameter
    from trailmere.events.columns import COLUMNS, FAMILIES

    families = {name.lower(): family for name, family in FAMILIES.items()}
    family = families.get(category.lower())
    if family is None:
        raise InvalidParameter(f"expected one of {', '.join(FAMILIES)}, got {category}")
    if output == "json":
        write_json([asdict(column) | {"type": str(column.type)} for column in COLUMNS[family]])
        return
    write_table(("column", "type", "since", "meaning"), [line for column in COLUMNS[family] for line in _lines(column)])


def _lines(column: Column) -> Iterator[tuple[str, str, str, str]]:
    """A column, and the members of a row below it, named as a query names them."""
    from trailmere.events.types import Row

    is_row = isinstance(column.type, Row)
    meaning = f"{column.meaning} Not in SELECT *." if column.hidden else column.meaning
    yield column.name, "row" if is_row else str(column.type), column.since or "", meaning
    if is_row:
        yield from ((name, type, "", "") for name, type in _members(column.name, column.type))


def _members(path: str, type: Type) -> Iterator[tuple[str, str]]:
    from trailmere.events.types import Row

    if not isinstance(type, Row):
        yield path, str(type)
        return
    for part in type.fields:
        yield from _members(f"{path}.{part.name}", part.type)


@schema.command
def drift(
    *,
    store: Annotated[str | None, Parameter(help="Only this event data store.")] = None,
    output: OutputOption = "table",
    lake: LakeOption = None,
) -> None:
    """Fields of records that no column is declared for: which, where and when first seen, in how many records.

    Nothing of them is lost: they are in eventJson.
    """
    with open_lake(lake) as app:
        stores = [app.stores.get(store)] if store is not None else app.stores.list()
        found = [(one.name, field) for one in stores for field in app.lake.fields(one.id)]
    if output == "json":
        write_json([{"store": name, **asdict(field)} for name, field in found])
        return
    write_table(
        ("store", "field", "first seen (UTC)", "in", "records"),
        [
            (
                name,
                field.path,
                f"{field.first_seen:%Y-%m-%d %H:%M:%S}",
                f"{field.uri} record {field.ordinal}",
                field.count,
            )
            for name, field in found
        ],
        empty="none: every field that was seen has a column",
    )
