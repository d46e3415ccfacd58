"""Trails: where an account's log files are delivered, and what they hold. Their records and how they may change.

A trail has a home Region; one of several Regions is seen in all of them, as a shadow, and changed at home only. Names
are checked in the words of the service. Sources: CloudTrail API reference, CreateTrail, UpdateTrail, PutEventSelectors;
user guide, "Naming requirements" and "Quotas". Whether buckets, topics, keys and log groups exist is not known here.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Column, MetaData, String, Table, Text, delete, func, insert, select, update

from trailmere.errors import (
    InvalidBucketName,
    InvalidDestination,
    InvalidHomeRegion,
    InvalidLogGroup,
    InvalidLogRole,
    InvalidParameterCombination,
    InvalidTopicName,
    InvalidTrailName,
    TrailAlreadyExists,
    TrailLimitExceeded,
    TrailNotFound,
)
from trailmere.registry.bounds import ChangeTags, check_kms_key, check_tags
from trailmere.registry.database import UtcTime, create_tables, reading, utc_now, writing
from trailmere.registry.records import partition

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Engine, RowMapping

MAXIMUM_TRAILS = 5  # in a Region: CloudTrail's quota
MAXIMUM_PREFIX = 200  # characters
MAXIMUM_TOPIC = 256

_LOG_GROUP = re.compile(r"arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:[\w./#-]{1,512}(:\*)?", re.ASCII)
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)

METADATA = MetaData()
TRAILS = Table(
    "trails",
    METADATA,
    Column("account_id", String(16), primary_key=True),
    Column("region", String(32), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("bucket", String(255), nullable=False),
    Column("prefix", String(MAXIMUM_PREFIX)),
    Column("topic", String(MAXIMUM_TOPIC)),
    Column("global_events", Boolean, nullable=False),
    Column("multi_region", Boolean, nullable=False),
    Column("validation", Boolean, nullable=False),
    Column("log_group", Text),
    Column("log_role", Text),
    Column("kms_key", String(350)),
    Column("organization", Boolean, nullable=False),
    Column("recursive_logging", Boolean, nullable=False),
    Column("tags", Text, nullable=False),  # JSON object
    Column("selectors", Text),  # JSON, as PutEventSelectors had it; null: those that every trail begins with
    Column("aggregations", Text, nullable=False),  # JSON, as PutEventConfiguration had it
    Column("logging", Boolean, nullable=False),
    Column("started", UtcTime),
    Column("stopped", UtcTime),
    Column("created", UtcTime, nullable=False),
    Column("delivered", UtcTime),
    Column("delivery_error", Text),
)


@dataclass(frozen=True, slots=True)
class Trail:
    """One trail. ``topic`` is a name or ARN; ``selectors`` are ``{"EventSelectors": ...}`` or
    ``{"AdvancedEventSelectors": ...}``, None where nobody has chosen any."""

    account_id: str
    region: str
    name: str
    bucket: str
    created: datetime
    prefix: str | None = None
    topic: str | None = None
    global_events: bool = True
    multi_region: bool = False
    validation: bool = False
    log_group: str | None = None
    log_role: str | None = None
    kms_key: str | None = None
    organization: bool = False
    recursive_logging: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)
    selectors: Mapping[str, Any] | None = None
    aggregations: Sequence[Mapping[str, Any]] = ()
    logging: bool = False
    started: datetime | None = None
    stopped: datetime | None = None
    delivered: datetime | None = None  # when its log files were last taken in
    delivery_error: str | None = None  # why they could not be, since then

    @property
    def arn(self) -> str:
        """``arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME``."""
        return trail_arn(self.account_id, self.region, self.name)

    @property
    def topic_arn(self) -> str | None:
        """The ARN of its SNS topic."""
        if self.topic is None or self.topic.startswith("arn:"):
            return self.topic
        return f"arn:{partition(self.region)}:sns:{self.region}:{self.account_id}:{self.topic}"


def trail_arn(account_id: str, region: str, name: str) -> str:
    """The ARN that a trail of this name has, or would have."""
    return f"arn:{partition(region)}:cloudtrail:{region}:{account_id}:trail/{name}"


class TrailRegistry:
    """The trails of a lake. Those of an account know nothing of the others. ``check_bucket`` raises where a bucket is
    known not to be there."""

    def __init__(
        self,
        engine: Engine,
        *,
        check_bucket: Callable[[str], object] = lambda _bucket: None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._engine = engine
        self._check_bucket = check_bucket
        self._clock = clock
        create_tables(engine, METADATA)

    def create(self, account_id: str, region: str, name: str, bucket: str, **wishes: Any) -> Trail:
        """A new trail, not logging; ``wishes`` are fields of ``Trail``.

        Raises InvalidTrailName, TrailAlreadyExists, TrailLimitExceeded, and what ``check_trail`` and ``check_bucket``
        raise.
        """
        check_trail_name(name)
        given = {**wishes, "tags": check_tags(wishes.get("tags") or {})}
        trail = Trail(account_id, region, name, bucket, self._clock(), **given)
        check_trail(trail)
        self._check_bucket(bucket)
        with writing(self._engine) as connection:
            if _find(connection, account_id, region, name) is not None:
                raise TrailAlreadyExists(f"Trail {name} already exists for customer: {account_id}")
            here = (TRAILS.c.account_id == account_id) & (TRAILS.c.region == region)
            if (connection.scalar(select(func.count()).select_from(TRAILS).where(here)) or 0) >= MAXIMUM_TRAILS:
                raise TrailLimitExceeded(f"User: {account_id} already has {MAXIMUM_TRAILS} trails in {region}.")
            connection.execute(insert(TRAILS).values(**_row(trail)))
        return trail

    def find(self, account_id: str, region: str, name: str) -> Trail | None:
        """The trail of this name as it is seen in a Region: one that is at home there, or the shadow of another."""
        return next((one for one in self.seen(account_id, region, first=region) if one.name == name), None)

    def at_home(self, account_id: str, region: str, name: str) -> Trail | None:
        """The trail of this name whose home is that Region."""
        with reading(self._engine) as connection:
            return _find(connection, account_id, region, name)

    def seen(self, account_id: str, region: str, *, first: str | None = None) -> list[Trail]:
        """All that a Region shows, shadows too, oldest first; those at home in ``first`` before the others."""
        visible = (TRAILS.c.region == region) | TRAILS.c.multi_region
        query = select(TRAILS).where(TRAILS.c.account_id == account_id, visible).order_by(TRAILS.c.created)
        with reading(self._engine) as connection:
            trails = [_trail(row) for row in connection.execute(query).mappings()]
        return sorted(trails, key=lambda trail: trail.region != first) if first else trails

    def logging(self) -> list[Trail]:
        """Those of all accounts that are logging."""
        with reading(self._engine) as connection:
            return [_trail(row) for row in connection.execute(select(TRAILS).where(TRAILS.c.logging)).mappings()]

    def change(self, trail: Trail, region: str, **changes: Any) -> Trail:
        """The trail with these fields changed, by a caller in ``region``. Raises InvalidHomeRegion, TrailNotFound, and
        what ``check_trail`` and ``check_bucket`` raise."""
        check_home(trail, region)
        check_trail(replace(trail, **changes))
        if "bucket" in changes:
            self._check_bucket(changes["bucket"])
        return self._write(trail, lambda before: replace(before, **changes))

    def change_tags(self, trail: Trail, change: ChangeTags) -> Trail:
        """The trail with what ``change`` makes of its tags. Raises TrailNotFound, InvalidTags, TagsLimitExceeded."""
        return self._write(trail, lambda before: replace(before, tags=check_tags(change(before.tags))))

    def _write(self, trail: Trail, make: Callable[[Trail], Trail]) -> Trail:
        with writing(self._engine) as connection:
            before = _find(connection, trail.account_id, trail.region, trail.name)
            if before is None:
                raise TrailNotFound(f"Unknown trail: {trail.arn} for the user: {trail.account_id}")
            after = make(before)
            check_trail(after)
            connection.execute(update(TRAILS).where(_is(after)).values(**_row(after)))
        return after

    def set_logging(self, trail: Trail, region: str, wanted: bool) -> Trail:
        """The trail, logging or not any more. Doing it twice changes nothing. Raises InvalidHomeRegion."""
        if trail.logging == wanted:
            check_home(trail, region)
            return trail
        when = {"started" if wanted else "stopped": self._clock()}
        return self.change(trail, region, logging=wanted, **when)

    def note_delivery(self, trail: Trail, *, error: str | None = None) -> None:
        """Log files of the trail were taken in, or could not be. One that is gone is left alone."""
        values = {"delivery_error": error} if error else {"delivery_error": None, "delivered": self._clock()}
        with writing(self._engine) as connection:
            connection.execute(update(TRAILS).where(_is(trail)).values(**values))

    def delete(self, trail: Trail, region: str) -> None:
        """Raises InvalidHomeRegion."""
        check_home(trail, region)
        with writing(self._engine) as connection:
            connection.execute(delete(TRAILS).where(_is(trail)))


def check_home(trail: Trail, region: str) -> None:
    """Raises InvalidHomeRegion unless the trail is at home there."""
    if trail.region != region:
        raise InvalidHomeRegion(f"Trail {trail.arn} can only be changed in its home Region, {trail.region}.")


def check_trail_name(name: str) -> str:
    """``name``, or InvalidTrailName in the words of the service."""
    for fault, message in _NAME_RULES:
        if fault(name):
            raise InvalidTrailName(message.format(length=len(name)))
    return name


def check_trail(trail: Trail) -> None:
    """Raise InvalidParameterCombination, InvalidBucketName, InvalidDestination, InvalidTopicName, InvalidLogGroup,
    InvalidLogRole, InvalidKmsKey. An empty log group or role is none: so clients take it from a trail."""
    if trail.multi_region and not trail.global_events:
        raise InvalidParameterCombination("Multi-Region trail must include global service events.")
    if not 3 <= len(trail.bucket) <= 255 or not re.fullmatch(r"[A-Za-z0-9._-]+", trail.bucket):
        raise InvalidBucketName(f"Bucket name is not valid: {trail.bucket[:260]}", place=trail.bucket)
    if trail.prefix is not None and (len(trail.prefix) > MAXIMUM_PREFIX or not trail.prefix.isprintable()):
        raise InvalidDestination(f"expected a prefix of at most {MAXIMUM_PREFIX} characters", place=trail.bucket)
    if trail.topic is not None and not re.fullmatch(r"[A-Za-z0-9_:.-]{1,256}", trail.topic):
        raise InvalidTopicName(f"expected the name or the ARN of an SNS topic, got {trail.topic[:260]!r}")
    if trail.log_group and not _LOG_GROUP.fullmatch(trail.log_group):
        raise InvalidLogGroup(f"expected the ARN of a log group of CloudWatch Logs, got {trail.log_group[:600]!r}")
    if trail.log_role and not _ROLE.fullmatch(trail.log_role):
        raise InvalidLogRole(f"expected the ARN of a role, got {trail.log_role[:600]!r}")
    check_kms_key(trail.kms_key)


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


_NAME_RULES: tuple[tuple[Callable[[str], Any], str], ...] = (
    (
        lambda name: len(name) < 3,
        "Trail name too short. Minimum allowed length: 3 characters. Specified name length: {length} characters.",
    ),
    (
        lambda name: len(name) > 128,
        "Trail name too long. Maximum allowed length: 128 characters. Specified name length: {length} characters.",
    ),
    (lambda name: not re.match(r"[0-9a-zA-Z]", name), "Trail name must starts with a letter or number."),
    (lambda name: not re.search(r"[0-9a-zA-Z]\Z", name), "Trail name must ends with a letter or number."),
    (
        lambda name: not re.fullmatch(r"[.\-_0-9a-zA-Z]+", name),
        "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), "
        "and underscores (_).",
    ),
    (
        lambda name: re.search(r"[.\-_]{2}", name),
        "Trail name cannot have adjacent periods (.), hyphens (-), or underscores (_).",
    ),
    (_is_address, "Trail name cannot be in IP address format."),
)


def _is(trail: Trail) -> ColumnElement[bool]:
    return _named(trail.account_id, trail.region, trail.name)


def _named(account_id: str, region: str, name: str) -> ColumnElement[bool]:
    return (TRAILS.c.account_id == account_id) & (TRAILS.c.region == region) & (TRAILS.c.name == name)


def _find(connection: Connection, account_id: str, region: str, name: str) -> Trail | None:
    row = connection.execute(select(TRAILS).where(_named(account_id, region, name))).mappings().first()
    return None if row is None else _trail(row)


def _row(trail: Trail) -> dict[str, Any]:
    values = {one.name: getattr(trail, one.name) for one in fields(trail)}
    values["tags"] = json.dumps(dict(trail.tags), ensure_ascii=False)
    values["selectors"] = None if trail.selectors is None else json.dumps(trail.selectors, ensure_ascii=False)
    values["aggregations"] = json.dumps(list(trail.aggregations))
    return values


def _trail(row: RowMapping) -> Trail:
    values: dict[str, Any] = dict(row)
    values["tags"] = json.loads(values["tags"])
    values["selectors"] = None if values["selectors"] is None else json.loads(values["selectors"])
    values["aggregations"] = tuple(json.loads(values["aggregations"]))
    return Trail(**values)
