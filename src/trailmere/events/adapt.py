"""Records whose fields lie elsewhere than the columns expect: trails' Insights events, aggregated events.

Trails nest what event data stores show flat. The text made here is only read for its fields; what is kept as evidence
is always the text as delivered.

Sources: CloudTrail user guide, "CloudTrail record contents for Insights events" and "... for aggregated events".
"""

from __future__ import annotations

from collections.abc import Callable

from trailmere.events import scan

# Aggregated events say what other records say under other names. Their time is the beginning of their window.
_AGGREGATED = {
    "eventTime": ("timeWindow", "windowStart"),
    "eventID": ("eventId",),
    "recipientAccountId": ("accountId",),
}
AGGREGATED_KEYS = frozenset({"accountId", "eventId", "timeWindow", "summary"})

_INSIGHT = {
    "insightState": ("insightDetails", "state"),
    "insightEventSource": ("insightDetails", "eventSource"),
    "insightEventName": ("insightDetails", "eventName"),
    "insightErrorCode": ("insightDetails", "errorCode"),
    "insightType": ("insightDetails", "insightType"),
    "insightSource": ("insightDetails", "insightSource"),
}
_STATISTICS = {
    "baselineAverage": ("baseline", "average"),
    "insightAverage": ("insight", "average"),
    "baselineDuration": ("baselineDuration",),
    "insightDuration": ("insightDuration",),
}


def aggregated(text: bytes) -> bytes:
    """An aggregated event with the member names of other records added where it lacks them."""
    return _with(text, {key: _at(text, path) for key, path in _AGGREGATED.items()})


def insight(text: bytes) -> bytes:
    """A trail's Insights event with its details as an event data store shows them."""
    found = {key: _at(text, path) for key, path in _INSIGHT.items()}
    context = _at(text, ("insightDetails", "insightContext"))
    if context is not None and context.startswith(b"{"):
        found["insightContext"] = _insight_context(context)
    return _with(text, found)


ADAPTERS: dict[str, Callable[[bytes], bytes]] = {
    "AwsAggregatedEvent": aggregated,
    "AwsCloudTrailInsight": insight,
}


def _insight_context(context: bytes) -> bytes:
    statistics = _at(context, ("statistics",)) or b"{}"
    parts = {key: _at(statistics, path) for key, path in _STATISTICS.items()}
    attributions = _at(context, ("attributions",))
    if attributions is not None:
        parts["attributions"] = _attribution(_first(attributions))
    return _object(parts)


def _attribution(attribution: bytes) -> bytes:
    """An event data store has room for one attribution with one value a side: the first, which AWS ranks highest."""
    sides = {side: _first(_at(attribution, (side,)) or b"null") for side in ("insight", "baseline")}
    parts: dict[str, bytes | None] = {"attribute": _at(attribution, ("attribute",))}
    for side, text in sides.items():
        parts[side] = text
        parts[f"{side}Value"] = _at(text, ("value",))
        parts[f"{side}Average"] = _at(text, ("average",))
    return _object(parts)


def _first(text: bytes) -> bytes:
    if not text.startswith(b"["):
        return text
    found = scan.elements(text)
    return found[0].text if found else b"null"


def _at(text: bytes, path: tuple[str, ...]) -> bytes | None:
    """The exact text of the value at a path of member names, None where the path leads nowhere."""
    for key in path:
        if not text.startswith(b"{"):
            return None
        found = scan.mapping(text)
        if key not in found:
            return None
        text = found[key]
    return text


def _with(text: bytes, more: dict[str, bytes | None]) -> bytes:
    """The object with these members put in front, so that a member which the record has itself wins."""
    added = _object(more)[1:-1]
    return b"{" + added + (b"," if added and text[1:].strip() != b"}" else b"") + text[1:]


def _object(parts: dict[str, bytes | None]) -> bytes:
    present = [b'"' + key.encode() + b'":' + text for key, text in parts.items() if text is not None]
    return b"{" + b",".join(present) + b"}"
