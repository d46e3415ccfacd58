"""The corpora of the benchmarks hold what was asked for, each event once."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from benchmarks import corpus, questions


def records(folder: Path) -> list[dict[str, object]]:
    return [
        record
        for path in folder.rglob("*.json.gz")
        for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]
    ]


def test_a_corpus_has_the_events_and_files_asked_for_each_event_once(tmp_path: Path) -> None:
    made = corpus.make(tmp_path, corpus.Shape(events=6_000, files=240), "small files")

    found = records(tmp_path)
    assert made.events == len(found) == pytest.approx(6_000, rel=0.1)
    assert made.files == pytest.approx(240, rel=0.15)
    assert len({record["eventID"] for record in found}) == made.events


def test_more_accounts_are_more_organisations_without_an_event_in_common(tmp_path: Path) -> None:
    made = corpus.make(tmp_path, corpus.Shape(events=4_000, files=100, accounts=14), "accounts")

    found = records(tmp_path)
    assert made.accounts == len({record["recipientAccountId"] for record in found}) == 14
    assert len({record["eventID"] for record in found}) == len(found)


def test_every_needle_occurs_in_the_corpus(tmp_path: Path) -> None:
    corpus.make(tmp_path, corpus.Shape(events=3_000, files=60), "needles")

    needles = questions.draw_needles(tmp_path)

    text = json.dumps(records(tmp_path), separators=(",", ":"))
    sought = (needles.access_key, needles.event_id, needles.address, needles.user, needles.bucket, needles.object)
    assert all(needle and needle in text for needle in sought)
