"""The events pages without a browser: what a filter means in SQL, how bars are cut, how a record is read."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailmere.errors import InvalidParameter
from trailmere.events.columns import COLUMNS
from trailmere.events.selector_templates import everything_of
from trailmere.lake.lifecycle import StoreLifecycle
from trailmere.lake.vault import Lake
from trailmere.query.records import StoreEntry
from trailmere.query.service import QueryService
from trailmere.query.walking import EARLIEST, windows_back
from trailmere.registry.stores import StoreRegistry
from trailmere.web.pages import events_columns as columns
from trailmere.web.pages.events_asked import Asked, Filter, read_filter
from trailmere.web.pages.events_buckets import buckets
from trailmere.web.pages.events_record import compare, lay_out, read_card
from trailmere.web.ranges import read_range

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 3, 30, tzinfo=UTC)
SERVICE = {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}


class _Names:
    def __init__(self, stores: dict[str, StoreEntry]) -> None:
        self._stores = stores

    def find(self, name: str) -> StoreEntry | None:
        return self._stores.get(name)

    def names(self) -> tuple[str, ...]:
        return tuple(self._stores)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueryService]:
    """A store of each family, named by it."""
    with Lake.open(tmp_path_factory.mktemp("lake")) as lake:
        lifecycle = StoreLifecycle(StoreRegistry(lake.engine, account_id="111122223333", region="eu-west-1"), lake)
        made = {family: lifecycle.create(family, selectors=everything_of(family)) for family in COLUMNS}
        entries = {name: StoreEntry(one.id, one.name, one.arn, one.family) for name, one in made.items()}
        opened = QueryService(lake, _Names(entries))
        yield opened
        opened.close()


@pytest.mark.parametrize("family", COLUMNS)
def test_every_column_that_is_offered_can_be_shown_and_filtered_by_in_every_family(
    service: QueryService, family: str
) -> None:
    paths = [one.path for one in columns.offered(frozenset(COLUMNS))]
    paths += ["requestParameters.a.b", "requestParameters.it's", "resources.arn", "responseElements.x.0.y"]

    for path in paths:
        asked = " OR ".join(
            columns.condition(path, operator, value, family)
            for operator, value in (("=", "it's"), ("!=", "true"), ("~", "X"), ("=", ""), ("!=", ""))
        )
        service.check(f'SELECT {columns.expression(path, family)} AS c FROM "{family}" WHERE {asked}')


@given(st.text(max_size=40))
def test_a_value_is_never_more_than_a_literal(value: str) -> None:
    condition = columns.condition("eventName", "=", value, "cloudtrail")

    if value:
        assert condition == "eventname = '" + value.replace("'", "''") + "'"


@given(st.text(max_size=40))
def test_a_path_that_is_no_column_never_becomes_sql(path: str) -> None:
    found = columns.reach(path, "cloudtrail")

    if found is None:
        assert columns.expression(path, "cloudtrail") in ("CAST(NULL AS varchar)", *columns.OWN.get(path, {}).values())
    else:
        assert found.sql.replace(".", "").isalnum()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("eventName=A=B", ("eventName", "=", "A=B")),
        ("eventName!=A", ("eventName", "!=", "A")),
        ("userAgent~aws-cli", ("userAgent", "~", "aws-cli")),
        ("errorCode=", ("errorCode", "=", "")),
        ("requestParameters.x-y=a!=b", ("requestParameters.x-y", "=", "a!=b")),
    ],
)
def test_a_filter_ends_its_column_at_the_first_operator(text: str, expected: tuple[str, str, str]) -> None:
    read = read_filter(text)

    assert (read.path, read.operator, read.value) == expected


@pytest.mark.parametrize("text", ["", "eventName", "=x", "no.such=1", "eventName.member=1", "resources.nothing=1"])
def test_a_filter_of_no_column_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        read_filter(text)


def test_values_of_one_column_are_alternatives_and_exclusions_hold_all() -> None:
    texts = ("eventName=A", "eventName=B", "eventName!=C", "eventName!=D", "awsRegion=r")
    asked = Asked((), (), tuple(map(read_filter, texts)))

    assert asked.condition("cloudtrail") == (
        "(eventname IS NULL OR eventname <> 'C') AND (eventname IS NULL OR eventname <> 'D') "
        "AND (eventname = 'A' OR eventname = 'B') AND awsregion = 'r'"
    )


def test_a_family_that_lacks_a_column_can_only_have_none_of_it() -> None:
    lacking = Filter("vpcEndpointId", "=", "vpce-1", "")
    none = Filter("vpcEndpointId", "=", "", "")

    assert Asked((), (), (lacking,)).condition("insight") == "FALSE"
    assert Asked((), (), (none,)).condition("insight") == "TRUE"


@given(st.lists(st.integers(0, 10**6), max_size=60), st.integers(1, 50_000))
def test_windows_cover_a_span_once_from_its_end_to_its_beginning(minutes: list[int], most: int) -> None:
    moments = sorted(EARLIEST + timedelta(minutes=one) for one in minutes)
    end = EARLIEST + timedelta(minutes=10**6)

    def counted(first: datetime, last: datetime) -> int:
        return 1000 * sum(first <= one <= last for one in moments)

    found = list(windows_back(counted, EARLIEST, end, rows=2000, most=lambda: most))

    assert found[0][1] == end
    assert found[-1][0] == EARLIEST
    assert all(earlier[1] == later[0] - timedelta(microseconds=1) for later, earlier in pairwise(found))


@pytest.mark.parametrize(
    "range", ["3h", "5d", "30d", "365d", "all", "1971-01-01..2026-03-30", "2026-01-01T10:30:00Z..2026-01-03T11:15:00Z"]
)
def test_bars_have_no_gap_and_lose_no_event(range: str) -> None:
    read = read_range(range, NOW)
    unit = "hour" if range == "all" else read.period
    seconds = int((read.end - max(read.start, NOW - timedelta(days=3000))).total_seconds())
    moments = [read.end - timedelta(seconds=1 + seconds * part // 97) for part in (1, 5, 5, 40, 96)]
    counts: dict[datetime, Counter[str]] = {}
    for one in moments:
        at = one.replace(minute=one.minute if unit == "minute" else 0, second=0, microsecond=0)
        counts.setdefault(at, Counter())["succeeded"] += 1

    drawn = buckets(counts, read, unit, None).buckets

    assert sum(one.succeeded for one in drawn) == len(moments)
    assert all(one.end == following.start for one, following in pairwise(drawn))


@pytest.mark.parametrize(
    ("identity", "principal", "session", "credentials"),
    [
        ({"type": "Root", "userName": "alias"}, "root", "", ""),
        ({"type": "IAMUser", "userName": "ana", "accessKeyId": "AKIA1"}, "ana", "", "with a long-term access key"),
        (
            {
                "type": "AssumedRole",
                "principalId": "AROA1:me",
                "accessKeyId": "ASIA1",
                "sessionContext": {"sessionIssuer": {"userName": "admin"}, "attributes": {"mfaAuthenticated": "false"}},
            },
            "admin",
            "me",
            "with temporary credentials, no MFA",
        ),
        (SERVICE, "ec2.amazonaws.com", "", ""),
        (None, "", "", ""),
        ([], "", "", ""),
        ({"type": {}, "userName": ["x"], "sessionContext": 1}, '["x"]', "", ""),
    ],
)
def test_who_acted_is_read_from_any_identity(identity: Any, principal: str, session: str, credentials: str) -> None:
    card = read_card(json.dumps({"userIdentity": identity}))

    assert (card.principal, card.session, card.credentials) == (principal, session, credentials)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=20,
    )
)
def test_any_record_can_be_read(value: Any) -> None:
    members = (
        "userIdentity",
        "eventName",
        "resources",
        "requestParameters",
        "responseElements",
        "readOnly",
        "tlsDetails",
    )
    card = read_card(json.dumps(dict.fromkeys(members, value)))

    assert len(card.lines) == len(lay_out(dict.fromkeys(members, value)))


def test_two_records_are_compared_member_by_member() -> None:
    a = {"eventName": "A", "requestParameters": {"x": 1, "list": [1, 2]}}
    b = {"eventName": "A", "requestParameters": {"x": 2, "list": [1]}, "errorCode": "E"}

    assert compare(json.dumps(a), json.dumps(b)) == [
        ("eventName", "A", "A"),
        ("requestParameters.x", "1", "2"),
        ("requestParameters.list[0]", "1", "1"),
        ("requestParameters.list[1]", "2", None),
        ("errorCode", None, "E"),
    ]


def test_what_a_call_gave_out_comes_first() -> None:
    record = {
        "userIdentity": {
            "type": "IAMUser",
            "arn": "arn:aws:iam::111122223333:user/ana",
            "accessKeyId": "AKIA123456789012",
        },
        "responseElements": {"credentials": {"accessKeyId": "ASIA123456789012", "half": "\ud800"}},
        "userAgent": "half \ud800",
    }

    leads = read_card(json.dumps(record)).leads

    assert leads[0].filters == ("userIdentity.accessKeyId=ASIA123456789012",)
    assert leads[0].first
    assert not any("\ud800" in lead.text for lead in leads)  # it cannot stand in a URL
