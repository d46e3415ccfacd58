"""What was read of the database and need not be read again, because nobody has committed since.

A statement through SQLAlchemy takes a hundred times as long as the question whether anything was committed. SQLite
answers that for each connection, about the commits of all others: so one is kept here that never writes. PostgreSQL
does not say; there, and where the question fails, everything is read each time.

Source: SQLite, "PRAGMA data_version".
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from sqlalchemy import event

if TYPE_CHECKING:
    from sqlalchemy import Engine

KEPT_ANSWERS = 1024
Answer = TypeVar("Answer")
Version = tuple[int, int, int]  # process, its connection, what that one says


class Unchanged(Generic[Answer]):
    """Answers by key, for as long as the database is as it was. Safe to use from several threads, and after a fork.

    Whoever gets an answer must not change it.
    """

    def __init__(self, engine: Engine) -> None:
        self._commits = _Commits(engine.url.database) if engine.dialect.name == "sqlite" else None
        self._lock = threading.Lock()
        self._version: Version | None = None
        self._answers: dict[str, Answer] = {}
        if self._commits is not None:
            event.listen(engine, "engine_disposed", self._commits.close)

    def get(self, key: str, read: Callable[[], Answer]) -> Answer:
        """The answer as ``read`` gives it now. Raises what ``read`` raises."""
        version = None if self._commits is None else self._commits.version()
        with self._lock:
            if version is not None and version == self._version and key in self._answers:
                return self._answers[key]
        answer = read()
        if version is not None:
            self._keep(version, key, answer)
        return answer

    def _keep(self, version: Version, key: str, answer: Answer) -> None:
        """``version`` was asked for before the answer was read: what was committed in between makes it old at once."""
        with self._lock:
            if version != self._version or len(self._answers) >= KEPT_ANSWERS:
                self._version, self._answers = version, {}
            self._answers[key] = answer


class _Commits:
    """A connection that never writes, and so sees every commit as another's."""

    def __init__(self, path: str | None) -> None:
        self._path = path or ""
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._made = (0, 0)
        self._parents: list[sqlite3.Connection] = []

    def version(self) -> Version | None:
        """Another one after each commit of anybody; None where that cannot be told."""
        with self._lock:
            try:
                [(number,)] = self._own().execute("PRAGMA data_version").fetchall()
            except sqlite3.Error:
                return None
            return (*self._made, number)

    def _own(self) -> sqlite3.Connection:
        """The connection of this process. One that came over a fork is neither used nor closed: it is the parent's."""
        if self._connection is not None and self._made[0] != os.getpid():
            self._parents.append(self._connection)
            self._connection = None
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self._made = (os.getpid(), self._made[1] + 1)
        return self._connection

    def close(self, _engine: Engine | None = None) -> None:
        """Let go of the file; it is opened again when it is needed."""
        with self._lock:
            if self._connection is not None and self._made[0] == os.getpid():
                self._connection.close()
                self._connection = None
