"""Where answers are delivered: a bucket, or a folder that the settings give a bucket's name.

A client names ``s3://bucket/prefix``, as StartQuery has it. Buckets are reached with the server's own credentials, so
the settings can say which ones may be written; a folder is written only where the settings name it.
"""

from __future__ import annotations

import contextlib
import os
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from trailmere.errors import (
    DestinationError,
    DestinationNotFound,
    DestinationRefused,
    InvalidBucketName,
    InvalidDestination,
    SettingsError,
    SourceError,
)
from trailmere.lake.disk import make_folder, sync_folder
from trailmere.sources import s3client
from trailmere.sources.s3errors import recognise

# S3 user guide, "Bucket naming rules": 3 to 63 of lower-case letters, digits, dots and hyphens
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_TROUBLES: dict[str, type[DestinationError]] = {
    "bucket not found": DestinationNotFound,
    "access denied": DestinationRefused,
    "unknown credentials": DestinationRefused,
    "wrong secret": DestinationRefused,
    "expired credentials": DestinationRefused,
    "no credentials": DestinationRefused,
}


class Destination(ABC):
    """A place for files, each under its key. ``prefix``: what the client wants before all keys."""

    def __init__(self, uri: str, prefix: str) -> None:
        self.uri = uri
        self.prefix = prefix

    @abstractmethod
    def check(self) -> None:
        """Raises DestinationError where it is plain already that nothing can be put here."""

    @abstractmethod
    def put(self, key: str, path: Path) -> None:
        """Put the file at ``path`` here; it is there to stay when this returns. Raises DestinationError."""


@dataclass(frozen=True, slots=True)
class Destinations:
    """What the settings allow. ``folders`` by the bucket name that stands for each; ``buckets``: none means any."""

    folders: dict[str, Path]
    buckets: frozenset[str] = frozenset()

    @classmethod
    def of_settings(cls, folders: str, buckets: str) -> Destinations:
        """From the settings ``delivery_folders`` (``name=/folder, ...``) and ``delivery_buckets`` (``name, ...``)."""
        named: dict[str, Path] = {}
        for part in filter(None, map(str.strip, folders.split(","))):
            name, equals, folder = part.partition("=")
            if not equals or not _BUCKET.fullmatch(name) or not Path(folder).is_absolute():
                raise SettingsError(f"delivery_folders: expected bucket-name=/folder, got {part!r}")
            named[name] = Path(folder)
        return cls(named, frozenset(filter(None, map(str.strip, buckets.split(",")))))

    def open(self, uri: str) -> Destination:
        """The place that a client names. Raises InvalidDestination, DestinationRefused."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        if not uri.startswith("s3://") or not _BUCKET.fullmatch(bucket):
            raise InvalidBucketName(f"expected s3://bucket/prefix, got {uri[:100]!r}", place=uri)
        segments = prefix.strip("/").split("/")
        if not prefix.isprintable() or (prefix.strip("/") and {"", ".", ".."} & set(segments)):
            raise InvalidDestination(f"expected a prefix without empty, . or .. parts, got {prefix!r}", place=uri)
        if bucket in self.folders:
            return Folder(uri, prefix, self.folders[bucket])
        if self.buckets and bucket not in self.buckets:
            raise DestinationRefused(
                f"this server does not deliver to the bucket {bucket}",
                place=uri,
                hint="TRAILMERE_DELIVERY_BUCKETS and TRAILMERE_DELIVERY_FOLDERS name those that it delivers to",
            )
        return Bucket(uri, prefix, bucket)


class Folder(Destination):
    """A folder of this machine."""

    def __init__(self, uri: str, prefix: str, folder: Path) -> None:
        super().__init__(uri, prefix)
        self._folder = folder

    def check(self) -> None:
        if not self._folder.is_dir():
            raise DestinationNotFound(f"the folder of {self.uri} is not there", place=self.uri)
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise DestinationRefused(f"the folder of {self.uri} cannot be written", place=self.uri)

    def put(self, key: str, path: Path) -> None:
        self.check()
        target = self._folder / key
        draft = target.with_name(f".{target.name}.draft")
        try:
            make_folder(target.parent)
            with path.open("rb") as source, draft.open("wb") as file:
                while chunk := source.read(1 << 20):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
            sync_folder(target.parent)
        except PermissionError as error:
            raise DestinationRefused(f"{self.uri} cannot be written: {error.strerror}", place=self.uri) from error
        except OSError as error:
            raise DestinationError(f"{self.uri} cannot be written: {error.strerror}", place=self.uri) from error
        finally:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)


class Bucket(Destination):
    """A bucket, reached as ``sources.s3client`` says."""

    def __init__(self, uri: str, prefix: str, bucket: str) -> None:
        super().__init__(uri, prefix)
        self._bucket = bucket

    def check(self) -> None:
        """Only a bucket that is not there is plain at once: to list and to write are two permissions."""
        from obstore.exceptions import BaseError

        try:
            s3client.holds_any(self._bucket, self.prefix, attempts=1)
        except (BaseError, OSError, SourceError) as error:
            if (told := self._told(error)) is not None and isinstance(told, DestinationNotFound):
                raise told from error

    def put(self, key: str, path: Path) -> None:
        import obstore
        from obstore.exceptions import BaseError

        try:
            obstore.put(s3client.store(self._bucket), key, path)
        except (BaseError, OSError, SourceError) as error:
            raise self._told(error) from error

    def _told(self, error: Exception) -> DestinationError:
        trouble = recognise(error)
        kind = _TROUBLES.get(trouble.name, DestinationError)
        return kind(f"{self.uri}: {trouble.name}", place=self.uri, hint=trouble.advice)
