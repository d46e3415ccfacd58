"""The Iceberg catalog: which metadata file is a table's present one. PyIceberg's SQL catalog on the lake's database.

PyIceberg would open the database by itself, without our pragmas; here it is given our engine, so that its commits are
on disk when they return and its writers wait for others instead of failing.
"""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING

from pyiceberg.catalog import MetastoreCatalog
from pyiceberg.exceptions import (
    NamespaceAlreadyExistsError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from sqlalchemy.exc import IntegrityError

from trailmere.errors import LakeDamaged, StoreNotFound
from trailmere.lake import schema
from trailmere.lake.fileio import IMPLEMENTATION
from trailmere.lake.inventory import Recorder
from trailmere.lake.physical import FAMILY_PROPERTY
from trailmere.lake.pointer import PointerCatalog
from trailmere.lake.view import CATALOG, NAMESPACE
from trailmere.registry.database import read_engine

if TYPE_CHECKING:
    from pathlib import Path

    from pyiceberg.table import Table
    from sqlalchemy import Engine


class Catalog(PointerCatalog):
    """PyIceberg's SqlCatalog over an engine that is given, not made."""

    def __init__(self, engine: Engine, warehouse: Path) -> None:
        properties = {"uri": str(engine.url), "warehouse": str(warehouse), "py-io-impl": IMPLEMENTATION}
        MetastoreCatalog.__init__(self, CATALOG, **properties)
        self.engine = engine
        self.recorder = Recorder(engine, warehouse.parent)
        self._init_catalog()
        with contextlib.suppress(NamespaceAlreadyExistsError, IntegrityError):
            self.create_namespace(NAMESPACE)

    def reader(self) -> Catalog:
        """The same catalog for those who only load tables: they need not wait for writers."""
        reader = copy.copy(self)
        reader.engine = read_engine(self.engine)
        return reader


def create(catalog: Catalog, location: Path, store_id: str, family: str) -> bool:
    """Make the table of a store in the folder ``location``; False where it exists already."""
    fields = schema.table_schema(family)
    try:
        catalog.make_table(
            (NAMESPACE, store_id),
            fields,
            location=str(location),
            partition_spec=schema.partitions(fields),
            properties=schema.properties(family) | {FAMILY_PROPERTY: family},
        )
    except TableAlreadyExistsError:
        return False
    return True


def exists(catalog: Catalog, store_id: str) -> bool:
    """Whether the catalog has the store's table."""
    return catalog.table_exists((NAMESPACE, store_id))


def load(catalog: Catalog, store_id: str) -> Table:
    """The store's table as it is now.

    Raises StoreNotFound where the catalog has none, LakeDamaged where its metadata file cannot be read.
    """
    try:
        return catalog.load_table((NAMESPACE, store_id))
    except NoSuchTableError:
        raise StoreNotFound(f"the lake has no table for the event data store {store_id}") from None
    except FileNotFoundError as error:
        raise LakeDamaged(
            f"the catalog points at a metadata file that is not there: {error.filename}",
            hint="restore the lake's folder from a copy; nothing was changed",
        ) from error
    except ValueError as error:
        raise LakeDamaged(
            f"the metadata file of the store {store_id} cannot be read: {error}",
            hint="restore the lake's folder from a copy; nothing was changed",
        ) from error


def add_columns(table: Table) -> None:
    """Add the columns that the table lacks, if any; rows written before have null there."""
    with table.update_schema() as update:
        update.union_by_name(schema.table_schema(table.properties[FAMILY_PROPERTY]))


def drop(catalog: Catalog, store_id: str) -> None:
    """Take the table out of the catalog; its files stay."""
    with contextlib.suppress(NoSuchTableError):
        catalog.drop_table((NAMESPACE, store_id))
