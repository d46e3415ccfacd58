"""An S3 bucket or prefix of it, also on any other server that speaks S3: what lies there.

``s3client`` is the way to the server, ``s3reading`` reads one object, ``s3errors`` says what went wrong.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trailmere.errors import SourceNotFound
from trailmere.events.layout import list_prefixes
from trailmere.sources import s3plain
from trailmere.sources.delivery import Delivery
from trailmere.sources.s3client import folder_of, holds_any, listed, rounds, split_uri, store
from trailmere.sources.s3errors import listing_error, recognise
from trailmere.sources.scope import Gate, Scope, in_time_order

if TYPE_CHECKING:
    from obstore import ObjectMeta


class S3Source:
    """All objects whose key begins with the prefix, or one object."""

    def __init__(self, uri: str, scope: Scope) -> None:
        self.uri = uri
        self._bucket, self._prefix = split_uri(uri)
        self._gate = Gate(scope)

    @property
    def other(self) -> Counter[str]:
        return self._gate.other

    @property
    def out_of_scope(self) -> int:
        return self._gate.out_of_scope

    def listing(self) -> Iterator[Delivery]:
        """See ``Source.listing``. Listing is narrowed to the prefixes that the scope leaves."""
        scope = self._gate.scope
        self._gate = Gate(scope)
        prefixes = list_prefixes(self._prefix, scope.accounts, scope.regions, scope.since, scope.until)
        objects = {meta["path"]: meta for prefix in prefixes for meta in self._list(prefix)}
        if not objects and not self._is_there():
            return
        found = [self._judge(meta) for meta in objects.values()]
        yield from in_time_order([one for one in found if one is not None])

    def close(self) -> None:
        """Nothing is kept."""

    def _list(self, prefix: str) -> Sequence[ObjectMeta]:
        """Objects below a prefix. A listing that breaks off is made anew: half of one is never taken for the whole."""
        for _ in rounds():
            try:
                return list_objects(self._bucket, prefix)
            except Exception as error:
                failed = error
            if not recognise(failed).passes:
                break
        raise listing_error(failed, self.uri) from failed

    def _judge(self, meta: ObjectMeta) -> Delivery | None:
        wanted, due = self._gate.admits(meta["path"])
        return _delivery(self._bucket, meta, due) if wanted else None

    def _is_there(self) -> bool:
        """Whether an empty listing is the truth: the scope may have left nothing of a prefix that holds objects."""
        if not self._gate.scope.is_all and holds_any(self._bucket, self._prefix):
            return True
        where = f"bucket {self._bucket}" if not self._prefix else self.uri
        raise SourceNotFound(
            f"expected log files under {where}, there are none",
            hint="check the prefix; with AWS CLI: aws s3 ls " + self.uri,
        )


def list_objects(bucket: str, prefix: str) -> list[ObjectMeta]:
    """Every object whose key begins with ``prefix``, but the empty ones named ``path/`` that consoles make for folders.

    The client library fails at a key with an empty segment, and gives ``name``, ``name/`` and ``/name`` as one: where
    that shows, the bucket is listed without it.
    """
    if not (prefix.startswith("/") or s3plain.is_plain_only(folder_of(prefix) or "folder")):
        with contextlib.suppress(InvalidKey):
            return list(_without_folders(_listed_by_path(bucket, prefix), bucket))
    return [meta for meta in s3plain.list_objects(bucket, prefix) if meta["size"] or not meta["path"].endswith("/")]


class InvalidKey(Exception):
    """The client library cannot tell the keys of this listing."""


def _listed_by_path(bucket: str, prefix: str) -> dict[str, ObjectMeta]:
    """Raises InvalidKey."""
    from obstore.exceptions import InvalidPathError

    try:
        found = list(listed(bucket, prefix))
    except InvalidPathError as error:
        raise InvalidKey from error
    objects = {meta["path"]: meta for meta in found}
    if len(objects) < len(found):
        raise InvalidKey
    return objects


def _without_folders(objects: dict[str, ObjectMeta], bucket: str) -> Iterator[ObjectMeta]:
    """Objects without those for folders, whose path obstore gives without the slash.

    An empty object with others below it is one; of the rest, one that is not found under its own name is.
    """
    folders = (
        {path[:at] for path in objects for at, char in enumerate(path) if char == "/"}
        if any(meta["size"] == 0 for meta in objects.values())
        else set()
    )
    for path, meta in objects.items():
        if meta["size"] == 0 and (path in folders or not _exists(bucket, path)):
            continue
        yield meta


def _exists(bucket: str, key: str) -> bool:
    import obstore

    try:
        obstore.head(store(bucket), key)
    except FileNotFoundError:
        return False
    except Exception as error:  # it was listed; why it cannot be read is told when it is read
        if recognise(error).outage:
            raise
        return True
    return True


def _delivery(bucket: str, meta: ObjectMeta, due: datetime | None) -> Delivery:
    return Delivery(
        f"s3://{bucket}/{meta['path']}",
        size=meta["size"],
        etag=meta["e_tag"],
        version=meta["version"],
        modified=meta["last_modified"].astimezone(UTC).replace(tzinfo=None),
        due=due,
    )
