"""Trails as places to read from: whether the bucket of one is there.

Only a server that speaks S3 and that the environment names is asked; AWS itself is not, because the credentials of
whoever runs this need not be those that the trail is delivered with.
"""

from __future__ import annotations

import os

from trailmere.errors import DestinationNotFound
from trailmere.sources.s3client import ENDPOINTS, holds_any
from trailmere.sources.s3errors import recognise


def check_bucket(bucket: str) -> None:
    """Raises DestinationNotFound where the server says that there is no such bucket. What else it says, and whether it
    says anything, does not matter here: it is told when the trail is read."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return
    try:
        holds_any(bucket, "", attempts=1)
    except Exception as error:
        if recognise(error).name == "bucket not found":
            raise DestinationNotFound(f"S3 bucket {bucket} does not exist!", place=f"s3://{bucket}") from None
