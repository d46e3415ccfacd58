"""The types of event data store columns, as a small tree.

AWS documents the types Hive-style (``struct``, ``string``); the SQL dialect knows them as Trino's (``row``,
``varchar``). One tree serves the table schema, the SQL catalog, the docs and completion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Scalar:
    """A type without parts, by its Trino name."""

    name: str

    def __str__(self) -> str:
        return self.name


VARCHAR = Scalar("varchar")
BOOLEAN = Scalar("boolean")
INTEGER = Scalar("integer")
BIGINT = Scalar("bigint")
DOUBLE = Scalar("double")
TIMESTAMP = Scalar("timestamp")  # microseconds, UTC, without a zone: as CloudTrail Lake has it


@dataclass(frozen=True, slots=True)
class Map:
    """``map(varchar, varchar)``: the members of a JSON object, scalars as plain text, the rest as compact JSON."""

    key: Scalar = VARCHAR
    value: Scalar = VARCHAR

    def __str__(self) -> str:
        return f"map({self.key}, {self.value})"


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a row: ``name`` as SQL knows it (lower case), ``key`` as the JSON record spells it.

    ``aliases`` are other names in SQL; ``spellings`` other keys that records of some services use.
    """

    name: str
    key: str
    type: Type
    aliases: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """``row(name type, ...)``."""

    fields: tuple[Field, ...]

    def __str__(self) -> str:
        return "row(" + ", ".join(f"{field.name} {field.type}" for field in self.fields) + ")"


@dataclass(frozen=True, slots=True)
class Array:
    """``array(element)``."""

    element: Type

    def __str__(self) -> str:
        return f"array({self.element})"


Type: TypeAlias = Scalar | Map | Row | Array


def row(*fields: Field) -> Row:
    """A row type of these fields."""
    return Row(fields)


def field(
    key: str,
    type: Type = VARCHAR,
    *,
    name: str | None = None,
    aliases: tuple[str, ...] = (),
    spellings: tuple[str, ...] = (),
) -> Field:
    """A field spelled ``key`` in the record and, unless ``name`` says otherwise, ``key.lower()`` in SQL."""
    return Field(name=name or key.lower(), key=key, type=type, aliases=aliases, spellings=spellings)
