"""The questions of the benchmarks, each in the words of every contestant, and what they ask for.

The needles are drawn from the corpus itself (a delivery in its middle), so that every question has an answer. Columns
of peers that read the records directly have AWS's spelling; Trailmere's own Parquet has leaf columns in lower case.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

TRINO_TO_CLICKHOUSE = {
    "userIdentity.accessKeyId": "accessKeyId",
    "userIdentity.arn": "userArn",
    "element_at(requestParameters, 'bucketName')": "requestParameters['bucketName']",
    "TIMESTAMP '": "toDateTime64('",
    " 00:00:00'": " 00:00:00', 3, 'UTC')",
}
TRINO_TO_LEAVES = {
    "userIdentity.": "userIdentity__",
    "element_at(requestParameters, 'bucketName')": "requestParameters['bucketName']",
    "TIMESTAMP '": "toDateTime64('",
    " 00:00:00'": " 00:00:00', 6)",
}
COLUMNS = (
    "eventTime",
    "eventSource",
    "eventName",
    "sourceIPAddress",
    "errorCode",
    "requestParameters",
    "userIdentity__accessKeyId",
    "userIdentity__arn",
    "eventID",
)
KEYS = frozenset(column.partition("__")[0] for column in COLUMNS)


@dataclass(frozen=True, slots=True)
class Needles:
    """What the questions look for: values that occur in the corpus. ``day`` is the day of the access key's events."""

    access_key: str
    day: str
    event_id: str
    address: str
    user: str
    bucket: str

    @property
    def next_day(self) -> str:
        """The day after ``day``."""
        return (date.fromisoformat(self.day) + timedelta(days=1)).isoformat()


@dataclass(frozen=True, slots=True)
class Question:
    """A question in Trino SQL over the table ``events``. ``grep`` is the text that tells its records in raw files."""

    name: str
    means: str
    sql: str
    grep: str | None = None


def draw_needles(corpus: Path) -> Needles:
    """Values from the delivery in the middle of the corpus: the commonest key, address, user and bucket there."""
    paths = sorted(corpus.rglob("*.json.gz"))
    records: list[dict[str, Any]] = []
    for path in paths[len(paths) // 2 :]:
        records += json.loads(gzip.decompress(path.read_bytes())).get("Records", [])
        if _commonest(records, _bucket) and _commonest(records, _access_key):
            break
    key = _commonest(records, _access_key)
    keyed = next(record for record in records if _access_key(record) == key)
    return Needles(
        access_key=key,
        day=keyed["eventTime"][:10],
        event_id=records[len(records) // 2]["eventID"],
        address=_commonest(records, lambda record: record.get("sourceIPAddress")),
        user=_commonest(records, lambda record: (record.get("userIdentity") or {}).get("arn")),
        bucket=_commonest(records, _bucket),
    )


def _access_key(record: dict[str, Any]) -> str | None:
    return (record.get("userIdentity") or {}).get("accessKeyId")


def _bucket(record: dict[str, Any]) -> str | None:
    return (record.get("requestParameters") or {}).get("bucketName")


def _commonest(records: list[dict[str, Any]], value: Any) -> str:
    found = Counter(value(record) for record in records)
    del found[None]
    return found.most_common(1)[0][0] if found else ""


def questions(needles: Needles) -> tuple[Question, ...]:
    """The seven questions about these needles."""
    day = f"eventTime >= TIMESTAMP '{needles.day} 00:00:00' AND eventTime < TIMESTAMP '{needles.next_day} 00:00:00'"
    counted = "count(*) AS events FROM events"
    return (
        Question(
            "key in a day",
            "activity of an access key on one day",
            "SELECT eventTime, eventSource, eventName, sourceIPAddress, errorCode FROM events "
            f"WHERE userIdentity.accessKeyId = '{needles.access_key}' AND {day} ORDER BY eventTime",
            f'"accessKeyId":"{needles.access_key}"',
        ),
        Question(
            "event id",
            "one event by its id",
            f"SELECT eventTime, eventName, requestParameters FROM events WHERE eventID = '{needles.event_id}'",
            f'"eventID":"{needles.event_id}"',
        ),
        Question(
            "address, grouped",
            "what came from an address, by action",
            f"SELECT eventSource, eventName, {counted} WHERE sourceIPAddress = '{needles.address}' "
            "GROUP BY eventSource, eventName",
            f'"sourceIPAddress":"{needles.address}"',
        ),
        Question(
            "user",
            "what a principal did, by action",
            f"SELECT eventSource, eventName, {counted} WHERE userIdentity.arn = '{needles.user}' "
            "GROUP BY eventSource, eventName",
            f'"arn":"{needles.user}"',
        ),
        Question(
            "service and action",
            "all events by service and action",
            f"SELECT eventSource, eventName, {counted} GROUP BY eventSource, eventName",
        ),
        Question(
            "errors by cause",
            "failed calls by error code and service",
            f"SELECT errorCode, eventSource, {counted} WHERE errorCode IS NOT NULL GROUP BY errorCode, eventSource",
        ),
        Question(
            "bucket",
            "what happened to a bucket, a member of requestParameters",
            f"SELECT eventName, {counted} WHERE element_at(requestParameters, 'bucketName') = '{needles.bucket}' "
            "GROUP BY eventName",
            f'"bucketName":"{needles.bucket}"',
        ),
    )


def duckdb(sql: str) -> str:
    """The question in DuckDB's words."""
    return sql.replace("element_at(requestParameters, 'bucketName')", "requestParameters['bucketName']")


def clickhouse(sql: str) -> str:
    """The question over the MergeTree table, whose columns have AWS's spelling."""
    return _replaced(sql, TRINO_TO_CLICKHOUSE).replace("FROM events", "FROM lake.events")


def clickhouse_over_leaves(sql: str, source: str) -> str:
    """The question over Trailmere's Parquet files in ClickHouse's words; ``source`` is the table expression."""
    sql = _replaced(sql, TRINO_TO_LEAVES)
    for column in COLUMNS:
        sql = sql.replace(column, column.lower())
    return sql.replace("FROM events", f"FROM {source}")


def polars(sql: str) -> str:
    """The question for Polars' SQL over Trailmere's Parquet files; it has no maps, so none for ``bucket``."""
    sql = sql.replace("userIdentity.", "userIdentity__")
    for column in COLUMNS:
        sql = sql.replace(column, column.lower())
    return sql


def _replaced(sql: str, table: dict[str, str]) -> str:
    for old, new in table.items():
        sql = sql.replace(old, new)
    return sql


def save(needles: Needles, path: Path) -> None:
    """Keep the needles for the contestants' processes."""
    path.write_text(json.dumps(asdict(needles)))


def load(path: Path) -> Needles:
    """The needles that ``save`` kept."""
    return Needles(**json.loads(path.read_text()))
