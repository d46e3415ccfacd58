"""LookupEvents: the latest events first, by one attribute, over every store that holds events of AWS calls.

A question without SQL is answered by SQL of ours. It walks back in time through windows that grow until a page is
full, so that a large store costs no more than a small one; what is found is read whole in a second step, because the
texts of records are large and a page has fifty. An event that several stores hold is given once.

Source: CloudTrail API reference, LookupEvents; user guide, "Viewing recent management events with the AWS CLI".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from trailmere.errors import InvalidLookupAttributes
from trailmere.query.quoting import literal
from trailmere.query.results import rows
from trailmere.query.walking import EARLIEST, Window, rows_between, windows_back

if TYPE_CHECKING:
    from trailmere.lake.vault import Lake
    from trailmere.query.records import StoreEntry
    from trailmere.query.service import QueryService

# Names of request parameters that name a resource, and its type. CloudTrail derives the same from what each service
# documents; these are the usual ones.
RESOURCE_PARAMETERS: Mapping[str, str] = {
    "accessKeyId": "AWS::IAM::AccessKey",
    "bucketName": "AWS::S3::Bucket",
    "clusterName": "AWS::ECS::Cluster",
    "dBInstanceIdentifier": "AWS::RDS::DBInstance",
    "functionName": "AWS::Lambda::Function",
    "groupId": "AWS::EC2::SecurityGroup",
    "groupName": "AWS::IAM::Group",
    "hostedZoneId": "AWS::Route53::HostedZone",
    "imageId": "AWS::EC2::Image",
    "instanceId": "AWS::EC2::Instance",
    "instanceProfileName": "AWS::IAM::InstanceProfile",
    "keyId": "AWS::KMS::Key",
    "logGroupName": "AWS::Logs::LogGroup",
    "policyArn": "AWS::IAM::Policy",
    "policyName": "AWS::IAM::Policy",
    "queueUrl": "AWS::SQS::Queue",
    "repositoryName": "AWS::ECR::Repository",
    "roleArn": "AWS::IAM::Role",
    "roleName": "AWS::IAM::Role",
    "secretId": "AWS::SecretsManager::Secret",
    "snapshotId": "AWS::EC2::Snapshot",
    "stackName": "AWS::CloudFormation::Stack",
    "streamName": "AWS::Kinesis::Stream",
    "subnetId": "AWS::EC2::Subnet",
    "tableName": "AWS::DynamoDB::Table",
    "topicArn": "AWS::SNS::Topic",
    "userName": "AWS::IAM::User",
    "volumeId": "AWS::EC2::Volume",
    "vpcId": "AWS::EC2::VPC",
}

# The user, the session of a role, root, or the service that called: what CloudTrail calls Username.
_USER = (
    "COALESCE(CASE WHEN useridentity.type = 'Root' THEN 'root' END, useridentity.username, "
    "CASE WHEN strpos(useridentity.principalid, ':') > 0 "
    "THEN substr(useridentity.principalid, strpos(useridentity.principalid, ':') + 1) END, useridentity.invokedby)"
)
_IS_MANAGEMENT = "(eventcategory = 'Management' OR (eventcategory IS NULL AND COALESCE(managementevent, TRUE)))"


def _equals(expression: str) -> Callable[[str], str]:
    return lambda value: f"{expression} = {literal(value)}"


def _username(value: str) -> str:
    """A session of a role is found by its name, and by ``ROLE/SESSION``."""
    if "/" not in value:
        return f"{_USER} = {literal(value)}"
    begin = "strpos(useridentity.arn, ':assumed-role/')"
    session = f"({begin} > 0 AND substr(useridentity.arn, {begin} + 14) = {literal(value)})"
    return f"({_USER} = {literal(value)} OR {session})"


def _read_only(value: str) -> str:
    if value not in ("true", "false"):
        raise InvalidLookupAttributes(f"expected true or false for ReadOnly, got {value!r}")
    return f"readonly = {value}"


def _resource_name(value: str) -> str:
    parameters = ", ".join(f"element_at(requestparameters, '{name}')" for name in RESOURCE_PARAMETERS)
    wanted = literal(value)
    return (
        f"(contains(ARRAY[{parameters}], {wanted}) "
        f"OR any_match(resources, one -> one.arn = {wanted}) "
        f"OR strpos(element_at(requestparameters, 'instancesSet'), {literal(json.dumps(value))}) > 0)"
    )


def _resource_type(value: str) -> str:
    names = [name for name, type in RESOURCE_PARAMETERS.items() if type == value]
    given = [f"element_at(requestparameters, '{name}') IS NOT NULL" for name in names]
    if value == "AWS::EC2::Instance":
        given.append("element_at(requestparameters, 'instancesSet') IS NOT NULL")
    return f"({' OR '.join([f'any_match(resources, one -> one.type = {literal(value)})', *given])})"


@dataclass(frozen=True, slots=True)
class _Category:
    """What events of a category are asked by: their condition, and attribute -> condition on its value."""

    family: str
    condition: str
    attributes: Mapping[str, Callable[[str], str]]


MANAGEMENT, INSIGHT = "management", "insight"
CATEGORIES: Mapping[str, _Category] = {
    MANAGEMENT: _Category(
        "cloudtrail",
        _IS_MANAGEMENT,
        {
            "EventId": _equals("eventid"),
            "EventName": _equals("eventname"),
            "ReadOnly": _read_only,
            "Username": _username,
            "ResourceType": _resource_type,
            "ResourceName": _resource_name,
            "EventSource": _equals("eventsource"),
            "AccessKeyId": _equals("useridentity.accesskeyid"),
        },
    ),
    INSIGHT: _Category(
        "insight",
        "TRUE",
        {
            "EventId": _equals("eventid"),
            "EventName": _equals("insighteventname"),
            "EventSource": _equals("insighteventsource"),
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """What is asked by: a key as LookupEvents spells it, and the value that it shall have."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class FoundResource:
    """A resource of an event. ``type`` is None where the record does not say."""

    type: str | None
    name: str


@dataclass(frozen=True, slots=True)
class FoundEvent:
    """An event as LookupEvents tells it. ``record`` is its exact text."""

    id: str
    name: str | None
    read_only: bool | None
    access_key_id: str | None
    time: datetime
    source: str | None
    user: str | None
    resources: tuple[FoundResource, ...]
    record: str


@dataclass(frozen=True, slots=True)
class Place:
    """The event that a page ends with: the next one begins after it."""

    time: datetime
    id: str


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for. Times are included; None has no bound. ``category`` is a key of ``CATEGORIES``.
    ``insight_source`` is the ARN whose events an Insights event is about."""

    category: str = MANAGEMENT
    attribute: Attribute | None = None
    start: datetime | None = None
    end: datetime | None = None
    insight_source: str | None = None


class Lookup:
    """Looks events up in stores."""

    def __init__(self, lake: Lake, service: QueryService, clock: Callable[[], datetime]) -> None:
        self._lake = lake
        self._service = service
        self._clock = clock

    def page(
        self, stores: Sequence[StoreEntry], sought: Sought, *, limit: int, after: Place | None = None
    ) -> tuple[list[FoundEvent], Place | None]:
        """At most ``limit`` events, newest first, and where the next page begins; None at the end.

        Stores of other families are left out. Raises InvalidLookupAttributes, and the errors of a query.
        """
        category = CATEGORIES[sought.category]
        condition = _condition(category, sought)
        searched = [store for store in stores if store.family == category.family]
        places: dict[Place, StoreEntry] = {}
        for first, last in self._windows(searched, sought, after) if searched else ():
            for place, store in self._seek(searched, condition, first, last, after, limit + 1 - len(places)):
                places.setdefault(place, store)
            if len(places) > limit:
                break
        wanted = dict(sorted(places.items(), key=lambda one: (one[0].time, one[0].id), reverse=True)[:limit])
        events = self._read(wanted, category)
        return events, (list(wanted)[-1] if len(places) > limit else None)

    def _windows(self, stores: Sequence[StoreEntry], sought: Sought, after: Place | None) -> Iterator[Window]:
        """Windows of time from the latest back, both ends included."""
        latest = max(sought.end or self._clock() + timedelta(days=1), EARLIEST)
        last = latest if after is None else min(latest, after.time)
        ids = [store.id for store in stores]
        counted = partial(rows_between, self._lake, ids)
        return windows_back(counted, max(sought.start or EARLIEST, EARLIEST), last)

    def _seek(
        self,
        stores: Sequence[StoreEntry],
        condition: str,
        first: datetime,
        last: datetime,
        after: Place | None,
        count: int,
    ) -> Iterator[tuple[Place, StoreEntry]]:
        """The latest events of a window: a few small columns only."""
        bounds = f"eventtime >= {_moment(first)} AND eventtime <= {_moment(last)}"
        if after is not None:
            time, id = _moment(after.time), literal(after.id)
            bounds += f" AND (eventtime < {time} OR COALESCE(eventid, '') < {id})"
        parts = [
            f"SELECT eventtime, COALESCE(eventid, '') AS id, {number} AS store "  # noqa: S608 - literals are quoted
            f'FROM "{store.id}" WHERE {bounds} AND {condition}'
            for number, store in enumerate(stores)
        ]
        # an event may be in every store, and counts once
        limit = count * len(stores)
        sql = f"SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY 1 DESC, 2 DESC LIMIT {limit}"  # noqa: S608 - as above
        found: dict[Place, StoreEntry] = {}
        for time, id, number in self._rows(sql):
            found.setdefault(Place(_time(time), id), stores[number])
        yield from list(found.items())[:count]

    def _read(self, places: Mapping[Place, StoreEntry], category: _Category) -> list[FoundEvent]:
        """The events at these places, whole, in their order."""
        found: dict[Place, FoundEvent] = {}
        for store in set(places.values()):
            here = [place for place, at in places.items() if at == store]
            for event in self._events(store, here, category):
                found.setdefault(Place(event.time, event.id), event)
        return [found[place] for place in places if place in found]

    def _events(self, store: StoreEntry, places: Sequence[Place], category: _Category) -> Iterator[FoundEvent]:
        times = [place.time for place in places]
        ids = ", ".join(sorted({literal(place.id) for place in places}))
        is_insight = category is CATEGORIES[INSIGHT]
        columns = (
            "insighteventname, CAST(NULL AS boolean), CAST(NULL AS varchar), insighteventsource, CAST(NULL AS varchar)"
            if is_insight
            else f"eventname, readonly, useridentity.accesskeyid, eventsource, {_USER}"
        )
        sql = (
            f"SELECT eventtime, COALESCE(eventid, ''), eventjson, {columns} "  # noqa: S608 - as above
            f'FROM "{store.id}" WHERE eventtime >= {_moment(min(times))} AND eventtime <= {_moment(max(times))} '
            f"AND COALESCE(eventid, '') IN ({ids})"
        )
        for time, id, record, name, read_only, key, source, user in self._rows(sql):
            yield FoundEvent(id, name, read_only, key, _time(time), source, user, tuple(_resources(record)), record)

    def _rows(self, sql: str) -> Iterator[Sequence[Any]]:
        answer = self._service.run(sql)
        try:
            yield from rows(answer)
        finally:
            answer.close()


def _condition(category: _Category, sought: Sought) -> str:
    conditions = [category.condition]
    if sought.insight_source is not None:
        conditions.append(f"insightsource = {literal(sought.insight_source)}")
    if sought.attribute is not None:
        read = category.attributes.get(sought.attribute.key)
        if read is None:
            expected = ", ".join(category.attributes)
            raise InvalidLookupAttributes(f"expected one of {expected}, got {sought.attribute.key}")
        conditions.append(read(sought.attribute.value))
    return " AND ".join(conditions)


def _resources(record: str) -> Iterator[FoundResource]:
    """The resources that a record names: its own, else those that its request parameters name."""
    fields = json.loads(record)
    own = fields.get("resources")
    seen: set[str] = set()
    for one in own if isinstance(own, list) else ():
        name = one.get("ARN") or one.get("ARNPrefix") if isinstance(one, dict) else None
        if isinstance(name, str) and name not in seen:
            seen.add(name)
            yield FoundResource(one.get("type") if isinstance(one.get("type"), str) else None, name)
    given = fields.get("requestParameters")
    for parameter, type in RESOURCE_PARAMETERS.items() if isinstance(given, dict) else ():
        name = given.get(parameter)
        if isinstance(name, str) and name and name not in seen:
            seen.add(name)
            yield FoundResource(type, name)


def _moment(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
