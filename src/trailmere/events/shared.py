"""The strict decoder again, for records that have parts in common: a part that was read before is not read again.

The same session signs hundreds of calls, so that a userIdentity, a third of a record's text, comes back unchanged many
times in a file; so do TLS details and resources. Such parts are cut out as text and looked up; records then share
the struct, and ``arrays`` builds its columns once for all of them. What is shared must not be changed.
"""

from __future__ import annotations

from typing import Any

from trailmere.events import structs

_MOST_PARTS = 4096
_LARGEST_PART_BYTES = 8 << 10  # bounds what is remembered, in this process, to some tens of megabytes


class SharingDecoder:
    """Reads what ``structs.decoder(family, strict=True)`` reads, and refuses what that one refuses."""

    def __init__(self, family: str) -> None:
        self._read = structs.parted_decoder(family).decode
        self._parts = [(key, _Parts(family, key)) for key in structs.parts_of(family)]

    def decode(self, text: bytes) -> Any:
        """The strict struct of a record. Raises ``msgspec.DecodeError``, UnicodeDecodeError or RecursionError."""
        fields = self._read(text)
        for key, parts in self._parts:
            raw = getattr(fields, key)
            if raw is not None:
                setattr(fields, key, parts[bytes(raw)])
        return fields


class _Parts(dict[bytes, Any]):
    """What was read of a member, by its text."""

    def __init__(self, family: str, key: str) -> None:
        super().__init__()
        self._read = structs.part_decoder(family, key).decode

    def __missing__(self, text: bytes) -> Any:
        value = self._read(text)
        if len(text) <= _LARGEST_PART_BYTES:
            if len(self) >= _MOST_PARTS:
                self.clear()
            self[text] = value
        return value
