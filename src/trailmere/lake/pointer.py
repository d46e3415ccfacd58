"""Moving the catalog's pointer, and the inventory with it, in one transaction.

PyIceberg's SqlCatalog writes a metadata file and then points at it in a session of its own. Here both ways to do so
(making a table, committing to one) end in the same transaction as the inventory's entries: a metadata file, and what
it names, is live exactly when the pointer has come to it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, TableAlreadyExistsError
from pyiceberg.serializers import FromInputFile, ToOutputFile
from pyiceberg.table import CommitTableResponse, Table, TableProperties
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.typedef import EMPTY_DICT
from pyiceberg.utils.properties import property_as_bool
from sqlalchemy import Table as SqlTable
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from trailmere.lake.disk import remove_files
from trailmere.lake.fileio import SyncedFileIO
from trailmere.registry.database import writing

if TYPE_CHECKING:
    from pyiceberg.io import FileIO
    from pyiceberg.partitioning import PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.table import StagedTable
    from pyiceberg.table.metadata import TableMetadata
    from pyiceberg.table.update import TableRequirement, TableUpdate
    from sqlalchemy import Connection

    from trailmere.lake.inventory import Recorder

_ROWS = cast("SqlTable", IcebergTables.__table__)


class PointerCatalog(SqlCatalog):
    """A SqlCatalog whose commits enter their files in the inventory. Whoever commits holds the store's lock."""

    recorder: Recorder

    def _load_file_io(self, properties: dict[str, str] = EMPTY_DICT, location: str | None = None) -> FileIO:
        return SyncedFileIO({**self.properties, **properties}, self.recorder)

    def _convert_orm_to_iceberg(self, orm_table: IcebergTables) -> Table:
        """As PyIceberg's, which would read the metadata file by a FileIO that no recorder was given."""
        if (location := orm_table.metadata_location) is None:
            raise NoSuchTableError(f"the catalog names no metadata file of {orm_table.table_name}")
        metadata = FromInputFile.table_metadata(self._load_file_io().new_input(location))
        return Table(
            identifier=(orm_table.table_namespace, orm_table.table_name),
            metadata=metadata,
            metadata_location=location,
            io=self._load_file_io(metadata.properties, location),
            catalog=self,
        )

    def make_table(
        self,
        identifier: tuple[str, str],
        schema: Schema,
        location: str,
        partition_spec: PartitionSpec,
        properties: dict[str, str],
    ) -> None:
        """Make a table. Raises TableAlreadyExistsError."""
        staged = self._create_staged_table(
            identifier, schema, location, partition_spec, UNSORTED_SORT_ORDER, properties
        )
        ToOutputFile.table_metadata(staged.metadata, staged.io.new_output(staged.metadata_location))
        row = self._create_table_row(identifier[0], identifier[1], staged.metadata_location)
        with writing(self.engine) as connection:
            try:
                connection.execute(insert(_ROWS).values(**row))
            except IntegrityError as error:
                raise TableAlreadyExistsError(f"table {'.'.join(identifier)} already exists") from error
            self.recorder.pointed(connection, staged.metadata_location, ())

    def commit_table(
        self, table: Table, requirements: tuple[TableRequirement, ...], updates: tuple[TableUpdate, ...]
    ) -> CommitTableResponse:
        """Commit updates of a table. Raises NoSuchTableError, CommitFailedException."""
        current = self.load_table(table.name())
        staged = self._update_and_stage_table(current, table.name(), requirements, updates)
        if staged.metadata == current.metadata:
            return _response(current)
        ToOutputFile.table_metadata(staged.metadata, staged.io.new_output(staged.metadata_location))
        with writing(self.engine) as connection:
            self._point(connection, staged, current.metadata_location)
            left_over = self.recorder.pointed(
                connection, staged.metadata_location, _outdated(current.metadata, staged.metadata)
            )
        with contextlib.suppress(OSError):  # the commit stands; the next one tries again
            remove_files(left_over)
        return _response(staged)

    def _point(self, connection: Connection, staged: StagedTable, from_location: str) -> None:
        namespace, name = staged.name()
        moved: Any = connection.execute(
            update(_ROWS)
            .where(
                _ROWS.c.catalog_name == self.name,
                _ROWS.c.table_namespace == namespace,
                _ROWS.c.table_name == name,
                _ROWS.c.metadata_location == from_location,
            )
            .values(metadata_location=staged.metadata_location, previous_metadata_location=from_location)
        )
        if not moved.rowcount:
            raise CommitFailedException(f"table {namespace}.{name} was changed by another process")


def _response(table: Table) -> CommitTableResponse:
    return CommitTableResponse.model_validate(
        {"metadata": table.metadata, "metadata-location": table.metadata_location}
    )


def _outdated(before: TableMetadata, after: TableMetadata) -> list[str]:
    """Metadata files that PyIceberg removes after this commit: those that the new log does not name any more."""
    name = TableProperties.METADATA_DELETE_AFTER_COMMIT_ENABLED
    if not property_as_bool(after.properties, name, TableProperties.METADATA_DELETE_AFTER_COMMIT_ENABLED_DEFAULT):
        return []
    kept = {entry.metadata_file for entry in after.metadata_log}
    return [entry.metadata_file for entry in before.metadata_log if entry.metadata_file not in kept]
