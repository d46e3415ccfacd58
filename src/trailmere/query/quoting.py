"""Names and texts as the engine writes them, whatever is in them: how anything of the user's gets into engine SQL."""

from __future__ import annotations


def identifier(name: str) -> str:
    """A name between double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text between single quotes; the engine's plain literals know no escape but the doubled quote."""
    return "'" + text.replace("'", "''") + "'"


def member_of(sql: str, name: str) -> str:
    """The field of a row value that has this name. Users name fields as they like (in a CAST)."""
    return f"struct_extract({sql}, {literal(name)})"
