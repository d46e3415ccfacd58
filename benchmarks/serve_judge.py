"""After a load run: is every acknowledged event in the store once, as it was sent, and every call in the journal?

Told twice: as ``trailmere query`` answers, and as the judge of the fault runs reads database, manifests and Parquet
files, without any of Trailmere's code. The server has ended.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults.checker import Verdict, read_table

from benchmarks import serve_world as world

if TYPE_CHECKING:
    from benchmarks.serve_clients import Seen


@dataclass
class Judgement:
    """Counts by what was looked for, and what is not as it must be."""

    counts: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def none(self, what: str, found: Sequence[object]) -> None:
        """There must be none of these."""
        self.counts[what] = len(found)
        self.violations += [f"{what}: {one}"[:600] for one in found[:20]]


def judge(lake: Path, told: world.Told, seen: Seen) -> Judgement:
    """Everything that can be said about the lake after the run."""
    judgement = Judgement()
    acknowledged = {id for _client, _call, ids in seen.acknowledged for id in ids}
    judgement.counts["events acknowledged"] = len(acknowledged)
    queried = _queried(lake, f"SELECT eventID AS id FROM {world.PUSHED}")
    _compare(judgement, "as trailmere query answers", acknowledged, queried)
    rows = _rows(lake, told.pushed, judgement)
    _compare(judgement, "as the Parquet files hold", acknowledged, [row["eventid"] for row in rows])
    judgement.none("events that are not what was sent", _changed(rows, told.seed, seen))
    calls = _queried(lake, "SELECT requestID AS id FROM trailmere-activity")
    judgement.counts["answered calls"] = len(seen.request_ids)
    _once(judgement, "answered calls", "the journal of calls", set(seen.request_ids), calls)
    judgement.none("findings of trailmere verify --full", _findings(lake))
    return judgement


def _compare(judgement: Judgement, how: str, acknowledged: set[str], found: list[str]) -> None:
    _once(judgement, "acknowledged events", how, acknowledged, found)
    judgement.none(f"events that nobody sent, {how}", sorted(set(found) - acknowledged))


def _once(judgement: Judgement, what: str, how: str, wanted: Iterable[str], found: list[str]) -> None:
    counts = Counter(found)
    judgement.none(f"{what} lost, {how}", [id for id in wanted if id not in counts])
    judgement.none(f"{what} twice, {how}", [id for id in wanted if counts[id] > 1])


def _queried(lake: Path, statement: str) -> list[str]:
    lines = world.trailmere(lake, "query", statement, "--output", "ndjson", "--limit", "0").splitlines()
    return [json.loads(line)["id"] for line in lines]


def _rows(lake: Path, store: str, judgement: Judgement) -> list[dict[str, Any]]:
    verdict = Verdict()
    database = sqlite3.connect(f"file:{lake / 'lake.db'}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    try:
        rows = read_table(database, store, verdict).rows
    finally:
        database.close()
    judgement.none("faults of the table", verdict.violations)
    return rows


def _changed(rows: list[dict[str, Any]], seed: int, seen: Seen) -> list[str]:
    """The rows whose ``eventData`` is not that of the event with their id."""
    sent = {
        id: data
        for client, call, ids in seen.acknowledged
        for id, data in zip(ids, world.pushed_data(seed, client, call), strict=True)
    }
    return [row["eventid"] for row in rows if json.loads(row["eventjson"])["eventData"] != sent.get(row["eventid"])]


def _findings(lake: Path) -> list[str]:
    said = json.loads(world.trailmere(lake, "verify", "--full", "--output", "json", codes=(0, 1)))
    return [json.dumps(finding) for finding in said.get("findings", [])]
