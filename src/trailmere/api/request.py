"""What crosses the threshold between bytes and calls: a request as it arrived, the reply that goes out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Request:
    """A request, whole. ``path`` and ``query`` are raw, as on the request line; ``headers`` are in the order in which
    they came, with repeats, their names in lower case. ``source_address`` is the address of whoever connected;
    ``secure``: it came over TLS."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_address: str
    secure: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    arrived: datetime = field(default_factory=lambda: datetime.now(UTC))

    def header(self, name: str) -> str:
        """The first header of this name (in lower case), or nothing."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.header("content-type").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered. ``code`` is AWS's error code, None for an answer that is none; ``operation`` is for the log."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    code: str | None = None
    operation: str | None = None
