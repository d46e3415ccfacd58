"""Hot keys: members of map columns that are stored a second time, each in a column of its own.

A filter on a key of a map reads and unpacks the whole map: it costs some thirteen times one on a plain column. So the
keys that people filter by are derived once, when a file is written, into hidden columns; the map stays whole. The query
room uses such a column wherever a statement takes the key (``element_at(requestParameters, 'bucketName')``).

``HOT_KEYS`` is the one place that says which: keys whose value names what a request was about (a bucket, a role, an
instance), by how many services use them in real records and how often published queries and rules ask for them.
Their values are derived in ``events.members``; this module says names, and loads no Arrow: a query starts with it.
"""

from __future__ import annotations

from functools import cache

from trailmere.events.columns import Leaf, leaves
from trailmere.events.types import VARCHAR

# family -> map column -> keys, as the records spell them; no two of one map may differ in case alone.
HOT_KEYS: dict[str, dict[str, tuple[str, ...]]] = {
    "cloudtrail": {
        "requestparameters": (
            "accessKeyId",
            "bucketName",
            "dBInstanceIdentifier",
            "functionName",
            "groupId",
            "instanceId",
            "key",
            "keyId",
            "name",
            "policyArn",
            "roleArn",
            "roleName",
            "roleSessionName",
            "secretId",
            "userName",
        ),
    },
}


@cache
def hot_leaves(family: str) -> tuple[Leaf, ...]:
    """The columns of a family's hot keys, in order; ``name`` is the map's and the key's, joined by two underscores."""
    return tuple(
        Leaf(path=(column, key), keys=(column, key), name=f"{column}__{key.lower()}", type=VARCHAR)
        for column, keys in HOT_KEYS.get(family, {}).items()
        for key in keys
    )


@cache
def stored_leaves(family: str) -> tuple[Leaf, ...]:
    """All columns of a family's data files: those of the records, then those of the hot keys."""
    return (*leaves(family), *hot_leaves(family))


def hot_column(family: str, column: str, key: str) -> str | None:
    """The column that holds this key of a map column; None where the key is not hot."""
    return next((leaf.name for leaf in hot_leaves(family) if leaf.path == (column, key)), None)
