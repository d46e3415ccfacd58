"""The questions of the benchmarks: eight about the corpus, and the nineteen of the two incidents in it.

Each is one statement in Trino SQL over the table ``events``; ``benchmarks.words`` gives it in each peer's words, and
what scans texts has its own. Needles are drawn from the corpus itself, so that every question has an answer.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from trailmere.simulator import scenarios
from trailmere.simulator.cast import COMPROMISED_KEY

NEEDLE, GROUP, PARAMETER, JOIN, SEED = "needle", "group", "request parameter", "join", "seed"
NAMES = (
    "key in a window",
    "event id",
    "address",
    "user",
    "service and name",
    "errors by cause",
    "bucket",
    "object",
    "role chain",
)


@dataclass(frozen=True, slots=True)
class Needles:
    """What the questions look for: values that occur in the corpus. ``day`` is the day of the access key's events."""

    access_key: str
    day: str
    event_id: str
    address: str
    user: str
    bucket: str
    object: str
    object_bucket: str

    @property
    def next_day(self) -> str:
        """The day after ``day``."""
        return (date.fromisoformat(self.day) + timedelta(days=1)).isoformat()


@dataclass(frozen=True, slots=True)
class Question:
    """A question; ``kind`` tells which bar it is held against.

    ``jq`` is what follows ``.Records[] |``; a question without it joins events with each other. ``grep`` is a text that
    tells its records in raw files; two of them are enough, each takes as long as the other.
    """

    name: str
    kind: str
    sql: str
    jq: str | None = None
    grep: str | None = None


def main_questions(needles: Needles) -> tuple[Question, ...]:
    """The questions about these needles, in the order of ``NAMES``."""
    n = needles
    day = f"eventTime >= TIMESTAMP '{n.day} 00:00:00' AND eventTime < TIMESTAMP '{n.next_day} 00:00:00'"
    counted = "count(*) AS events FROM events"
    bucket = "element_at(requestParameters, 'bucketName')"
    found = (
        (
            NEEDLE,
            "SELECT eventTime, eventSource, eventName, sourceIPAddress, errorCode FROM events "
            f"WHERE userIdentity.accessKeyId = '{n.access_key}' AND {day} ORDER BY eventTime",
            f'select(.userIdentity.accessKeyId == "{n.access_key}" and (.eventTime | startswith("{n.day}"))) '
            "| [.eventTime, .eventSource, .eventName, .sourceIPAddress, .errorCode]",
            f'"accessKeyId":"{n.access_key}"',
        ),
        (
            NEEDLE,
            f"SELECT eventTime, eventName, requestParameters FROM events WHERE eventID = '{n.event_id}'",
            f'select(.eventID == "{n.event_id}") | [.eventTime, .eventName, .requestParameters]',
            f'"eventID":"{n.event_id}"',
        ),
        (
            NEEDLE,
            f"SELECT eventSource, eventName, {counted} WHERE sourceIPAddress = '{n.address}' "
            "GROUP BY eventSource, eventName",
            f'select(.sourceIPAddress == "{n.address}") | [.eventSource, .eventName]',
            None,
        ),
        (
            NEEDLE,
            f"SELECT eventSource, eventName, {counted} WHERE userIdentity.arn = '{n.user}' "
            "GROUP BY eventSource, eventName",
            f'select(.userIdentity.arn == "{n.user}") | [.eventSource, .eventName]',
            None,
        ),
        (
            GROUP,
            f"SELECT eventSource, eventName, {counted} GROUP BY eventSource, eventName",
            "[.eventSource, .eventName]",
            None,
        ),
        (
            GROUP,
            f"SELECT errorCode, eventSource, {counted} WHERE errorCode IS NOT NULL GROUP BY errorCode, eventSource",
            "select(.errorCode != null) | [.errorCode, .eventSource]",
            None,
        ),
        (
            PARAMETER,
            f"SELECT eventName, {counted} WHERE {bucket} = '{n.bucket}' GROUP BY eventName",
            f'select(.requestParameters.bucketName? == "{n.bucket}") | [.eventName]',
            None,
        ),
        (
            PARAMETER,
            f"SELECT eventTime, eventName, userIdentity.arn FROM events WHERE {bucket} = '{n.object_bucket}' "
            f"AND element_at(requestParameters, 'key') = '{n.object}' ORDER BY eventTime",
            f'select(.requestParameters.bucketName? == "{n.object_bucket}" '
            f'and .requestParameters.key? == "{n.object}") | [.eventTime, .eventName, .userIdentity.arn]',
            None,
        ),
        (JOIN, ROLE_CHAIN, None, None),
    )
    return tuple(Question(name, *parts) for name, parts in zip(NAMES, found, strict=True))


# What the sessions did that the compromised key brought about: from the credentials in an answer to their use.
ROLE_CHAIN = (
    "SELECT later.userIdentity.arn, later.eventSource, later.eventName, count(*) AS events "
    "FROM events AS issued JOIN events AS later "
    "ON json_extract_scalar(element_at(issued.responseElements, 'credentials'), '$.accessKeyId') "
    "= later.userIdentity.accessKeyId "
    f"WHERE issued.eventName = 'AssumeRole' AND issued.userIdentity.accessKeyId = '{COMPROMISED_KEY}' "
    "AND issued.eventTime > TIMESTAMP '2022-03-15 13:10:00' AND issued.eventTime < TIMESTAMP '2022-03-16 00:00:00' "
    "AND later.eventTime > TIMESTAMP '2022-03-15 13:10:00' AND later.eventTime < TIMESTAMP '2022-03-16 00:00:00' "
    "GROUP BY later.userIdentity.arn, later.eventSource, later.eventName"
)


def seed_questions() -> tuple[Question, ...]:
    """The nineteen questions of the two incidents, over the table ``events`` instead of the stores that they name."""
    return tuple(
        Question(f"q{number}", SEED, _over_events(question.sql)) for number, question in scenarios.QUESTIONS.items()
    )


def seed_truth() -> dict[str, list[tuple[Any, ...]]]:
    """The rows that the incidents' own scripts imply: question -> rows."""
    return {f"q{number}": question.rows() for number, question in scenarios.QUESTIONS.items()}


def all_questions(needles: Needles) -> tuple[Question, ...]:
    """The questions about the corpus, then the nineteen."""
    return (*main_questions(needles), *seed_questions())


def _over_events(sql: str) -> str:
    return sql.replace(scenarios.STORE_1, "events").replace(scenarios.STORE_2, "events").strip().rstrip(";")


# -- needles


def draw_needles(corpus: Path) -> Needles:
    """Values from the delivery in the middle of the corpus: the commonest key, address, user, bucket and object."""
    records: list[dict[str, Any]] = []
    paths = sorted(corpus.rglob("*.json.gz"), key=lambda path: path.name.split("_")[3])
    for path in paths[len(paths) // 2 :]:
        records += json.loads(gzip.decompress(path.read_bytes())).get("Records", [])
        if _commonest(records, _parameter("key")) and _commonest(records, _identity("accessKeyId")):
            break
    key = _commonest(records, _identity("accessKeyId"))
    keyed = next(record for record in records if _identity("accessKeyId")(record) == key)
    object_bucket, name = _commonest(records, _object) or ("", "")
    return Needles(
        access_key=key,
        day=keyed["eventTime"][:10],
        event_id=records[len(records) // 2]["eventID"],
        address=_commonest(records, lambda record: record.get("sourceIPAddress")),
        user=_commonest(records, _identity("arn")),
        bucket=_commonest(records, _parameter("bucketName")),
        object=name,
        object_bucket=object_bucket,
    )


def _identity(member: str) -> Callable[[dict[str, Any]], Any]:
    return lambda record: (record.get("userIdentity") or {}).get(member)


def _parameter(member: str) -> Callable[[dict[str, Any]], Any]:
    def value(record: dict[str, Any]) -> Any:
        found = (record.get("requestParameters") or {}).get(member)
        return found if isinstance(found, str) else None

    return value


def _object(record: dict[str, Any]) -> tuple[str, str] | None:
    bucket, key = _parameter("bucketName")(record), _parameter("key")(record)
    return (bucket, key) if bucket and key else None


def _commonest(records: list[dict[str, Any]], value: Callable[[dict[str, Any]], Any]) -> Any:
    found = Counter(value(record) for record in records)
    del found[None]
    return found.most_common(1)[0][0] if found else ""


def save(needles: Needles, path: Path) -> None:
    """Keep the needles for the contestants' processes."""
    path.write_text(json.dumps(asdict(needles)))


def load(path: Path) -> Needles:
    """The needles that ``save`` kept."""
    return Needles(**json.loads(path.read_text()))
