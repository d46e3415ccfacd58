"""A server with all doors over HTTPS, as ``trailmere serve`` starts it, over a lake with a store of events."""

from __future__ import annotations

import contextlib
import ctypes
import datetime
import ipaddress
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import trino
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.walks.door import deliver, opened

ACCOUNT = "123456789012"
SCHEMA = f"account_{ACCOUNT}"


@dataclass(frozen=True)
class Served:
    """A running server: its port, its certificate, the administrator's key."""

    lake: Path
    port: int
    certificate: Path
    access_key_id: str
    secret: str

    @property
    def url(self) -> str:
        """Of the server."""
        return f"https://localhost:{self.port}"

    def connect(self, **more: Any) -> Any:
        """A connection of Trino's Python client, the administrator's unless ``auth`` says otherwise."""
        given = {
            "auth": trino.auth.BasicAuthentication(self.access_key_id, self.secret),
            "catalog": "trailmere",
            "schema": SCHEMA,
            "verify": str(self.certificate),
            **more,
        }
        return trino.dbapi.connect(host="localhost", port=self.port, http_scheme="https", **given)  # type: ignore[no-untyped-call]

    def user(self, name: str, policy: str) -> tuple[str, str]:
        """A key of a new user with this policy: its id and its secret."""
        with opened(self.lake) as app:
            user = app.identities.create_user(ACCOUNT, name)
            app.identities.put_policy(user, "its-own", policy)
            key = app.identities.create_key(user)
        return key.access_key_id, key.secret_access_key

    def aws(self, service: str = "cloudtrail") -> Any:
        """A boto3 client, the administrator's."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            verify=str(self.certificate),
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret,
        )

    def rows(self, sql: str, parameters: list[Any] | None = None) -> list[Any]:
        """The rows of a statement, asked through Trino's client."""
        with self.connect() as connection:
            return list(connection.cursor().execute(sql, parameters).fetchall())


@contextmanager
def served(folder: Path, records: list[dict[str, Any]]) -> Iterator[Served]:
    """A server over a lake whose store ``trail`` holds the records; it is ended by a signal."""
    lake = folder / "lake"
    deliver(folder / "logs", records)
    ours = {"TRAILMERE_LAKE": str(lake), "TRAILMERE_ACCOUNT_ID": ACCOUNT}
    environment = {**os.environ, **ours, "TRAILMERE_AUDIT_SECONDS": "3600"}  # calls stay in the journal meanwhile
    for arguments in (("store", "create", "trail"), ("ingest", str(folder / "logs"), "--store", "trail")):
        _run(arguments, environment)
    certificate, key = self_signed(folder)
    command = ["serve", "--port", "0", "--tls-cert", str(certificate), "--tls-key", str(key)]
    said = folder / "said"
    with said.open("w") as talk:
        started = [sys.executable, "-m", "trailmere", *command]
        process = subprocess.Popen(
            started, env=environment, stdout=subprocess.PIPE, stderr=talk, text=True, preexec_fn=_end_with_the_tests
        )
    assert process.stdout is not None
    with process, process.stdout:
        try:
            port = int(process.stdout.readline().rpartition(":")[2])
            id, secret = (
                re.findall(rf"{name}=(\S+)", said.read_text())[0]
                for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
            )
            yield Served(lake, port, certificate, id, secret)
        finally:
            process.terminate()
            process.wait(60)


def _end_with_the_tests() -> None:
    """A process of tests that does not end in time is killed, and says good-bye to nobody (Linux: prctl(2))."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _run(arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "trailmere", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Files of a certificate for this machine that nobody vouches for, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    places = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return paths
