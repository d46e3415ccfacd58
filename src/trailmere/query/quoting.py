"""Names and texts as SQL writes them, Trino's and the engine's: how anything of a user's gets into a statement."""

from __future__ import annotations


def identifier(name: str) -> str:
    """A name between double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text between single quotes; plain literals know no escape but the doubled quote."""
    return "'" + text.replace("'", "''") + "'"


def member_of(sql: str, name: str) -> str:
    """The field of a row value that has this name. Users name fields as they like (in a CAST)."""
    return f"struct_extract({sql}, {literal(name)})"
