"""The functions that a query may call: everything in these tables, and nothing else."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from trailmere.query.dialect.functions import aggregates, collections, json, moments, numbers, strings

if TYPE_CHECKING:
    from trailmere.query.dialect.functions.signature import Function

_TABLES = (strings, numbers, moments, json, collections, aggregates)

FUNCTIONS: MappingProxyType[str, Function] = MappingProxyType(
    {function.name: function for table in _TABLES for function in table.FUNCTIONS}
)
