"""Record texts to events and rows: what each column holds, and that no odd value costs a record."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events.batches import rows_of
from tests.events.texts import compact, record_text, record_texts, values
from trailmere.events import structs
from trailmere.events.columns import COLUMNS, leaves
from trailmere.events.decode import EventDecoder
from trailmere.events.event import Event
from trailmere.events.formats import Defect, RecordText
from trailmere.events.rows import RowBuilder, arrow_schema

NO_MEMBERS: dict[str, Any] = {}


def decoded(text: bytes) -> Event:
    event = EventDecoder().decode(RecordText(0, 0, text))
    assert isinstance(event, Event)
    return event


def row_of(text: bytes) -> dict[str, Any]:
    """The one row of a record, maps as lists of pairs."""
    table = rows_of([text], decoded(text).family, first_ordinal=3).table
    table.validate(full=True)
    row: dict[str, Any] = table.to_pylist()[0]
    return row


def refused(text: bytes) -> Defect:
    defect = EventDecoder().decode(RecordText(7, 99, text))
    assert isinstance(defect, Defect)
    return defect


def test_columns_hold_what_the_record_says() -> None:
    row = row_of(
        record_text(
            userIdentity={
                "type": "AssumedRole",
                "accessKeyId": "ASIAEXAMPLE",
                "sessionContext": {
                    "attributes": {"creationDate": "2026-03-04T04:00:00Z", "mfaAuthenticated": "true"},
                    "sessionIssuer": {"userName": "admin"},
                    "webIdFederationData": {"federatedProvider": "p", "attributes": {"aud": "x"}},
                },
                "onBehalfOf": {"userId": "u", "identityStoreArn": "arn:s"},
                "inScopeOf": {"credentialsIssuedTo": "arn:c"},
            },
            tlsDetails={"tlsVersion": "TLSv1.3", "keyExchange": "X25519MLKEM768"},
            eventContext={
                "requestContext": {"aws:SourceIp": "192.0.2.1"},
                "tagContext": {"principalTags": {"t": "v"}, "resourceTags": [{"arn": "a", "tags": {"k": "v"}}]},
            },
            resources=[{"ARN": "arn:1", "type": "AWS::S3::Object"}, {"arn": "arn:2", "accountId": "1"}],
        )
    )

    assert row["useridentity__accesskeyid"] == "ASIAEXAMPLE"
    assert row["useridentity__sessioncontext__attributes__creationdate"] == datetime(2026, 3, 4, 4)
    assert row["useridentity__sessioncontext__sessionissuer__username"] == "admin"
    assert row["useridentity__sessioncontext__webidfederationdata__attributes"] == [("aud", "x")]
    assert row["useridentity__onbehalfof__userid"] == "u"
    assert row["useridentity__inscopeof__credentialsissuedto"] == "arn:c"
    assert row["tlsdetails__keyexchange"] == "X25519MLKEM768"
    assert row["eventcontext__requestcontext"] == [("aws:SourceIp", "192.0.2.1")]
    assert row["eventcontext__tagcontext__resourcetags"] == [{"arn": "a", "tags": [("k", "v")]}]
    assert row["resources"] == [
        {"accountid": None, "type": "AWS::S3::Object", "arn": "arn:1", "arnprefix": None},
        {"accountid": "1", "type": None, "arn": "arn:2", "arnprefix": None},
    ]


def test_trailmeres_own_columns_say_where_a_row_came_from() -> None:
    text = record_text(eventTime="2026-12-31T23:59:59Z")
    row = row_of(text)

    assert row["eventjson"].encode() == text
    assert (row["calendarday"], row["hour"]) == (20261231, 23)
    assert (row["deliveryid"], row["deliveryordinal"], row["eventidconflict"]) == ("d", 3, False)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('"plain"', "plain"),
        ('""', ""),
        ('"tab\\t\\u00e9 \\"q\\""', 'tab\té "q"'),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\ud800x"', "\ufffdx"),
        ("true", "true"),
        ("80", "80"),
        ("1.10", "1.10"),
        ("1e400", "1e400"),
        ("-0.0", "-0.0"),
        ("18446744073709551616", "18446744073709551616"),
        ("9" * 5000, "9" * 5000),
        ("null", None),
        ("{}", "{}"),
        ("[]", "[]"),
        ('{"b":1.0,"a":[1,2]}', '{"b":1.0,"a":[1,2]}'),
        ('{ "b" : 1.10 ,\n "a" : [ 1, "x , y" ] }', '{"b":1.10,"a":[1,"x , y"]}'),
        ('[ "\\ud800", "\\u0041 : " ]', '["\\ud800","\\u0041 : "]'),
        ('{"k":1,"k":2}', '{"k":1,"k":2}'),
    ],
)
def test_maps_hold_scalars_as_plain_text_and_the_rest_as_compact_json(value: str, shown: str | None) -> None:
    text = record_text()[:-1] + b',"requestParameters":{"someKey":' + value.encode() + b"}}"

    assert row_of(text)["requestparameters"] == [("someKey", shown)]


@pytest.mark.parametrize("absent", ["null", '"a string"', "17", "[1]", "true"])
def test_a_map_is_null_where_no_object_stands(absent: str) -> None:
    text = record_text()[:-1] + f',"requestParameters":{absent},"responseElements":{{"x":1}}}}'.encode()
    row = row_of(text)

    assert (row["requestparameters"], row["responseelements"]) == (None, [("x", "1")])


def test_an_empty_map_is_empty_and_not_null() -> None:
    assert row_of(record_text(requestParameters={}))["requestparameters"] == []


def test_a_key_that_stands_twice_in_a_map_shows_its_last_value() -> None:
    text = record_text()[:-1] + b',"requestParameters":{"k":1,"j":2,"k":3}}'

    assert dict(row_of(text)["requestparameters"]) == {"k": "3", "j": "2"}


@pytest.mark.parametrize(
    ("member", "column", "shown"),
    [
        ('"readOnly":"true"', "readonly", True),
        ('"readOnly":"False"', "readonly", False),
        ('"readOnly":"maybe"', "readonly", None),
        ('"readOnly":1', "readonly", None),
        ('"errorCode":{"a":1}', "errorcode", None),
        ('"errorCode":["x"]', "errorcode", None),
        ('"apiVersion":1.10', "apiversion", "1.10"),
        ('"apiVersion":true', "apiversion", "true"),
        ('"userIdentity":"root"', "useridentity__type", None),
        ('"userIdentity":{"type":7}', "useridentity__type", "7"),
        ('"userIdentity":{"sessionContext":[]}', "useridentity__sessioncontext__sourceidentity", None),
        ('"userIdentity":{"sessionContext":{"attributes":{"creationDate":"soon"}}}', None, None),
        (
            '"resources":{"ARN":"arn:1"}',
            "resources",
            [{"accountid": None, "type": None, "arn": "arn:1", "arnprefix": None}],
        ),
        ('"resources":"arn:1"', "resources", None),
        ('"resources":[1,{"ARN":"arn:1"}]', None, None),
        ('"tlsDetails":null', "tlsdetails__tlsversion", None),
        ('"eventName":"\\ud800"', "eventname", "\ufffd"),
        ('"\\ud800":1', None, None),
    ],
)
def test_a_value_of_the_wrong_type_empties_its_own_column_and_no_other(
    member: str, column: str | None, shown: object
) -> None:
    text = record_text()[:-1] + b"," + member.encode() + b"}"
    row = row_of(text)

    assert row["eventjson"].encode() == text
    assert (row["awsregion"], row["eventtime"]) == ("eu-west-1", datetime(2026, 3, 4, 5, 6, 7))
    assert column is None or row[column] == shown


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-04T05:06:07Z", datetime(2026, 3, 4, 5, 6, 7)),
        ("2026-03-04T05:06:07.5Z", datetime(2026, 3, 4, 5, 6, 7, 500_000)),
        ("2026-03-04T05:06:07.123456789Z", datetime(2026, 3, 4, 5, 6, 7, 123_456)),
        ("2026-03-04T05:06:07+05:30", datetime(2026, 3, 3, 23, 36, 7)),
        ("2026-03-04T05:06:07-0800", datetime(2026, 3, 4, 13, 6, 7)),
        ("2026-03-04 05:06:07", datetime(2026, 3, 4, 5, 6, 7)),
        ("1969-12-31T23:59:59Z", datetime(1969, 12, 31, 23, 59, 59)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59)),
    ],
)
def test_times_are_utc_whatever_their_zone(text: str, moment: datetime) -> None:
    row = row_of(record_text(eventTime=text))

    assert row["eventtime"] == moment
    assert (row["calendarday"], row["hour"]) == (int(f"{moment:%Y%m%d}".zfill(8)), moment.hour)


@pytest.mark.parametrize(
    "time",
    [
        *(None, "", "eventTime", "2026-02-30T00:00:00Z", "2026-03-04", "2026-03-04T25:00:00Z", 1772600767, {"a": 1}),
        *("9999-12-31T23:59:59-10:00", "9999-12-31T23:59:60Z", "0001-01-01T00:00:00+05:00"),
    ],
)
def test_a_record_without_a_time_is_a_defect_that_says_what_came(time: object) -> None:
    text = record_text(eventTime=time)
    defect = refused(text)

    assert (defect.reason, defect.ordinal, defect.offset, defect.text) == ("event-time", 7, 99, text)
    assert "expected an eventTime" in defect.message


@pytest.mark.parametrize("text", [b"{}", b'{"a":1}', b'{"Records":[]}'])
def test_an_object_with_no_member_of_a_record_is_told_as_such(text: bytes) -> None:
    assert refused(text).reason == "not-cloudtrail"


def test_a_notification_among_records_is_no_event() -> None:
    assert refused(record_text(eventSource="aws:s3")).reason == "not-cloudtrail"


@pytest.mark.parametrize(
    ("changes", "category", "family"),
    [
        ({"eventCategory": "Management"}, "Management", "cloudtrail"),
        ({"eventCategory": "NetworkActivity"}, "NetworkActivity", "cloudtrail"),
        ({"eventCategory": None, "managementEvent": False}, "Data", "cloudtrail"),
        ({"eventCategory": None, "managementEvent": None}, "Management", "cloudtrail"),
        ({"eventCategory": None, "eventType": "AwsVpceEvents"}, "NetworkActivity", "cloudtrail"),
        ({"eventCategory": None, "eventType": "AwsCloudTrailInsight"}, "Insight", "insight"),
        ({"eventCategory": None, "insightDetails": NO_MEMBERS}, "Insight", "insight"),
        ({"eventCategory": "ConfigurationItem"}, "ConfigurationItem", "configurationitem"),
        ({"eventCategory": "Evidence"}, "Evidence", "evidence"),
        ({"eventCategory": "ActivityAuditLog"}, "ActivityAuditLog", "activityauditlog"),
        ({"eventCategory": "Tomorrow"}, "Tomorrow", "cloudtrail"),
    ],
)
def test_the_category_is_the_records_own_or_what_its_fields_imply(
    changes: dict[str, Any], category: str, family: str
) -> None:
    event = decoded(record_text(**changes))

    assert (event.category, event.family) == (category, family)
    assert event.values("eventCategory") == (category,)


def test_an_implied_category_does_not_fill_the_column() -> None:
    assert row_of(record_text(eventCategory=None))["eventcategory"] is None


def test_selector_fields_have_the_values_that_selectors_compare() -> None:
    event = decoded(
        record_text(
            resources=[{"type": "AWS::S3::Object", "ARN": "arn:1"}, {"type": "AWS::S3::Bucket", "arn": "arn:2"}],
            errorCode="VpceAccessDenied",
            vpcEndpointId="vpce-1",
            sessionCredentialFromConsole="true",
        )
    )

    assert event.values("resources.type") == ("AWS::S3::Object", "AWS::S3::Bucket")
    assert event.values("resources.ARN") == ("arn:1", "arn:2")
    assert event.values("readOnly") == ("true",)
    assert event.values("userIdentity.arn") == ("arn:aws:iam::111122223333:user/ana",)
    assert event.values("errorCode") == ("VpceAccessDenied",)
    assert event.values("vpcEndpointId") == ("vpce-1",)
    assert event.values("sessionCredentialFromConsole") == ("true",)
    assert event.values("eventName") == ("GetObject",)


def test_selector_fields_that_a_record_lacks_have_no_values() -> None:
    event = decoded(b'{"eventVersion":"1.0","eventTime":"2026-01-01T00:00:00Z"}')

    fields = (
        "eventSource",
        "eventName",
        "eventType",
        "readOnly",
        "resources.type",
        "resources.ARN",
        "userIdentity.arn",
    )
    assert [event.values(field) for field in fields] == [()] * len(fields)


def test_a_trails_insight_is_shown_flat() -> None:
    insight = {
        "eventVersion": "1.08",
        "eventTime": "2026-03-04T05:06:00Z",
        "awsRegion": "eu-west-1",
        "eventID": "i-1",
        "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": "111122223333",
        "sharedEventID": "s-1",
        "eventCategory": "Insight",
        "insightDetails": {
            "state": "End",
            "eventSource": "iam.amazonaws.com",
            "eventName": "CreateUser",
            "insightType": "ApiErrorRateInsight",
            "errorCode": "AccessDenied",
            "insightContext": {
                "statistics": {
                    "baseline": {"average": 0.25},
                    "insight": {"average": 12},
                    "insightDuration": 5,
                    "baselineDuration": 10080,
                },
                "attributions": [
                    {
                        "attribute": "userIdentityArn",
                        "insight": [{"value": "arn:a", "average": 12.0}],
                        "baseline": [{"value": "arn:b", "average": 0.25}],
                    },
                    {"attribute": "userAgent", "insight": [], "baseline": []},
                ],
            },
        },
    }
    row = row_of(compact(insight))

    assert (row["insightstate"], row["insighteventname"], row["insighterrorcode"]) == (
        "End",
        "CreateUser",
        "AccessDenied",
    )
    assert (row["insightcontext__baselineaverage"], row["insightcontext__insightaverage"]) == (0.25, 12.0)
    assert (row["insightcontext__baselineduration"], row["insightcontext__insightduration"]) == (10080, 5)
    assert row["insightcontext__attributions__attribute"] == "userIdentityArn"
    assert row["insightcontext__attributions__insight__value"] == "arn:a"
    assert row["insightcontext__attributions__baselineaverage"] == 0.25


def test_an_aggregated_event_has_the_time_of_its_window() -> None:
    text = compact(
        {
            "eventVersion": "1.0",
            "accountId": "111122223333",
            "eventId": "a-1",
            "eventCategory": "Aggregated",
            "eventType": "AwsAggregatedEvent",
            "awsRegion": "us-west-2",
            "eventSource": "s3.amazonaws.com",
            "timeWindow": {"windowStart": "2026-03-04T05:05:00Z", "windowEnd": "2026-03-04T05:10:00Z"},
            "summary": {"primaryDimension": {"dimension": "eventName"}},
        }
    )
    row = row_of(text)

    assert (row["eventtime"], row["eventid"], row["recipientaccountid"], row["eventcategory"]) == (
        datetime(2026, 3, 4, 5, 5),
        "a-1",
        "111122223333",
        "Aggregated",
    )
    assert row["eventjson"].encode() == text
    assert decoded(text).values("eventCategory") == ("Data",)
    assert decoded(text).unknown_fields == ()


def test_records_of_other_families_fill_their_own_columns() -> None:
    row = row_of(
        record_text(
            eventCategory="ActivityAuditLog",
            metadata={"ingestionTime": "t", "channelARN": "arn:c"},
            eventData={"version": "1", "userIdentity": {"type": "x", "details": {"k": 1}}, "UID": "u"},
        )
    )

    assert (row["metadata__channelarn"], row["eventdata__uid"]) == ("arn:c", "u")
    assert row["eventdata__useridentity__details"] == [("k", "1")]


@pytest.mark.parametrize("family", COLUMNS)
def test_the_arrow_schema_names_every_leaf_of_the_family_in_order(family: str) -> None:
    assert arrow_schema(family).names == [leaf.name for leaf in leaves(family)]
    assert arrow_schema(family).field("eventtime").type == pa.timestamp("us")


@pytest.mark.parametrize("family", COLUMNS)
def test_a_builder_without_rows_gives_an_empty_table(family: str) -> None:
    rows = RowBuilder(family).finish()

    assert (rows.table.num_rows, rows.table.schema) == (0, arrow_schema(family))


@settings(max_examples=200)
@given(record_texts())
def test_any_record_keeps_its_exact_text_in_its_row(text: bytes) -> None:
    assert row_of(text)["eventjson"].encode() == text


@settings(max_examples=200)
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), values, max_size=6))
def test_every_member_of_a_map_can_be_read_back(members: dict[str, Any]) -> None:
    shown = row_of(record_text(requestParameters=members))["requestparameters"]

    for (key, text), (wanted_key, wanted) in zip(shown, members.items(), strict=True):
        assert key == wanted_key
        assert text == wanted if isinstance(wanted, str) or wanted is None else json.loads(text) == wanted


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 7, 1.5, "x", "true", [], {}, [{}], {"type": "t"}, [{"ARN": "a"}], {"attributes": 1}]
)
KEYS = st.sampled_from([column.key for column in COLUMNS["cloudtrail"] if column.key and column.key != "eventTime"])


@settings(max_examples=300)
@given(st.dictionaries(KEYS, ODD | st.dictionaries(st.sampled_from(["type", "sessionContext", "tlsVersion"]), ODD)))
def test_the_tolerant_twin_reads_what_the_fast_decoder_reads(changes: dict[str, Any]) -> None:
    text = record_text(**changes)
    twin = structs.tolerant("cloudtrail", text)
    try:
        fast = structs.decoder("cloudtrail", strict=False).decode(text)
    except ValueError:
        assert isinstance(EventDecoder().decode(RecordText(0, 0, text)), Event | Defect)
    else:
        assert twin == fast
