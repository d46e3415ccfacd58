"""The AWS CLI against ``trailmere serve``, unmodified: sessions of commands, what they print, how they end.

Three are driven: version 1, version 2 as AWS publishes it, and the version 2 that the system packages. That of Debian
12, 2.9.19, knows 38 of the 60 operations, and not yet the variables for endpoints.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.asking import ACTIVITY_SELECTORS, an_event
from tests.api.buckets import BUCKET, bucket
from tests.clients.cli import BUILT, VERSIONS, AwsCli, written
from tests.clients.events import ACCOUNT, COUNT, KEY, REGION, log, record
from tests.clients.serving import served
from tests.query.background import ENDLESS

pytestmark = [pytest.mark.extended, pytest.mark.timeout(300)]
EVERY = pytest.mark.parametrize("aws", [*BUILT, "packaged"], indirect=True)
NEW = pytest.mark.parametrize("aws", BUILT, indirect=True)
FIRST = pytest.mark.parametrize("aws", ["1"], indirect=True)  # where the versions do alike, the quickest is enough
WRITES = [
    {
        "Name": "writes",
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Management"]},
            {"Field": "readOnly", "Equals": ["false"]},
        ],
    }
]
INSIGHTS = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Insight"]}]}]
UNPROTECTED = "--no-termination-protection-enabled"
OTHER = "444455556666"


@pytest.fixture(scope="module")
def aws(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsCli]:
    """A version of the CLI, and a server whose logs lie in a bucket."""
    version = VERSIONS[request.param]
    program = version.find()
    with bucket() as (s3, found):
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=log())
        with served(tmp_path_factory.mktemp("cli"), **found) as server:
            yield AwsCli(server, version, program)


def finished(aws: AwsCli, query_id: str) -> Any:
    """What is told of a query once it has ended."""
    running = ("QUEUED", "RUNNING")
    return aws.until(lambda found: found["QueryStatus"] not in running, "describe-query", "--query-id", query_id)


def rows(page: Any) -> list[dict[str, str]]:
    """The rows of a page of results."""
    return [{name: value for cell in row for name, value in cell.items()} for row in page["QueryResultRows"]]


def policy(channel: str) -> dict[str, Any]:
    """Another account may put events."""
    allowed = {"Action": "cloudtrail-data:PutAuditEvents", "Resource": channel}
    statement = {"Effect": "Allow", "Principal": {"AWS": OTHER}, **allowed}
    return {"Version": "2012-10-17", "Statement": [statement]}


@EVERY
def test_an_event_data_store_lives_from_its_selectors_to_its_restoration(aws: AwsCli, tmp_path: Path) -> None:
    selectors = written(tmp_path, "selectors.json", WRITES)
    made = aws(
        "create-event-data-store", "--name", "writes", "--advanced-event-selectors", selectors, "--retention-period",
        "90", "--tags-list", "Key=team,Value=blue", "Key=cost,Value=7",
    )  # fmt: skip
    arn = made["EventDataStoreArn"]
    listed = aws("list-event-data-stores")
    protected = aws.refused("delete-event-data-store", "--event-data-store", arn)
    changed = aws("update-event-data-store", "--event-data-store", arn, "--name", "changes", UNPROTECTED)
    aws("add-tags", "--resource-id", arn, "--tags-list", "Key=team,Value=red")
    tags = aws("list-tags", "--resource-id-list", arn)
    gone = aws("delete-event-data-store", "--event-data-store", arn)
    pending = aws("get-event-data-store", "--event-data-store", arn.rpartition("/")[2])
    restored = aws("restore-event-data-store", "--event-data-store", arn)

    assert (made["Name"], made["AdvancedEventSelectors"], made["RetentionPeriod"]) == ("writes", WRITES, 90)
    assert made["TagsList"] == [{"Key": "team", "Value": "blue"}, {"Key": "cost", "Value": "7"}]
    assert {"EventDataStoreArn": arn, "Name": "writes"} in listed["EventDataStores"]
    assert protected == "EventDataStoreTerminationProtectedException"
    assert (changed["Name"], changed["TerminationProtectionEnabled"], changed["Status"]) == (
        "changes",
        False,
        "ENABLED",
    )
    assert {one["Key"]: one["Value"] for one in tags["ResourceTagList"][0]["TagsList"]} == {"team": "red", "cost": "7"}
    assert (gone, pending["Status"], restored["Status"]) == (None, "PENDING_DELETION", "ENABLED")


@EVERY
def test_logs_are_copied_from_a_bucket_asked_page_by_page_and_looked_up(aws: AwsCli) -> None:
    arn = aws("create-event-data-store", "--name", "audit")["EventDataStoreArn"]
    source = f"S3LocationUri=s3://{BUCKET}/,S3BucketRegion={REGION},S3BucketAccessRoleArn=arn:aws:iam::{ACCOUNT}:role/r"
    started = aws("start-import", "--destinations", arn, "--import-source", f"S3={{{source}}}")["ImportId"]
    going = ("INITIALIZING", "IN_PROGRESS")
    copied = aws.until(lambda found: found["ImportStatus"] not in going, "get-import", "--import-id", started)
    imports = aws("list-imports", "--destination", arn, "--import-status", "COMPLETED")

    statement = f"SELECT eventID, errorCode FROM {arn.rpartition('/')[2]} WHERE NOT readOnly ORDER BY eventTime"
    query = aws("start-query", "--query-statement", statement)["QueryId"]
    described = finished(aws, query)
    page = ("get-query-results", "--query-id", query, "--max-query-results", "40")
    pages = [aws(*page)]
    while "NextToken" in pages[-1]:
        pages.append(aws(*page, "--next-token", pages[-1]["NextToken"]))
    endless = aws("start-query", "--query-statement", ENDLESS)["QueryId"]
    stopped = aws("cancel-query", "--query-id", endless)
    queries = aws("list-queries", "--event-data-store", arn, "--query-status", "FINISHED")
    attribute = "AttributeKey=EventName,AttributeValue=PutBucketPolicy"
    times = ("--start-time", "2026-03-01T12:00:00Z", "--end-time", "2026-03-01T12:59:59Z")
    looked_up = aws("lookup-events", "--lookup-attributes", attribute, *times)

    written = [{"eventID": record(number)["eventID"], "errorCode": ""} for number in range(1, COUNT, 2)]
    assert copied["ImportStatus"] == "COMPLETED"
    assert copied["ImportStatistics"]["EventsCompleted"] == COUNT
    assert [one["ImportId"] for one in imports["Imports"]] == [started]
    assert (described["QueryStatus"], described["QueryString"]) == ("FINISHED", statement)
    assert described["QueryStatistics"]["EventsMatched"] == len(written)
    assert [len(page["QueryResultRows"]) for page in pages] == [40, 25]
    assert [row for page in pages for row in rows(page)] == written
    assert (stopped["QueryId"], stopped["QueryStatus"]) == (endless, "CANCELLED")
    assert [one["QueryId"] for one in queries["Queries"]] == [query]
    assert [one["EventId"] for one in looked_up["Events"]] == [record(number)["eventID"] for number in range(59, 0, -2)]


@FIRST
def test_a_trail_is_created_logs_and_is_deleted(aws: AwsCli) -> None:
    made = aws("create-trail", "--name", "all", "--s3-bucket-name", BUCKET, "--is-multi-region-trail")
    aws("start-logging", "--name", "all")
    logging = aws("get-trail-status", "--name", made["TrailARN"])
    put = aws("put-event-selectors", "--trail-name", "all", "--advanced-event-selectors", json.dumps(WRITES))
    described = aws("describe-trails")
    nowhere = aws.refused("create-trail", "--name", "other", "--s3-bucket-name", "nowhere-at-all")
    aws("delete-trail", "--name", "all")
    gone = aws.refused("get-trail", "--name", "all")

    assert made["TrailARN"] == f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/all"
    assert logging["IsLogging"] is True
    assert put == {"TrailARN": made["TrailARN"], "AdvancedEventSelectors": WRITES}
    assert [(one["Name"], one["HomeRegion"]) for one in described["trailList"]] == [("all", REGION)]
    assert (nowhere, gone) == ("S3BucketDoesNotExistException", "TrailNotFoundException")


@NEW
def test_events_of_ones_own_are_put_through_a_channel_that_another_account_may_use(aws: AwsCli) -> None:
    store = aws(
        "create-event-data-store", "--name", "doors", "--advanced-event-selectors", json.dumps(ACTIVITY_SELECTORS),
        "--no-multi-region-enabled", UNPROTECTED,
    )["EventDataStoreArn"]  # fmt: skip
    destination = f"Type=EVENT_DATA_STORE,Location={store}"
    channel = aws("create-channel", "--name", "from-doors", "--source", "Custom", "--destinations", destination)
    arn = channel["ChannelArn"]
    aws("put-resource-policy", "--resource-arn", arn, "--resource-policy", json.dumps(policy(arn)))
    got = aws("get-resource-policy", "--resource-arn", arn)
    events = [*(an_event(str(number), ACCOUNT) for number in range(3)), {"id": "x", "eventData": "{}"}]
    put = ("put-audit-events", "--channel-arn", arn, "--audit-events")
    answered = aws(*put, json.dumps(events), service="cloudtrail-data")
    double = aws.refused(*put, json.dumps([an_event("1", ACCOUNT)] * 2), service="cloudtrail-data")
    query = aws("start-query", "--query-statement", f"SELECT count(*) AS n FROM {store.rpartition('/')[2]}")["QueryId"]
    finished(aws, query)
    counted = aws("get-query-results", "--query-id", query)

    assert json.loads(got["ResourcePolicy"]) == policy(arn)
    assert [one["id"] for one in answered["successful"]] == ["0", "1", "2"]
    assert [(one["id"], one["errorCode"]) for one in answered["failed"]] == [("x", "FieldNotFound")]
    assert double == "DuplicatedAuditEventId"
    assert rows(counted) == [{"n": "3"}]


@NEW
def test_a_question_in_english_becomes_a_query_that_runs_by_its_alias(aws: AwsCli) -> None:
    arn = aws("create-event-data-store", "--name", "asked")["EventDataStoreArn"]
    prompt = "Show me all console logins in the last 7 days"
    generated = aws("generate-query", "--event-data-stores", arn, "--prompt", prompt)
    query = aws("start-query", "--query-alias", generated["QueryAlias"])["QueryId"]
    described = finished(aws, query)

    assert arn.rpartition("/")[2] in generated["QueryStatement"]
    assert (described["QueryStatus"], described["Prompt"]) == ("FINISHED", prompt)


@FIRST
def test_a_store_has_insights_once_it_is_told_where_they_go(aws: AwsCli) -> None:
    source = aws("create-event-data-store", "--name", "source")["EventDataStoreArn"]
    insights = ("--name", "found", "--advanced-event-selectors", json.dumps(INSIGHTS))
    found = aws("create-event-data-store", *insights)["EventDataStoreArn"]
    missing = aws.refused("get-insight-selectors", "--event-data-store", source)
    where = ("--event-data-store", source, "--insights-destination", found)
    aws("put-insight-selectors", *where, "--insight-selectors", "InsightType=ApiCallRateInsight")
    selectors = aws("get-insight-selectors", "--event-data-store", source)

    assert missing == "InsightNotEnabledException"
    assert [one["InsightType"] for one in selectors["InsightSelectors"]] == ["ApiCallRateInsight"]
    assert selectors["InsightsDestination"] == found


@EVERY
def test_mistakes_end_with_the_names_that_aws_gives_them(aws: AwsCli) -> None:
    statement = aws.refused("start-query", "--query-statement", "DELETE FROM x")
    page = aws.refused("lookup-events", "--max-items", "1", "--page-size", "51")
    code, printed, complaint = aws.typed("list-public-keys", AWS_SECRET_ACCESS_KEY="x" * 40)

    assert (statement, page) == ("InvalidQueryStatementException", "InvalidMaxResultsException")
    assert (code, printed) == (aws.version.refusal, "")
    assert "An error occurred (InvalidSignatureException) when calling the ListPublicKeys operation" in complaint
