"""RSA keys and signatures as CloudTrail's: 2048 bits, PKCS#1 v1.5, SHA-256.

Source: AWS CloudTrail user guide, "Custom implementations of CloudTrail log file integrity validation". Keys come and
go as bytes: a public key as DER of PKCS#1's RSAPublicKey (RFC 8017, appendix A.1.1), a private key as DER of PKCS#8.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

KEY_BITS = 2048
FINGERPRINT_DIGITS = 32


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key that signs. ``fingerprint`` names its public half."""

    public_der: bytes
    private_der: bytes
    fingerprint: str


def new_key() -> KeyPair:
    """A new key."""
    private = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    public_der = private.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    private_der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(public_der, private_der, fingerprint(public_der))


def fingerprint(public_der: bytes) -> str:
    """The name of a public key: the first 32 hexadecimal digits of its SHA-256. AWS's are as long; how those are made
    is not said, and clients only compare them."""
    return hashlib.sha256(public_der).hexdigest()[:FINGERPRINT_DIGITS]


def sign(private_der: bytes, text: bytes) -> str:
    """The signature of ``text``, in hexadecimal."""
    key = load_der_private_key(private_der, password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("expected an RSA key")
    return key.sign(text, PKCS1v15(), hashes.SHA256()).hex()


def is_signed(public_der: bytes, text: bytes, signature: str) -> bool:
    """Whether ``signature`` (hexadecimal) is that of ``text``. False for whatever is no key or no signature."""
    try:
        key = load_der_public_key(public_der)
        if not isinstance(key, RSAPublicKey):
            return False
        key.verify(bytes.fromhex(signature), text, PKCS1v15(), hashes.SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True
