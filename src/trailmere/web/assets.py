"""Scripts and styles: built files with hashes in their addresses, so that a browser keeps them for ever.

They are built from ``web/`` (``make web``) and lie beside this module, in an installed wheel too.
"""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING

from trailmere.api.request import Reply
from trailmere.web.visit import BASE

if TYPE_CHECKING:
    from trailmere.api.request import Request

STATIC = "/static/"
FOREVER = "public, max-age=31536000, immutable"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8"}


class Assets:
    """The built files, read once."""

    @cached_property
    def _files(self) -> dict[str, tuple[str, bytes]]:
        """Name -> the part of the address that changes with the content, and the content."""
        folder = files("trailmere.web") / "static"
        found = {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}
        return {name: (hashlib.sha256(body).hexdigest()[:16], body) for name, body in found.items()}

    def url(self, name: str) -> str:
        """The address of a file."""
        return f"{BASE}{STATIC}{self._files[name][0]}/{name}"

    def reply(self, request: Request, path: str) -> Reply:
        """The file under ``HASH/NAME``."""
        hash, _, name = path.partition("/")
        known = self._files.get(name)
        if known is None or request.method not in ("GET", "HEAD"):
            return Reply(404, {"content-type": "text/plain"}, b"no such file\n", operation="console")
        suffix = name[name.rindex(".") :]
        kind = TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        cached = FOREVER if hash == known[0] else "no-cache"
        headers = {"content-type": kind, "cache-control": cached, "x-content-type-options": "nosniff"}
        return Reply(200, headers, known[1], operation="console")
