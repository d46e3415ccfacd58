"""From what a person typed to a source: the choice is by the form of the text alone."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from trailmere.sources.scope import Scope

if TYPE_CHECKING:
    from trailmere.sources.delivery import Source

_OPEN_FILES = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")  # of this process; a worker has others by these names


def open_source(text: str, scope: Scope | None = None) -> Source:
    """The source that ``text`` names: ``-``, ``s3://bucket/prefix``, else a folder or file (``file://`` too).

    ``-`` has no names to judge by: a scope does not apply to it, nor to a pipe (``<(zcat ...)``).
    Raises SourceNotFound, SourceUnavailable.
    """
    scope = scope or Scope()
    if text == "-":
        from trailmere.sources.stdin import StandardInput

        return StandardInput()
    if text.startswith("s3://"):
        from trailmere.sources.s3 import S3Source

        return S3Source(text, scope)
    from trailmere.sources.local import LocalSource
    from trailmere.sources.reading import local_path

    path = local_path(text) if text.startswith("file://") else text
    if _is_stream(path):
        from trailmere.sources.stdin import StandardInput

        return StandardInput(open(path, "rb"))  # noqa: PTH123 - closed with the source
    return LocalSource(path, scope)


def _is_stream(path: str) -> bool:
    """Whether what lies there can be read only once."""
    try:
        return path.startswith(_OPEN_FILES) or stat.S_ISFIFO(os.stat(path).st_mode)  # noqa: PTH116
    except (OSError, ValueError):
        return False
