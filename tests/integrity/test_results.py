"""Delivered results are what was signed, or it is said what is not; AWS's client reads our sign file.

``python -m tests.integrity.test_results N SEED`` tries each tampering N times.
"""

from __future__ import annotations

import json
import sys
from random import Random

import pytest

from tests.integrity.world import FINISHED, QUERY_ID, TAMPERINGS, answer, delivered, key
from trailmere.integrity import results, signing

TRIALS = 20


def undetected(tampering: str, trials: int, seed: int) -> list[int]:
    """The trials whose change nobody noticed."""
    missed = []
    for trial in range(trials):
        folder = delivered()
        TAMPERINGS[tampering](folder, Random(f"{seed} {trial}"))
        if not folder.findings():
            missed.append(trial)
    return missed


def test_what_was_delivered_is_what_was_signed() -> None:
    assert delivered().findings() == []


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_every_tampering_is_found(tampering: str) -> None:
    assert undetected(tampering, TRIALS, seed=1) == []


def test_a_finding_names_the_file() -> None:
    folder = delivered()
    folder.files["result_2.csv.gz"] += b"x"

    assert all("result_2.csv.gz is not what" in finding for finding in folder.findings())


def test_a_key_out_of_its_time_does_not_count() -> None:
    folder = delivered(finished="2031-01-01T00:00:00+00:00")

    assert any("its key was not in use" in finding for finding in folder.findings())


def test_white_space_and_the_order_of_members_do_not_matter() -> None:
    folder = delivered()
    folder.described = json.dumps(json.loads(folder.described or b""), sort_keys=True).encode()

    assert folder.findings() == []


def test_the_sign_file_has_the_members_and_the_signature_that_awss_client_reads() -> None:
    said = answer({"result_1.csv.gz": b"one", "result_2.csv.gz": b"two"})

    document = json.loads(results.sign_file(said, FINISHED, key()))

    hashes = [file["fileHashValue"] for file in document["files"]]
    assert document == {
        "version": "1.0",
        "region": "us-east-1",
        "files": [{"fileHashValue": file.sha256, "fileName": file.name} for file in said.files],
        "hashAlgorithm": "SHA-256",
        "signatureAlgorithm": "SHA256withRSA",
        "queryCompleteTime": "2026-03-01T12:30:15Z",
        "hashSignature": document["hashSignature"],
        "publicKeyFingerprint": key().fingerprint,
    }
    assert signing.is_signed(key().public_der, " ".join(hashes).encode(), document["hashSignature"])


def test_a_manifest_tells_its_answer() -> None:
    assert results.described_answer(delivered().described or b"")["query_id"] == QUERY_ID
    assert results.described_answer(b"[") == {}


def main(trials: int, seed: int) -> int:
    """Try each tampering so often; how many were not found."""
    missed = 0
    for tampering in TAMPERINGS:
        found = undetected(tampering, trials, seed)
        missed += len(found)
        print(f"{tampering:40} {trials - len(found):,} of {trials:,} found")
    return missed


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])) > 0)
