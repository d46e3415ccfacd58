"""Signed results as a courier leaves them, in memory; and hands that change them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from trailmere.integrity import results, signing

FINISHED = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
QUERY_ID = "0a1b2c3d-0000-4000-8000-000000000001"


@cache
def _made(_number: int) -> signing.KeyPair:
    return signing.new_key()


def key(number: int = 1) -> signing.KeyPair:
    """The key of this number; keys take a while to make."""
    return _made(number)


def known_keys() -> dict[str, results.PublicKey]:
    """Those that a verifier trusts."""
    return {key().fingerprint: results.PublicKey(key().public_der, FINISHED - timedelta(1), FINISHED + timedelta(1))}


@dataclass
class Delivered:
    """A folder of delivered results."""

    files: dict[str, bytes]
    signed: bytes | None
    described: bytes | None
    query_id: str = QUERY_ID

    def findings(self) -> list[str]:
        """What verification says."""
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}
        return results.verify(hashes, self.signed, self.described, known_keys(), query_id=self.query_id)


def answer(files: dict[str, bytes], **other: Any) -> results.Answer:
    """What is said of an answer in these files."""
    described = results.Answer(
        query_id=QUERY_ID,
        statement="SELECT eventName, 'é' FROM trail",
        account_id="111122223333",
        region="us-east-1",
        asked_by="arn:aws:iam::111122223333:user/ana",
        created=(FINISHED - timedelta(seconds=4)).isoformat(),
        finished=FINISHED.isoformat(),
        stores=(
            results.StoreRead(
                "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/x", "7619354070443138588", None
            ),
        ),
        columns=("eventName", "_col1"),
        rows=sum(content.count(b"\n") for content in files.values()),
        files=tuple(
            results.ResultFile(name, hashlib.sha256(content).hexdigest(), content.count(b"\n"))
            for name, content in files.items()
        ),
    )
    return replace(described, **other)


def delivered(by: int = 1, **other: str) -> Delivered:
    """Results of three files, signed by key number ``by``."""
    made = _delivered(by, **other)
    return replace(made, files=dict(made.files))


@cache
def _delivered(by: int, **other: str) -> Delivered:
    files = {f"result_{number}.csv.gz": f"a,{number}\nb,{number}\n".encode() for number in (1, 2, 3)}
    said = answer(files, **other)
    finished = datetime.fromisoformat(said.finished)
    return Delivered(files, results.sign_file(said, finished, key(by)), results.manifest(said, key(by)))


def _edited(content: bytes | None, change: Callable[[dict[str, Any]], None]) -> bytes:
    document = json.loads(content or b"")
    change(document)
    return json.dumps(document).encode()


def _flip(content: bytes, random: Random) -> bytes:
    place, bit = random.randrange(len(content)), 1 << random.randrange(8)
    return content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]


def _one(random: Random, folder: Delivered) -> str:
    return random.choice(sorted(folder.files))


def _content(folder: Delivered, random: Random) -> None:
    name = _one(random, folder)
    folder.files[name] = _flip(folder.files[name], random)


def _cut(folder: Delivered, random: Random) -> None:
    name = _one(random, folder)
    folder.files[name] = folder.files[name][: random.randrange(len(folder.files[name]))]


def _lost(folder: Delivered, random: Random) -> None:
    del folder.files[_one(random, folder)]


def _added(folder: Delivered, random: Random) -> None:
    folder.files[f"result_{random.randrange(4, 99)}.csv.gz"] = random.randbytes(9)


def _swapped(folder: Delivered, random: Random) -> None:
    one, other = random.sample(sorted(folder.files), 2)
    folder.files[one], folder.files[other] = folder.files[other], folder.files[one]


def _renamed(folder: Delivered, random: Random) -> None:
    """The file, and its name in both lists: AWS's signature does not hold names."""
    old = _one(random, folder)
    new = f"result_{random.randrange(4, 99)}.csv.gz"
    folder.files[new] = folder.files.pop(old)
    folder.signed = (folder.signed or b"").replace(old.encode(), new.encode())
    folder.described = (folder.described or b"").replace(old.encode(), new.encode())


def _reordered(folder: Delivered, random: Random) -> None:
    folder.described = _edited(folder.described, lambda document: document["answer"]["files"].reverse())


def _question(folder: Delivered, random: Random) -> None:
    member = random.choice(["statement", "query_id", "account_id", "region", "asked_by"])
    said = json.loads(folder.described or b"")["answer"][member]
    changed = said + random.choice("abc") if random.random() < 0.5 else said[:-1]
    folder.described = _edited(folder.described, lambda document: document["answer"].update({member: changed}))


def _look(folder: Delivered, random: Random) -> None:
    member, value = random.choice(
        [("arn", "arn:other"), ("snapshot_id", str(random.random())), ("snapshot_time", "1970")]
    )
    folder.described = _edited(
        folder.described, lambda document: document["answer"]["stores"][0].update({member: value})
    )


def _time(folder: Delivered, random: Random) -> None:
    member = random.choice(["created", "finished"])
    moment = (FINISHED + timedelta(seconds=random.randrange(1, 9999))).isoformat()
    folder.described = _edited(folder.described, lambda document: document["answer"].update({member: moment}))


def _counts(folder: Delivered, random: Random) -> None:
    def change(document: dict[str, Any]) -> None:
        where = random.choice([document["answer"], *document["answer"]["files"]])
        where["rows"] += random.choice([-1, 1])

    folder.described = _edited(folder.described, change)


def _other_key(folder: Delivered, random: Random) -> None:
    """Signed again by a key that nobody knows, under its own name or under that of the known one."""
    forged = delivered(by=2)
    name = random.choice([key(1), key(2)]).fingerprint.encode()
    for part in ("signed", "described"):
        setattr(folder, part, getattr(forged, part).replace(key(2).fingerprint.encode(), name))


def _other_query(folder: Delivered, random: Random) -> None:
    """Genuine results of another query, or a genuine half of them."""
    other = delivered(query_id=f"0a1b2c3d-0000-4000-8000-{random.randrange(2, 999):012d}")
    folder.described = other.described
    if random.random() < 0.5:
        folder.signed, folder.files = other.signed, other.files


def _signature(folder: Delivered, random: Random) -> None:
    part, member = random.choice([("signed", "hashSignature"), ("described", "signature")])
    content = json.loads(getattr(folder, part))
    bytes_ = _flip(bytes.fromhex(content[member]), random)
    setattr(folder, part, _edited(getattr(folder, part), lambda document: document.update({member: bytes_.hex()})))


def _unsigned(folder: Delivered, random: Random) -> None:
    setattr(folder, random.choice(["signed", "described"]), random.choice([None, b"", b"[]", b"{}", b"null"]))


TAMPERINGS: dict[str, Callable[[Delivered, Random], None]] = {
    "a bit of a file is changed": _content,
    "a file is cut": _cut,
    "a file is lost": _lost,
    "a file is added": _added,
    "two files are swapped": _swapped,
    "a file is renamed everywhere": _renamed,
    "the order of the files is changed": _reordered,
    "the question is changed": _question,
    "what was read is changed": _look,
    "the time is changed": _time,
    "the number of rows is changed": _counts,
    "all is signed by another key": _other_key,
    "they are those of another query": _other_query,
    "a bit of a signature is changed": _signature,
    "a signature is taken away": _unsigned,
}
