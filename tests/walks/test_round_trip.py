"""Any record, in any wrapper, comes back with the same text: through a real ingest into a real lake."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.walks.door import opened, rows, trailmere

RECORDS_A_LAKE = 60
MEMBERS = (
    "userIdentity",
    "requestParameters",
    "responseElements",
    "resources",
    "readOnly",
    "tlsDetails",
    "eventVersion",
    "eventName",
    "sourceIPAddress",
    "eventContext",
)
NUMBERS = ("0", "-0", "1.10", "1E400", "-2.50e-7", "18446744073709551617", "9" * 400)
ODD_STRINGS = ('"\\ud83d"', '"\\u0041\\/"', '"\\u0000"', '"\\uD83D\\uDE00"', '"\u2028\U0001f600"', '"<b>=cmd()"')
SPACES = st.sampled_from(("", "", "", " ", "\t", "  "))


def json_strings() -> st.SearchStrategy[str]:
    """JSON text of strings: as written with and without ASCII escapes, and odd ones."""
    plain = st.text(st.characters(codec="utf-8"), max_size=12)
    return st.one_of(
        plain.map(lambda text: json.dumps(text, ensure_ascii=False)),
        plain.map(json.dumps),
        st.sampled_from(ODD_STRINGS),
    )


def json_texts() -> st.SearchStrategy[str]:
    """JSON text of any value, with blanks in it, numbers and escapes of every form, and repeated keys."""
    leaves = st.one_of(json_strings(), st.sampled_from(NUMBERS), st.sampled_from(("null", "true", "false")))
    return st.recursive(leaves, lambda inner: st.one_of(arrays(inner), objects(json_strings(), inner)), max_leaves=6)


def arrays(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """``[ value, value ]``."""
    return st.builds(lambda space, parts: f"[{space}{(space + ',').join(parts)}]", SPACES, st.lists(inner, max_size=3))


def objects(keys: st.SearchStrategy[str], inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """``{ key : value }``, keys repeated at will."""
    member = st.builds(lambda key, space, value: f"{key}{space}:{space}{value}", keys, SPACES, inner)
    return st.builds(lambda space, parts: f"{{{space}{','.join(parts)}}}", SPACES, st.lists(member, max_size=3))


def record_texts() -> st.SearchStrategy[str]:
    """The text of a record up to its eventID: an eventTime, and whatever else."""
    keys = st.one_of(st.sampled_from(MEMBERS).map(json.dumps), json_strings())
    member = st.builds(lambda key, space, value: f"{key}:{space}{value}", keys, SPACES, json_texts())
    times = st.datetimes().filter(lambda time: time.year > 1999).map(lambda time: f'"{time:%Y-%m-%dT%H:%M:%S}Z"')
    return st.builds(
        lambda time, parts: "{" + ",".join([f'"eventTime":{time}', *parts]), times, st.lists(member, max_size=5)
    )


def _envelope(texts: list[str]) -> str:
    return '{"Records":[' + ",".join(texts) + "]}"


def _lookup_events(texts: list[str]) -> str:
    return json.dumps({"Events": [{"EventId": "x", "CloudTrailEvent": text} for text in texts]})


def _eventbridge(texts: list[str]) -> str:
    return "\n".join(f'{{"version":"0","detail-type":"AWS API Call via CloudTrail","detail":{text}}}' for text in texts)


def _wrapped(texts: list[str]) -> str:
    return "\n".join(f'{{"tool":"x","data":{{"record":{text}}}}}' for text in texts)


WRAPPERS: tuple[Callable[[list[str]], str], ...] = (
    _envelope,
    lambda texts: "[" + " ,\n".join(texts) + "]",
    lambda texts: "\n".join(texts) + "\n",
    lambda texts: " ".join(texts),
    _lookup_events,
    _eventbridge,
    _wrapped,
)

deliveries = st.lists(
    st.tuples(st.sampled_from(WRAPPERS), st.booleans(), st.lists(record_texts(), min_size=1, max_size=6)),
    min_size=8,
    max_size=RECORDS_A_LAKE // 3,
)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(deliveries)
def test_a_record_comes_back_with_the_text_it_was_delivered_with(
    drawn: list[tuple[Callable[[list[str]], str], bool, list[str]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sent = _write(Path(folder, "logs"), drawn)
        lake = Path(folder, "lake")
        trailmere("store", "create", "events", lake=lake)

        account = json.loads(
            trailmere("ingest", Path(folder, "logs"), "--store", "events", "--output", "json", lake=lake).stdout
        )
        with opened(lake) as app:
            answer = rows(app, "SELECT eventJson FROM events")
            letters = [(letter.letter.reason, letter.letter.message) for letter in app.lake.dead_letters()]

        assert letters == [], account
        assert Counter(row["eventJson"] for row in answer) == sent


def _write(folder: Path, drawn: list[tuple[Callable[[list[str]], str], bool, list[str]]]) -> Counter[str]:
    """Write one file a delivery; each record gets an eventID of its own. Returns the texts that were sent."""
    folder.mkdir()
    sent: Counter[str] = Counter()
    for number, (wrap, zipped, heads) in enumerate(drawn):
        texts = [f'{head},"eventID":"{number}-{place}"}}' for place, head in enumerate(heads)]
        content = wrap(texts).encode("utf-8")
        name = folder / (f"{number}.json.gz" if zipped else f"{number}.json")
        name.write_bytes(gzip.compress(content) if zipped else content)
        sent.update(texts)
    return sent
