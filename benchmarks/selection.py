"""What the benchmarks' event data store wants, for Trailmere as selectors and for its peers as a condition.

Five selectors, as many as a store may have, take everything in the corpora but one kind of network activity. Peers
leave the same events out, so that answers can be compared to the last event.
"""

from __future__ import annotations

from typing import Any

FILTERED = "coalesce(eventCategory, '') = 'NetworkActivity' AND coalesce(eventSource, '') = 's3.amazonaws.com'"


def _selector(name: str, **fields: str) -> dict[str, Any]:
    conditions = [{"Field": field.replace("_", "."), "Equals": [value]} for field, value in fields.items()]
    return {"Name": name, "FieldSelectors": conditions}


SELECTORS = [
    _selector("Management", eventCategory="Management"),
    _selector("Secrets", eventCategory="NetworkActivity", eventSource="secretsmanager.amazonaws.com"),
    *(
        _selector(kind, eventCategory="Data", resources_type=kind)
        for kind in ("AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table")
    ),
]
