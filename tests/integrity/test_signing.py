"""Signatures as CloudTrail makes them, judged by another implementation where there is one."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integrity.world import key
from trailmere.integrity import signing


def test_what_is_signed_is_recognised_and_nothing_else() -> None:
    signature = signing.sign(key().private_der, b"text")

    assert signing.is_signed(key().public_der, b"text", signature)
    assert not signing.is_signed(key().public_der, b"texts", signature)
    assert not signing.is_signed(key(2).public_der, b"text", signature)


@pytest.mark.parametrize(
    ("public_der", "signature"), [(b"", "00"), (b"\x30", "00"), (None, "zz"), (None, ""), (None, "é")]
)
def test_what_is_no_key_or_no_signature_is_no_proof(public_der: bytes | None, signature: str) -> None:
    assert not signing.is_signed(key().public_der if public_der is None else public_der, b"text", signature)


def test_a_fingerprint_is_that_of_the_public_key() -> None:
    assert key().fingerprint == hashlib.sha256(key().public_der).hexdigest()[:32]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_reads_the_public_key_and_accepts_the_signature(tmp_path: Path) -> None:
    (tmp_path / "key.der").write_bytes(key().public_der)
    (tmp_path / "text").write_bytes(b"text")
    (tmp_path / "signature").write_bytes(bytes.fromhex(signing.sign(key().private_der, b"text")))

    reads = ["openssl", "rsa", "-RSAPublicKey_in", "-inform", "DER", "-in", "key.der", "-pubout", "-out", "key.pem"]
    verifies = ["openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "text"]
    for command in (reads, verifies):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
