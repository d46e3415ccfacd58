"""From what a person typed to a source: the choice is by the form of the text alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trailmere.sources.scope import Scope

if TYPE_CHECKING:
    from trailmere.sources.delivery import Source


def open_source(text: str, scope: Scope | None = None) -> Source:
    """The source that ``text`` names: ``-``, ``s3://bucket/prefix``, else a folder or file (``file://`` too).

    ``-`` has no names to judge by: a scope does not apply to it. Raises SourceNotFound, SourceUnavailable.
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

    return LocalSource(local_path(text) if text.startswith("file://") else text, scope)
