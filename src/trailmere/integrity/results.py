"""Signed query results: the sign file that AWS's clients check, and a manifest that proves more.

``result_sign.json`` is AWS's (user guide, "CloudTrail Lake query result integrity validation"): it signs the hashes of
the files, joined by blanks, and so says nothing of the question. ``trailmere_manifest.json`` signs the question, who
the stores belong to, what was read of them and when, and each file's name, place, hash and number of rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from trailmere.integrity import signing

SIGN_FILE = "result_sign.json"
MANIFEST_FILE = "trailmere_manifest.json"
CONTEXT = b"trailmere query results 1\n"  # so that no other signature of the same key can stand for this one
TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class ResultFile:
    """One file of an answer: its name, the SHA-256 of its bytes as they lie there, its rows without header lines."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class StoreRead:
    """An event data store as the answer saw it. Times are ISO 8601; ids are text, since readers of JSON round them."""

    arn: str
    snapshot_id: str | None
    snapshot_time: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a manifest says of an answer. Times are ISO 8601 with their zone."""

    query_id: str
    statement: str
    account_id: str
    region: str
    asked_by: str
    created: str
    finished: str
    stores: tuple[StoreRead, ...]
    columns: tuple[str, ...]
    rows: int
    files: tuple[ResultFile, ...]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, and from when to when it signs."""

    der: bytes
    valid_from: datetime
    valid_until: datetime


def sign_file(answer: Answer, completed: datetime, key: signing.KeyPair) -> bytes:
    """The bytes of ``result_sign.json``."""
    hashes = [file.sha256 for file in answer.files]
    document = {
        "version": "1.0",
        "region": answer.region,
        "files": [{"fileHashValue": file.sha256, "fileName": file.name} for file in answer.files],
        "hashAlgorithm": "SHA-256",
        "signatureAlgorithm": "SHA256withRSA",
        "queryCompleteTime": completed.strftime(TIME),
        "hashSignature": signing.sign(key.private_der, " ".join(hashes).encode()),
        "publicKeyFingerprint": key.fingerprint,
    }
    return json.dumps(document, indent=2).encode()


def manifest(answer: Answer, key: signing.KeyPair) -> bytes:
    """The bytes of ``trailmere_manifest.json``."""
    content = asdict(answer)
    document = {
        "answer": content,
        "signatureAlgorithm": "SHA256withRSA",
        "signature": signing.sign(key.private_der, _signed_text(content)),
        "publicKeyFingerprint": key.fingerprint,
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def verify(
    files: Mapping[str, str],
    signed: bytes | None,
    described: bytes | None,
    keys: Mapping[str, PublicKey],
    *,
    query_id: str | None = None,
    with_manifest: bool = True,
) -> list[str]:
    """What is wrong with delivered results, a sentence each; nothing where all is as it was signed.

    ``files``: the SHA-256 of each file that lies there but the two that are signed; ``signed``, ``described``: the
    bytes of these two, None where there is none; ``keys`` by fingerprint; ``query_id``: of the query that was meant, if
    known. Without ``with_manifest``, as for results that AWS delivered, only hashes are proved.
    """
    findings = _verify_sign_file(files, signed, keys)
    if not with_manifest:
        return findings
    findings += _verify_manifest(files, described, keys, query_id)
    return findings or _disagreements(_document(signed), _document(described))


def described_answer(described: bytes) -> dict[str, Any]:
    """What a manifest says of its answer; empty where it cannot be read. Not verified."""
    answer = (_document(described) or {}).get("answer")
    return answer if isinstance(answer, dict) else {}


def _verify_sign_file(files: Mapping[str, str], signed: bytes | None, keys: Mapping[str, PublicKey]) -> list[str]:
    if (document := _document(signed)) is None:
        return [f"{SIGN_FILE} is missing, or is no JSON object"]
    listed = _listed(document.get("files"), "fileName", "fileHashValue")
    if listed is None:
        return [f"{SIGN_FILE} lists no files"]
    findings = _compare(files, listed, SIGN_FILE)
    text = " ".join(sha256 for _name, sha256 in listed).encode()
    findings += _verify_signature(
        SIGN_FILE, document, "hashSignature", text, keys, _moment(document.get("queryCompleteTime"))
    )
    return findings


def _verify_manifest(
    files: Mapping[str, str], described: bytes | None, keys: Mapping[str, PublicKey], query_id: str | None
) -> list[str]:
    if (document := _document(described)) is None or not isinstance(answer := document.get("answer"), dict):
        return [f"{MANIFEST_FILE} is missing, or is no JSON object"]
    listed = _listed(answer.get("files"), "name", "sha256")
    if listed is None:
        return [f"{MANIFEST_FILE} lists no files"]
    findings = _compare(files, listed, MANIFEST_FILE)
    findings += _verify_signature(
        MANIFEST_FILE, document, "signature", _signed_text(answer), keys, _moment(answer.get("finished"))
    )
    if query_id is not None and answer.get("query_id") != query_id:
        findings.append(f"{MANIFEST_FILE} is that of query {answer.get('query_id')}, and not of {query_id}")
    return findings


def _compare(files: Mapping[str, str], listed: Sequence[tuple[str, str]], by: str) -> list[str]:
    findings = [f"{name} is missing: {by} lists it" for name, _sha256 in listed if name not in files]
    findings += [
        f"{name} is not what {by} says: expected SHA-256 {sha256}, got {files[name]}"
        for name, sha256 in listed
        if name in files and files[name] != sha256
    ]
    findings += [f"{name} is not listed in {by}" for name in sorted(files.keys() - dict(listed).keys())]
    if len(dict(listed)) != len(listed):
        findings.append(f"{by} lists a file twice")
    return findings


def _verify_signature(
    name: str,
    document: Mapping[str, Any],
    member: str,
    text: bytes,
    keys: Mapping[str, PublicKey],
    moment: datetime | None,
) -> list[str]:
    key = keys.get(str(document.get("publicKeyFingerprint")))
    if key is None:
        return [f"{name} is signed by a key that is not known: {document.get('publicKeyFingerprint')}"]
    if not signing.is_signed(key.der, text, str(document.get(member))):
        return [f"{name} is not signed by its key: it was changed after it was signed"]
    if moment is None or not key.valid_from <= moment <= key.valid_until:
        return [f"{name} tells a time at which its key was not in use"]
    return []


def _disagreements(signed: Mapping[str, Any] | None, described: Mapping[str, Any] | None) -> list[str]:
    """Both are genuine: but are they of the same answer?"""
    assert signed is not None
    assert described is not None
    answer = described["answer"]
    same = (
        [(file["fileName"], file["fileHashValue"]) for file in signed["files"]]
        == [(file["name"], file["sha256"]) for file in answer["files"]]
        and signed["region"] == answer["region"]
        and _moment(signed["queryCompleteTime"]) == _moment(answer["finished"])
    )
    return [] if same else [f"{SIGN_FILE} and {MANIFEST_FILE} tell of different answers"]


def _signed_text(answer: Mapping[str, Any]) -> bytes:
    """The manifest's answer in one form only, whatever the white space and order of its file."""
    text = json.dumps(answer, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return CONTEXT + text.encode()


def _document(content: bytes | None) -> dict[str, Any] | None:
    try:
        found = json.loads(content or b"")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _listed(files: Any, name: str, sha256: str) -> list[tuple[str, str]] | None:
    if not isinstance(files, list) or not files:
        return None
    if not all(isinstance(file, dict) and {name, sha256} <= file.keys() for file in files):
        return None
    return [(str(file[name]), str(file[sha256])) for file in files]


def _moment(text: Any) -> datetime | None:
    """A time of either file, to the second."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment.replace(microsecond=0) if moment.tzinfo is not None else None
