"""Answers as texts that can be compared, whoever gave them, and who disagrees with whom.

Two answers are the same when they hold the same rows, in whatever order. NULL, the empty text and the empty map are
taken for one: ClickHouse's maps have no other way to say that nothing is there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Rows = Iterable[Sequence[Any]]
SHOWN_ROWS = 2
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d+))?Z?\Z")


def summary(rows: Rows) -> dict[str, Any]:
    """What is kept of an answer: its size, a digest of its rows, and the first of them."""
    texts = sorted(json.dumps([cell(value) for value in row], ensure_ascii=False) for row in rows)
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    return {"rows": len(texts), "digest": digest, "shown": [text[:200] for text in texts[:SHOWN_ROWS]]}


def cell(value: Any) -> str:
    """One value as text: times without a fraction that is zero, maps and JSON texts with sorted members."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return _time(naive.isoformat(sep=" "))
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(_canonical(_entries(value)), sort_keys=True, ensure_ascii=False) if value else ""
    text = _time(str(value))
    parsed = _canonical(text)
    return text if parsed is text else json.dumps(parsed, sort_keys=True, ensure_ascii=False)


def disagreements(answers: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    """For each question that was answered differently, a line that names who said what.

    ``answers``: contestant -> question -> what ``summary`` keeps. A benchmark of wrong answers is worth nothing.
    """
    given: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    sizes: dict[str, str] = {}
    for contestant, questions in answers.items():
        for question, answer in questions.items():
            if "digest" in answer:
                given[question][answer["digest"]].append(contestant)
                sizes[answer["digest"]] = f"{answer['rows']} rows, first {answer['shown'][:1]}"
    for question, by_digest in given.items():
        if len(by_digest) > 1:
            sides = "; ".join(f"{', '.join(who)}: {sizes[digest]}" for digest, who in by_digest.items())
            yield f"**{question}** was answered differently: {sides}"


def _entries(value: Any) -> Any:
    """A map as a mapping: some give a list of pairs, or (Polars) of rows with key and value."""
    if isinstance(value, Mapping):
        return value
    return dict((item["key"], item["value"]) if isinstance(item, Mapping) else (item[0], item[1]) for item in value)


def _canonical(value: Any) -> Any:
    """JSON texts read, at whatever depth they lie: peers write the same value with other blanks and orders."""
    if isinstance(value, Mapping):
        return {key: _canonical(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_canonical(part) for part in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return _canonical(json.loads(value))
        except ValueError:
            return value
    return value


def _time(text: str) -> str:
    found = _TIME.match(text)
    if found is None:
        return text
    fraction = (found[3] or "").rstrip("0")
    return f"{found[1]} {found[2]}" + (f".{fraction}" if fraction else "")
