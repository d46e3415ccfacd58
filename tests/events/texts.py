"""Records as text for the tests of this room, and strategies that make more of them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

FIELDS: dict[str, Any] = {
    "eventVersion": "1.11",
    "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ana", "accountId": "111122223333"},
    "eventTime": "2026-03-04T05:06:07Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject",
    "awsRegion": "eu-west-1",
    "eventID": "0f0e0d0c-0000-4000-8000-000000000001",
    "eventType": "AwsApiCall",
    "eventCategory": "Data",
    "managementEvent": False,
    "readOnly": True,
}


def record_text(**changes: Any) -> bytes:
    """A small record as CloudTrail writes it (compact), with these members changed or added."""
    return compact(FIELDS | changes)


def compact(value: Any) -> bytes:
    """JSON text without white space, other scripts as they are."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def envelope(*texts: bytes) -> bytes:
    """A log file of these records."""
    return b'{"Records":[' + b",".join(texts) + b"]}"


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


@st.composite
def record_texts(draw: st.DrawFn) -> bytes:
    """Text of any JSON object that is a record: odd members, any spacing, any escaping."""
    members: dict[str, Any] = {
        "eventVersion": "1.11",
        "eventTime": "2026-03-04T05:06:07Z",
        "eventSource": "s3.amazonaws.com",
    }
    members |= {"eventName": draw(st.text())} | draw(st.dictionaries(st.text(), values, max_size=5))
    members |= {"eventSource": "s3.amazonaws.com", "eventTime": "2026-03-04T05:06:07Z"}
    spacing = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", "  :\r\n")]))
    indent = draw(st.sampled_from([None, None, 1, "\t"]))
    text = json.dumps(members, indent=indent, separators=spacing, ensure_ascii=draw(st.booleans()))
    return text.encode("utf-8", "surrogatepass")
