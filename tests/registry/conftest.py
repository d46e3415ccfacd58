"""The databases that the registry has to work on: SQLite always, PostgreSQL in the extended suite."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from trailmere.registry.database import sqlite_url


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A server of our own on a socket, gone at the end; gives the folder of the socket."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin")) if shutil.which("initdb") is None else []
    initdb = shutil.which("initdb") or shutil.which("initdb", path=os.pathsep.join(map(str, found)))
    if initdb is None:
        pytest.skip("PostgreSQL is not installed")
    programs = Path(initdb).resolve().parent
    # the server refuses to run as root; elsewhere it runs as who we are
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        if user is not None:
            shutil.chown(folder, user)

        def run(*command: str) -> None:
            subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

        data = f"{folder}/data"
        run(str(programs / "initdb"), "-D", data, "-U", "trailmere", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        run(str(programs / "pg_ctl"), "-D", data, "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            yield folder
        finally:
            run(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.extended)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    socket = request.getfixturevalue("postgresql_server")
    name = f"t{uuid.uuid4().hex}"
    subprocess.run(
        ["psql", "-q", "-h", socket, "-U", "trailmere", "-d", "postgres", "-c", f"CREATE DATABASE {name}"], check=True
    )
    return f"postgresql+psycopg://trailmere@/{name}?host={socket}"
