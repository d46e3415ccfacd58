"""Secrets at rest: a key file that is made once, and sealed bytes that open with it, for their purpose alone."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from trailmere.errors import SecretsUnreadable
from trailmere.registry.database import open_database, sqlite_url
from trailmere.registry.secretbox import FILE_NAME, SecretBox


def test_a_sealed_secret_opens_with_the_key_file_of_its_folder(tmp_path: Path) -> None:
    sealed = SecretBox.open(tmp_path / "keys").seal(b"secret", "access key AKIAX")

    assert SecretBox.open(tmp_path / "keys").unseal(sealed, "access key AKIAX") == b"secret"


def test_the_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    SecretBox.open(tmp_path / "keys")

    assert stat.S_IMODE((tmp_path / "keys" / FILE_NAME).stat().st_mode) == 0o600


def test_nothing_but_the_key_file_is_left_in_the_folder(tmp_path: Path) -> None:
    SecretBox.open(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_the_same_secret_is_sealed_differently_each_time(tmp_path: Path) -> None:
    box = SecretBox.open(tmp_path)

    assert box.seal(b"secret", "p") != box.seal(b"secret", "p")


def test_a_sealed_secret_does_not_open_for_another_purpose(tmp_path: Path) -> None:
    box = SecretBox.open(tmp_path)
    sealed = box.seal(b"secret", "access key of Ana")

    with pytest.raises(SecretsUnreadable):
        box.unseal(sealed, "access key of Ben")


def test_no_byte_of_a_sealed_secret_can_be_changed_or_left_out(tmp_path: Path) -> None:
    box = SecretBox.open(tmp_path)
    sealed = box.seal(b"secret", "p")
    changed = [sealed[:n] + bytes([sealed[n] ^ 1]) + sealed[n + 1 :] for n in range(len(sealed))]
    shortened = [sealed[:n] for n in range(len(sealed))]

    for bad in (*changed, *shortened):
        with pytest.raises(SecretsUnreadable):
            box.unseal(bad, "p")


def test_a_sealed_secret_does_not_open_with_another_key_and_the_file_is_named(tmp_path: Path) -> None:
    sealed = SecretBox.open(tmp_path / "one").seal(b"secret", "p")

    with pytest.raises(SecretsUnreadable, match=str(tmp_path / "two" / FILE_NAME)):
        SecretBox.open(tmp_path / "two").unseal(sealed, "p")


def test_subkeys_differ_by_purpose_and_stay_the_same(tmp_path: Path) -> None:
    one, again = SecretBox.open(tmp_path), SecretBox.open(tmp_path)

    assert one.subkey("a") == again.subkey("a") != one.subkey("b")


def _fingerprint(folder: Path) -> str:
    return SecretBox.open(folder).fingerprint


def test_processes_that_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(8) as pool:
        fingerprints = pool.map(_fingerprint, [tmp_path / "keys"] * 32, chunksize=1)

    assert len(set(fingerprints)) == 1


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    (tmp_path / FILE_NAME).chmod(0o600)

    with pytest.raises(SecretsUnreadable, match="expected 32 bytes"):
        SecretBox.open(tmp_path)


def test_a_key_file_that_anybody_may_read_is_refused_until_it_is_mended(tmp_path: Path) -> None:
    SecretBox.open(tmp_path)
    (tmp_path / FILE_NAME).chmod(0o644)

    with pytest.raises(SecretsUnreadable) as caught:
        SecretBox.open(tmp_path)

    assert "chmod 600" in str(caught.value.hint)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SecretsUnreadable, match="Not a directory"):
        SecretBox.open(tmp_path / "file" / "keys")


def test_no_second_key_is_made_for_a_lake_that_lost_its_own(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path))
    SecretBox.of_lake(engine, tmp_path / "keys")
    (tmp_path / "keys" / FILE_NAME).unlink()

    with pytest.raises(SecretsUnreadable, match="there is no"):
        SecretBox.of_lake(engine, tmp_path / "keys")

    assert not (tmp_path / "keys" / FILE_NAME).exists()


def test_the_key_of_another_lake_is_refused(database_url: str, tmp_path: Path) -> None:
    engine = open_database(database_url)
    SecretBox.of_lake(engine, tmp_path / "keys")
    SecretBox.open(tmp_path / "others")

    with pytest.raises(SecretsUnreadable, match="holds"):
        SecretBox.of_lake(engine, tmp_path / "others")


def test_a_lake_opens_with_its_own_key_again(database_url: str, tmp_path: Path) -> None:
    engine = open_database(database_url)

    first = SecretBox.of_lake(engine, tmp_path / "keys")

    assert SecretBox.of_lake(engine, tmp_path / "keys").fingerprint == first.fingerprint
