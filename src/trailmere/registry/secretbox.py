"""Secrets at rest: what the database keeps of a secret is of no use to who has the database alone.

AES-256-GCM under a key of 32 random bytes in ``secrets.key``, a file of its own. What a secret is for goes in as
associated data (NIST SP 800-38D, section 7), so that a sealed secret in the place of another does not open. The
database remembers the key's fingerprint: a lake whose key file is lost or swapped is told, and no second key is made.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, insert, select

from trailmere.errors import SecretsUnreadable
from trailmere.registry.database import META, reading, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

FILE_NAME = "secrets.key"
VERSION = b"\x01"
_KEY_BYTES = 32
_NONCE_BYTES = 12  # random: safe for 2**32 secrets under one key (SP 800-38D, section 8.3)
_FINGERPRINT = "secrets_key"  # its row in the database's META
_RESTORE = "put the lake's own key file back from where it is kept. If it is lost for good: trailmere key start-over"


class SecretBox:
    """Seals and unseals secrets with the key of a file."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self._cipher = AESGCM(key)
        self._key = key

    @classmethod
    def open(cls, folder: Path) -> SecretBox:
        """The box of ``folder/secrets.key``, which is made (mode 0600, on disk) where it lacks. Any number of processes
        may do so at once. Raises SecretsUnreadable: it cannot be read or made, is no key, or anybody may read it."""
        path = folder / FILE_NAME
        try:
            if not path.exists():
                _make(path)
            return cls(path, _read(path))
        except OSError as error:
            raise SecretsUnreadable(
                f"cannot read or make the key file {path}: {error.strerror or error}",
                hint="see that this user may read it, or name another folder: TRAILMERE_KEYS",
            ) from error

    @classmethod
    def of_lake(cls, engine: Engine, folder: Path) -> SecretBox:
        """As ``open``, of the lake with this database. Raises SecretsUnreadable when the lake's secrets were sealed
        with a key that is not the one in ``folder``."""
        path = folder / FILE_NAME
        if (known := known_key(engine)) is not None and not path.exists():
            raise SecretsUnreadable(f"the lake's secrets need the key {known}: there is no {path}", hint=_RESTORE)
        box = cls.open(folder)
        if known is None:
            known = _remember(engine, box.fingerprint)
        if known != box.fingerprint:
            raise SecretsUnreadable(
                f"the lake's secrets need the key {known}: {path} holds {box.fingerprint}", hint=_RESTORE
            )
        return box

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that tell keys apart, and nothing about them."""
        return hashlib.blake2b(b"", digest_size=8, key=self._key, person=b"fingerprint").hexdigest()

    def subkey(self, purpose: str) -> bytes:
        """32 bytes for a purpose, always the same, from which nothing can be learnt about the key or other subkeys."""
        return hashlib.blake2b(purpose.encode(), digest_size=32, key=self._key, person=b"subkey").digest()

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """``secret``, sealed: a version byte, the nonce, the cipher text with its tag. ``purpose`` says what it is the
        secret of, for example ``access key AKIA...``, and is needed to open it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, secret, purpose.encode())

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """The secret. Raises SecretsUnreadable: sealed with another key, for another purpose, or changed since."""
        version, nonce, rest = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if version != VERSION or len(nonce) < _NONCE_BYTES:
            raise SecretsUnreadable(f"the {purpose} is not sealed in a way that this Trailmere knows", hint=_RESTORE)
        try:
            return self._cipher.decrypt(nonce, rest, purpose.encode())
        except InvalidTag:
            raise SecretsUnreadable(
                f"the {purpose} does not open with the key {self.fingerprint} in {self.path}", hint=_RESTORE
            ) from None


def _make(path: Path) -> None:
    """Put a new key at ``path``, whole, unless another process was faster: then its key stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)  # a rename would replace the other's key
    finally:
        draft.unlink()


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        key = file.read(_KEY_BYTES + 1)
    if mode & stat.S_IRWXO:
        raise SecretsUnreadable(f"anybody may read the key file {path}", hint=f"take that away: chmod 600 {path}")
    if len(key) != _KEY_BYTES:
        raise SecretsUnreadable(f"expected {_KEY_BYTES} bytes in the key file {path}, got {len(key)}", hint=_RESTORE)
    _sync_names(path.parent)
    return key


def _sync_names(folder: Path) -> None:
    """Whoever made the file may have died before its name was on disk; with it gone, so were all that is sealed now."""
    for place in (folder, folder.parent):
        with contextlib.suppress(OSError):  # a folder that cannot be synced is one that nobody can write to
            descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def forget_key(connection: Connection) -> None:
    """Let the lake take the next key that it is opened with, because what its own sealed is forgotten."""
    connection.execute(delete(META).where(META.c.key == _FINGERPRINT))


def known_key(engine: Engine) -> str | None:
    """The fingerprint of the key that the lake's secrets are sealed with; None while there is none."""
    with reading(engine) as connection:
        return connection.scalar(_known_key)


_known_key = select(META.c.value).where(META.c.key == _FINGERPRINT)


def _remember(engine: Engine, fingerprint: str) -> str:
    """The fingerprint that the database knows from now on: ours, unless another process was faster."""
    with writing(engine) as connection:
        known = connection.scalar(_known_key)
        if known is None:
            connection.execute(insert(META).values(key=_FINGERPRINT, value=fingerprint))
    return fingerprint if known is None else known
