"""Standard input as one delivery. It can be read only once, so that its bytes are spooled to a file first.

Its version is the SHA-256 of the bytes: two different inputs are two places, not one place that changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from trailmere.errors import SourceUnavailable
from trailmere.sources.delivery import Delivery

PIECE_BYTES = 1 << 20


class StandardInput:
    """What is piped in, up to its end."""

    def __init__(self, stream: BinaryIO | None = None) -> None:
        self.uri = "stdin:"
        self.other: Counter[str] = Counter()
        self.out_of_scope = 0
        self._stream = stream if stream is not None else sys.stdin.buffer
        self._delivery: Delivery | None = None

    def listing(self) -> Iterator[Delivery]:
        """One delivery. Raises SourceUnavailable at a terminal: nothing is piped in there."""
        if self._delivery is None:
            if self._stream.isatty():
                raise SourceUnavailable(
                    "expected logs on standard input, it is a terminal",
                    hint="pipe them in: zcat logs.json.gz | trailmere ingest - --store NAME",
                )
            self._delivery = self._spool()
        yield self._delivery

    def _spool(self) -> Delivery:
        digest, size = hashlib.sha256(), 0
        descriptor, path = tempfile.mkstemp(prefix="trailmere-stdin-")
        with os.fdopen(descriptor, "wb") as spool:
            while piece := self._stream.read(PIECE_BYTES):
                digest.update(piece)
                size += len(piece)
                spool.write(piece)
        return Delivery(self.uri, size=size, version=digest.hexdigest(), spool=path)

    def close(self) -> None:
        """Remove the spool file; close a pipe that was opened for this."""
        if self._stream is not sys.stdin.buffer:
            self._stream.close()
        if self._delivery is not None and self._delivery.spool is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._delivery.spool)  # noqa: PTH108
