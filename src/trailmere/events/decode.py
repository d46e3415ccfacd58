"""From one record's text to an event: a fast typed decoder first, its tolerant twin for what that one refuses.

A record is refused only if it has no eventTime that can be read; a value of the wrong type leaves its own column
empty and stays in ``eventJson``. Many records at once are the matter of ``batch``, which turns to this one for those
that are not as usual; building rows is that of ``rows``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from trailmere.events import drift, structs
from trailmere.events.adapt import ADAPTERS
from trailmere.events.event import Event, category_of, family_of
from trailmere.events.formats import Defect, RecordText
from trailmere.events.values import microseconds

REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
# Categories whose records the CloudTrail struct holds; the others are read again by their own family's.
_TELLING = ("eventVersion", "eventTime", "eventName", "eventSource", "eventType", "eventID", "userIdentity")
NOTIFIER = "aws:"  # aws:s3, aws:sqs: batches for Lambda, among records only by mistake
AT_ONCE = frozenset({"Management", "Data", "NetworkActivity"})


class EventDecoder:
    """Decodes record texts, each by itself."""

    def __init__(self) -> None:
        self._strict = structs.decoder("cloudtrail", strict=True).decode

    def decode(self, record: RecordText) -> Event | Defect:
        """The event of a record that ``formats.split`` found, or a defect with reason ``event-time``."""
        try:
            fields = self._strict(record.text)
        except REFUSED:
            return self._decode_slowly(record)
        category = fields.eventCategory
        if category not in AT_ONCE:
            category = category_of(fields)
            if category not in AT_ONCE:
                return self._decode_slowly(record)
        if fields.eventTime is None or (time := microseconds(fields.eventTime)) is None:
            return _without_time(record, fields)
        if fields.eventSource is not None and fields.eventSource.startswith(NOTIFIER):
            return _notification(record, fields.eventSource)
        return Event(fields, "cloudtrail", category, time)

    def _decode_slowly(self, record: RecordText) -> Event | Defect:
        fields = _read("cloudtrail", record.text)
        category = category_of(fields)
        family = family_of(category)
        text = record.text
        if adapt := ADAPTERS.get("AwsCloudTrailInsight" if category == "Insight" else fields.eventType or ""):
            text = adapt(text)
        if family != "cloudtrail" or text is not record.text:
            fields = _read(family, text)
        time = microseconds(fields.eventTime) if fields.eventTime is not None else None
        if time is None:
            return _without_time(record, fields)
        source = getattr(fields, "eventSource", None)
        if source is not None and source.startswith(NOTIFIER):
            return _notification(record, source)
        return Event(fields, family, category, time, tuple(drift.unknown_fields(record.text, family)))


def _read(family: str, text: bytes) -> Any:
    try:
        return structs.decoder(family, strict=False).decode(text)
    except REFUSED:
        return structs.tolerant(family, text)


def _without_time(record: RecordText, fields: Any) -> Defect:
    if not any(getattr(fields, name, None) for name in _TELLING):
        message = "expected a CloudTrail record, got an object with none of its members"
        return Defect(record.ordinal, record.offset, record.text, "not-cloudtrail", message)
    value: str | None = fields.eventTime
    came = "none" if value is None else repr(value[:64])
    message = f"expected an eventTime such as 2026-01-31T23:59:59Z, got {came}"
    return Defect(record.ordinal, record.offset, record.text, "event-time", message)


def _notification(record: RecordText, source: str) -> Defect:
    message = f"expected a CloudTrail record, got a notification of {source[:64]}"
    return Defect(record.ordinal, record.offset, record.text, "not-cloudtrail", message)
