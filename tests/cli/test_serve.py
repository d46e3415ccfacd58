"""``trailmere serve`` as a user starts and ends it: a process of its own."""

from __future__ import annotations

import ipaddress
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any
from urllib.request import urlopen

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Started:
    """A server and what it has said so far."""

    process: subprocess.Popen[str]
    address: str
    talk: Path
    variables: dict[str, str] = field(default_factory=dict)

    def client(self, service: str = "cloudtrail", **more: Any) -> Any:
        """A client with what the server told to export, and nothing else."""
        return boto3.client(
            service,
            endpoint_url=self.variables[f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"],
            region_name=self.variables["AWS_REGION"],
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
            **more,
        )


@contextmanager
def started(lake: Path, *options: str) -> Iterator[Started]:
    """``trailmere serve`` on a port of its own, killed at the end."""
    talk = lake.with_name(f"talk-{len(list(lake.parent.glob('talk-*')))}")
    with talk.open("w") as stderr, subprocess.Popen(command(lake, *options), **pipes(stderr)) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("listening on "), talk.read_text()
            variables = dict(re.findall(r"export (AWS_\w+)=(\S+)", talk.read_text()))
            yield Started(process, line.split()[-1], talk, variables)
        finally:
            process.kill()


def command(lake: Path, *options: str) -> list[str]:
    port = [] if "--port" in options else ["--port", "0"]
    return [sys.executable, "-m", "trailmere", "serve", "--lake", str(lake), *port, *options]


def pipes(stderr: IO[str]) -> dict[str, Any]:
    return {"stdout": subprocess.PIPE, "stderr": stderr, "text": True}


def refused(lake: Path, *options: str) -> tuple[int, str]:
    """Exit code and talk of a server that does not start."""
    done = subprocess.run(command(lake, *options), capture_output=True, text=True, timeout=60)
    assert done.stdout == ""
    return done.returncode, done.stderr


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain, private


def test_the_first_start_tells_a_key_that_works_and_the_next_does_not_tell_it_again(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    with started(lake) as first:
        assert first.client("sts").get_caller_identity()["Arn"].endswith(":user/admin")
        first.client().create_event_data_store(Name="audit")
        first.process.send_signal(signal.SIGTERM)
        assert first.process.wait(60) == 0

    with started(lake) as second:
        assert "AWS_SECRET_ACCESS_KEY" not in second.talk.read_text()
        assert first.variables["AWS_SECRET_ACCESS_KEY"] not in second.talk.read_text()
        second.variables = {
            name: value.replace(first.address, second.address) for name, value in first.variables.items()
        }
        names = [one["Name"] for one in second.client().list_event_data_stores()["EventDataStores"]]
    assert names == ["audit", "trailmere-activity"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path / "lake") as server:
        server.client().list_event_data_stores()
        server.process.send_signal(number)
        code = server.process.wait(60)

    assert code == 0
    assert "Traceback" not in server.talk.read_text()


def test_what_is_said_on_stdout_is_the_address_alone(tmp_path: Path) -> None:
    with started(tmp_path / "lake") as server:
        assert urlopen(f"{server.address}/health").read() == b"ok\n"
        server.process.send_signal(signal.SIGTERM)
        assert server.process.stdout is not None
        rest = server.process.stdout.read()

    assert rest == ""


def test_tls_is_served_with_a_certificate(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    with started(tmp_path / "lake", "--tls-cert", str(chain), "--tls-key", str(key)) as server:
        stores = server.client(verify=str(chain)).list_event_data_stores()["EventDataStores"]

    assert server.address.startswith("https://127.0.0.1:")
    assert stores == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "lake.example", ""])
def test_others_than_this_machine_are_not_served_without_tls(tmp_path: Path, host: str) -> None:
    code, talk = refused(tmp_path / "lake", "--host", host)

    assert code == 1
    assert f"expected TLS for {host}" in talk
    assert "--tls-cert" in talk


def test_who_says_insecure_is_served_without_tls(tmp_path: Path) -> None:
    with started(tmp_path / "lake", "--host", "0.0.0.0", "--insecure") as server:
        port = server.address.rpartition(":")[2]
        assert urlopen(f"http://127.0.0.1:{port}/ready").read() == b"ready\n"


def test_what_is_told_to_export_is_all_that_a_client_needs(tmp_path: Path) -> None:
    asks = "import boto3; print(boto3.client('cloudtrail').list_event_data_stores()['EventDataStores'])"
    with started(tmp_path / "lake") as server:
        bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
        asked = [sys.executable, "-c", asks]
        done = subprocess.run(asked, env={**bare, **server.variables}, capture_output=True, text=True, timeout=60)

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, talk = refused(tmp_path / "lake", "--port", str(port))

    assert code == 1
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in talk
    assert "AWS_SECRET_ACCESS_KEY" not in talk


@pytest.mark.parametrize("place", [("--host", "localhost", "--port", "99999"), ("--insecure", "--host", "x" * 70)])
def test_a_place_where_nobody_can_listen_is_told(tmp_path: Path, place: tuple[str, ...]) -> None:
    code, talk = refused(tmp_path / "lake", *place)

    assert (code, "cannot listen on" in talk, "Traceback" in talk) == (1, True, False)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path, content: str | None) -> None:
    place = tmp_path / "chain.pem"
    if content is not None:
        place.write_text(content)

    code, talk = refused(tmp_path / "lake", "--tls-cert", str(place))
    assert code == 1
    assert f"cannot use the certificate {place}" in talk
    assert "Traceback" not in talk


def test_the_libraries_that_calls_share_are_loaded_before_the_first_call(tmp_path: Path) -> None:
    loud = [sys.executable, "-X", "importtime", *command(tmp_path / "lake")[1:]]
    talk = tmp_path / "talk"
    with talk.open("w") as stderr, subprocess.Popen(loud, **pipes(stderr)) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening on ")
        loaded = talk.read_text()
        process.terminate()

    assert re.findall(r"\| +(sqlalchemy\.orm|pyiceberg\.catalog\.sql)$", loaded, re.MULTILINE)[0] == "sqlalchemy.orm"
