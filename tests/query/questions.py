"""What the dialect's tests ask and where: a small store of real Parquet, and the way from Trino SQL to rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet

from trailmere.events.columns import leaves
from trailmere.lake.files import complete
from trailmere.lake.schema import arrow, table_schema
from trailmere.query.dialect import MACROS, compile
from trailmere.query.records import Statement, StoreEntry
from trailmere.query.relations import relation_sql

if TYPE_CHECKING:
    from trailmere.lake.records import Condition

NOW = dt.datetime(2024, 5, 10, 12, 0)


def _store(id: str, name: str, family: str) -> StoreEntry:
    return StoreEntry(id, name, f"arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/{id}", family)


TRAIL = _store("0a1b2c3d-0000-4000-8000-000000000001", "trail", "cloudtrail")
SECOND = _store("5e6f7a8b-0000-4000-8000-000000000002", "second-trail", "cloudtrail")
CONFIG = _store("9c8d7e6f-0000-4000-8000-000000000003", "config", "configurationitem")


def nullifs(levels: int) -> str:
    """An expression that doubles at each level when it is written out."""
    return "nullif(" * levels + "eventName" + ", 'x')" * levels


class Shelf:
    """A catalog of three stores."""

    stores = (TRAIL, SECOND, CONFIG)

    def find(self, name: str) -> StoreEntry | None:
        """By name, id or ARN."""
        wanted = name.lower()
        return next((s for s in self.stores if wanted in (s.name, s.id, s.arn.lower())), None)

    def names(self) -> tuple[str, ...]:
        """All names."""
        return tuple(store.name for store in self.stores)


def event(number: int, day: int, name: str, **more: Any) -> dict[str, Any]:
    """A row of the store: ``number`` makes the eventID and the minute."""
    time = dt.datetime(2024, 5, day, 10, number)
    return {
        "eventid": f"e{number}",
        "eventtime": time,
        "eventname": name,
        "calendarday": int(f"{time:%Y%m%d}"),
        "hour": time.hour,
        "eventjson": f'{{"eventID":"e{number}","eventName":"{name}"}}',
        "eventsource": "s3.amazonaws.com",
        "awsregion": "eu-west-1",
        "readonly": True,
        **more,
    }


_KEY = "useridentity__accesskeyid"
_BUCKET = {"accountid": "111122223333", "type": "AWS::S3::Bucket", "arn": "arn:aws:s3:::one", "arnprefix": None}
_OBJECT = {"accountid": None, "type": "AWS::S3::Object", "arn": "arn:aws:s3:::one/a", "arnprefix": None}

EVENTS: tuple[dict[str, Any], ...] = (
    event(1, 1, "GetObject", requestparameters=[("bucketName", "one"), ("key", "a")], resources=[_BUCKET, _OBJECT])
    | {_KEY: "AKIA1", "sourceipaddress": "10.1.2.3", "useridentity__type": "IAMUser"},
    event(2, 1, "GetObject", requestparameters=[("bucketName", "two"), ("key", "b")], errorcode="AccessDenied")
    | {_KEY: "AKIA1", "sourceipaddress": "10.1.2.4", "useridentity__type": "IAMUser"},
    event(3, 2, "PutObject", readonly=False, requestparameters=[("bucketName", "one")], awsregion="us-east-1")
    | {_KEY: "ASIA2", "sourceipaddress": "2001:db8::1", "useridentity__type": "AssumedRole"}
    | {"useridentity__sessioncontext__sessionissuer__arn": "arn:aws:iam::111122223333:role/Reader"},
    event(4, 3, "AssumeRole", eventsource="sts.amazonaws.com", sessioncredentialfromconsole="true")
    | {_KEY: "AKIA1", "sourceipaddress": "ec2.amazonaws.com", "useridentity__type": "IAMUser"},
    event(5, 3, "ConsoleLogin", eventsource="signin.amazonaws.com", readonly=False)
    | {"useridentity__type": "Root", "useridentity__inscopeof__credentialsissuedto": "someone"}
    | {"eventcontext__tagcontext__resourcetags": [{"arn": "arn:aws:s3:::one", "tags": [("team", "blue")]}]},
    event(6, 4, "DeleteBucket", readonly=False, errorcode="AccessDenied", requestparameters=[("n", "12")])
    | {_KEY: "ASIA2", "useridentity__type": "AssumedRole", "eventjson": "not json"}
    | {"useridentity__sessioncontext__sessionissuer__arn": "arn:aws:iam::111122223333:role/Writer"},
)


def write(path: Path, rows: tuple[dict[str, Any], ...], family: str = "cloudtrail") -> str:
    """A Parquet file of these rows; its path."""
    whole = arrow(table_schema(family))
    schema = pa.schema([whole.field(leaf.name) for leaf in leaves(family)])
    table = pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)
    parquet.write_table(complete(table, family, whole), path)
    return str(path)


def ask_for(sql: str) -> Statement:
    """The statement of a question."""
    return compile(sql, Shelf(), now=NOW)


@dataclass(frozen=True)
class Desk:
    """An engine over files: what it holds by store name."""

    engine: duckdb.DuckDBPyConnection
    files: dict[str, str]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer to a question in Trino SQL."""
        return self.run(ask_for(sql))

    def run(self, statement: Statement, keep: dict[str, str] | None = None) -> list[tuple[Any, ...]]:
        """The answer; ``keep`` is, for a relation, engine SQL that every row it gives must fulfil."""
        cursor = self.engine.cursor()
        for use in statement.tables:
            cursor.execute(relation_sql(use, [self.files[use.store.name]]))
            if keep:
                cursor.execute(f'ALTER VIEW "{use.relation}" RENAME TO "all_{use.relation}"')
                test = keep.get(use.relation, "TRUE")
                cursor.execute(f'CREATE TEMP VIEW "{use.relation}" AS SELECT * FROM "all_{use.relation}" WHERE {test}')
        try:
            return cursor.execute(statement.sql).fetchall()
        finally:
            for use in statement.tables:
                cursor.execute(f'DROP VIEW IF EXISTS "{use.relation}"')
                cursor.execute(f'DROP VIEW IF EXISTS "all_{use.relation}"')


def open_desk(folder: Path) -> Desk:
    """A desk over the small store (``trail`` and ``second-trail`` hold the same rows)."""
    engine = duckdb.connect()
    engine.execute("SET TimeZone = 'UTC'")
    for macro in MACROS:
        engine.execute(macro.replace(" TEMP ", " "))  # a cursor has temporary objects of its own
    trail = write(folder / "trail.parquet", EVENTS)
    config = write(folder / "config.parquet", (), "configurationitem")
    return Desk(engine, {"trail": trail, "second-trail": trail, "config": config})


def engine_test(condition: Condition) -> str:
    """A condition as engine SQL, for filtering rows before the statement sees them."""
    column, value = f'"{condition.column}"', condition.value
    if condition.operator in ("is null", "is not null"):
        return f"{column} {condition.operator}"
    if condition.operator == "starts with":
        return f"starts_with({column}, {_literal(value)})"
    if condition.operator == "in":
        assert isinstance(value, tuple)
        return f"{column} IN ({', '.join(_literal(one) for one in value)})"
    return f"{column} {condition.operator} {_literal(value)}"


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, dt.datetime):
        return f"TIMESTAMP '{value}'"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


# Placeholders that published queries have for a store.
SHARED_PLACES = r"\$EDS_ID|<[A-Za-z_]*(?:EDS|event[ _-]data[ _-]store)[ _-]?ID>"
