"""Whole JSON objects out of broken text: every stretch that cannot be read becomes one defect, the rest is kept.

A file that was cut off keeps the records before the cut; a file with one spoilt record keeps the others. The reader
walks the text once, stepping into a list of records that is itself unfinished, and after a fault looks for the next
object that stands where an element may stand and is, or holds, a CloudTrail record. The work that such looking may
cost is bounded, because broken text may also be hostile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trailmere.events import scan
from trailmere.events.shapes import Piece, shape_of

_BETWEEN = re.compile(rb"[ \t\r\n,]*")
# The beginning of an object whose list of records may hold whole ones though the object itself is unfinished.
_LIST_HEAD = re.compile(rb'\{[^\[\]{}]{0,4096}?"(?:Records|Events|logEvents)"[ \t\r\n]*:[ \t\r\n]*\[|\[')
_CANDIDATE = re.compile(rb'[,\[\n}][ \t\r\n]*(?=\{[ \t\r\n]*")')
_WINDOWS_BYTES = (1 << 13, 1 << 16, 1 << 19, 1 << 22)
_DEEPEST_LIST = 4
_WORK_FACTOR = 8  # bytes that may be looked at again, for each byte of content
_LEAST_WORK_BYTES = 1 << 22


def salvage(content: bytes) -> Iterator[Piece]:
    """The JSON values of a broken text in order, and a defect (with reason) for each stretch between them."""
    reader = _Reader(content)
    while (piece := reader.step()) is not None:
        yield piece


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0
        self._open = 0  # lists and objects stepped into and not closed yet
        self._work_bytes = max(len(content) * _WORK_FACTOR, _LEAST_WORK_BYTES)
        self._told_end = False

    def step(self) -> Piece | None:
        """The next value or defect, None at the end."""
        while True:
            self._skip()
            here = self._position
            if here >= len(self._content):
                return self._end()
            if self._content[here] not in b"{[":
                return self._stretch(here, scan.Broken(here, "expected a JSON object"), len(self._content))
            extent = self._extent(here)
            broken = self._broken(extent)
            if isinstance(extent, scan.Extent) and broken is None:
                self._position = extent.end
                return Piece(here, self._content[here : extent.end])
            if broken is not None and not self._step_inside(here):
                limit = extent.end if isinstance(extent, scan.Extent) else len(self._content)
                return self._stretch(here, broken, limit)

    def _broken(self, found: scan.Extent | scan.Broken) -> scan.Broken | None:
        """Why there is no whole and valid value here, or None where there is."""
        if isinstance(found, scan.Broken):
            return found
        if found.depth > scan.SAFE_DEPTH:
            return scan.Broken(found.start, scan.TOO_DEEP)
        fault = scan.fault(self._content[found.start : found.end])
        return None if fault is None else scan.Broken(found.start + fault.offset, fault.message)

    def _extent(self, here: int) -> scan.Extent | scan.Broken:
        """Where the value ends. An unfinished one must not cost a walk to the end of the text each time."""
        for window in _WINDOWS_BYTES:
            stop = here + window
            extent = scan.bracketed(self._content, here, stop)
            if isinstance(extent, scan.Extent) or extent.offset != stop:
                return extent
            self._work_bytes -= window
            if self._work_bytes <= 0 or self._next_record(here + 1, stop) < stop:
                return extent
        return scan.bracketed(self._content, here)

    def _step_inside(self, here: int) -> bool:
        head = _LIST_HEAD.match(self._content, here)
        if head is None or self._open > _DEEPEST_LIST:
            return False
        self._open += 2 if head[0].startswith(b"{") else 1
        self._position = head.end()
        return True

    def _skip(self) -> None:
        """Pass over white space, commas, and the closing brackets of what was stepped into."""
        while True:
            between = _BETWEEN.match(self._content, self._position)
            self._position = between.end() if between else self._position
            if self._open and self._content[self._position : self._position + 1] in (b"]", b"}"):
                self._position += 1
                self._open -= 1
            else:
                return

    def _stretch(self, start: int, broken: scan.Broken, limit: int) -> Piece:
        """A defect from ``start`` to the next record, or to ``limit`` (the end of the broken value) without one."""
        end = limit if broken.message == scan.TOO_DEEP else self._next_record(start + 1, limit)
        self._position = end
        text = self._content[start:end].rstrip(b" \t\r\n,")
        if broken.message == scan.TOO_DEEP:
            return Piece(start, text, "depth", "the value is nested too deeply")
        self._told_end = end == len(self._content)
        if broken.offset >= len(self._content):
            return Piece(start, text, "truncated", broken.message)
        return Piece(start, text, "not-json", f"{broken.message} (byte {broken.offset - start:,})")

    def _next_record(self, search: int, limit: int) -> int:
        for candidate in _CANDIDATE.finditer(self._content, search, limit):
            if self._work_bytes <= 0:
                break
            if self._holds_record(candidate.end()):
                return candidate.end()
        return limit

    def _holds_record(self, start: int) -> bool:
        extent = scan.bracketed(self._content, start, start + _WINDOWS_BYTES[-1])
        looked_at = extent.end if isinstance(extent, scan.Extent) else extent.offset
        self._work_bytes -= looked_at - start
        if not isinstance(extent, scan.Extent) or extent.depth > scan.SAFE_DEPTH:
            return False
        text = self._content[start : extent.end]
        return scan.fault(text) is None and shape_of(text, levels=2).holds_records

    def _end(self) -> Piece | None:
        if not self._open or self._told_end:
            return None
        self._told_end = True
        message = "the text ends before its list of records is closed"
        return Piece(len(self._content), b"", "truncated", message)
