"""Queries through boto3: the sequences that clients run, and what each of them may see."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.serving import ACCOUNT, REGION, Serving, serve
from tests.query.background import ENDLESS, PATIENCE_SECONDS
from tests.walks.door import deliver
from trailmere.integrity.signing import is_signed

EVENTS = 2345
OTHER = "999999999999"
MINE = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:eventdatastore/"
READING = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "cloudtrail:*", "Resource": "*"}]}'


def event(number: int) -> dict[str, Any]:
    return {
        "eventVersion": "1.08",
        "eventID": f"00000000-0000-4000-8000-{number:012d}",
        "eventTime": f"2024-05-01T12:{number // 60 % 60:02d}:{number % 60:02d}Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetBucketAcl" if number % 2 else "PutBucketAcl",
        "eventCategory": "Management",
        "managementEvent": True,
        "readOnly": bool(number % 2),
        "userIdentity": {"type": "AssumedRole", "principalId": f"AROA:Person.{number % 3}@example.com"},
        "requestParameters": {"bucketName": f"bucket-{number}"},
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server whose account has the store ``trail`` with events in it."""
    folder = tmp_path_factory.mktemp("queries")
    (folder / "deliveries").mkdir()
    serving = serve(folder / "lake", delivery_folders=f"answers={folder / 'deliveries'}")
    serving.app.lifecycle.create("trail")
    deliver(folder / "logs", [event(number) for number in range(EVENTS)])
    command = [
        sys.executable,
        "-m",
        "trailmere",
        "ingest",
        folder / "logs",
        "--store",
        "trail",
        "--lake",
        folder / "lake",
    ]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    yield serving
    serving.close()


@pytest.fixture(scope="module")
def store(server: Serving) -> str:
    return server.app.stores.get("trail").id


@pytest.fixture(scope="module")
def trail(server: Serving) -> Any:
    return server.client()


def a_client(server: Serving, account: str, *policies: str) -> Any:
    """A client of a new user of an account."""
    identities = server.app.identities
    if account not in {one.id for one in identities.accounts()}:
        identities.create_account(f"account-{account}", account)
    user = identities.create_user(account, f"user-{time.monotonic_ns()}")
    for number, policy in enumerate(policies):
        identities.put_policy(user, f"policy-{number}", policy)
    return server.client(key=identities.create_key(user))


def described(client: Any, **which: Any) -> dict[str, Any]:
    """The query when it has ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := client.describe_query(**which))["QueryStatus"] in ("QUEUED", "RUNNING") or found.get(
        "DeliveryStatus"
    ) == "PENDING":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return dict(found)


def pages(client: Any, query_id: str, **more: Any) -> list[dict[str, Any]]:
    """All pages, asked for until there is no token, as clients do that know nothing of states."""
    found, deadline = [client.get_query_results(QueryId=query_id, **more)], time.monotonic() + PATIENCE_SECONDS
    while "NextToken" in found[-1]:
        assert time.monotonic() < deadline
        found.append(client.get_query_results(QueryId=query_id, NextToken=found[-1]["NextToken"], **more))
    return found


def code(raised: pytest.ExceptionInfo[ClientError]) -> str:
    return str(raised.value.response["Error"]["Code"])


def test_the_sequence_of_team_gives_the_keys_that_it_reads(trail: Any, store: str) -> None:
    """StartQuery with ISO times, polling DescribeQuery, then every page of GetQueryResults by store and query."""
    sql = (
        f"SELECT eventID, eventName, eventSource, eventTime FROM {store} WHERE eventTime > '2024-05-01T12:00:00Z' "
        "AND eventTime < '2024-05-01T12:30:00Z' AND lower(useridentity.principalId) LIKE '%:person.1@example.com%' "
        "AND eventSource = 's3.amazonaws.com' ORDER BY eventID"
    )
    query = trail.start_query(QueryStatement=sql)["QueryId"]
    told = described(trail, EventDataStore=store, QueryId=query)

    rows = [row for page in pages(trail, query, EventDataStore=store) for row in page["QueryResultRows"]]
    assert told["QueryStatus"] == "FINISHED"
    assert [[*cell] for cell in rows[0]] == [["eventID"], ["eventName"], ["eventSource"], ["eventTime"]]
    assert {name: value for cell in rows[0] for name, value in cell.items()} == {
        "eventID": "00000000-0000-4000-8000-000000000001",
        "eventName": "GetBucketAcl",
        "eventSource": "s3.amazonaws.com",
        "eventTime": "2024-05-01 12:00:01.000",
    }
    assert len(rows) == told["QueryStatistics"]["EventsMatched"] == 600


def test_rows_by_the_thousand_come_in_pages_that_end(trail: Any, store: str) -> None:
    query = trail.start_query(QueryStatement=f"SELECT eventID FROM {store} ORDER BY 1")["QueryId"]
    described(trail, QueryId=query)

    found = pages(trail, query)

    rows = [row[0]["eventID"] for page in found for row in page["QueryResultRows"]]
    assert [page["QueryStatistics"]["ResultsCount"] for page in found] == [1000, 1000, EVENTS - 2000]
    assert {page["QueryStatistics"]["TotalResultsCount"] for page in found} == {EVENTS}
    assert rows == [event(number)["eventID"] for number in range(EVENTS)]


def test_asking_for_results_at_once_is_no_error_and_ends_without_a_token(trail: Any, store: str) -> None:
    query = trail.start_query(QueryStatement=f"SELECT count(*) AS n FROM {store};")["QueryId"]

    found = pages(trail, query, MaxQueryResults=1)

    assert found[-1]["QueryStatus"] == "FINISHED"
    assert [row for page in found for row in page["QueryResultRows"]] == [[{"n": str(EVENTS)}]]


def test_a_health_check_without_from_is_answered(trail: Any) -> None:
    query = trail.start_query(QueryStatement="SELECT 1")["QueryId"]

    assert pages(trail, query)[-1]["QueryResultRows"] == [[{"_col0": "1"}]]


def test_a_query_is_described_with_what_it_took(trail: Any, store: str) -> None:
    sql = f"SELECT eventName FROM {store} WHERE readOnly"
    query = trail.start_query(QueryStatement=sql)

    told = described(trail, QueryId=query["QueryId"])

    counts = told["QueryStatistics"]
    assert query["EventDataStoreOwnerAccountId"] == told["EventDataStoreOwnerAccountId"] == ACCOUNT
    assert (told["QueryString"], counts["EventsMatched"], counts["EventsScanned"]) == (sql, EVENTS // 2, EVENTS)
    assert counts["BytesScanned"] > 0
    assert "ErrorMessage" not in told


def test_a_cancelled_query_is_cancelled_and_no_longer_active(trail: Any) -> None:
    query = trail.start_query(QueryStatement=ENDLESS)["QueryId"]

    assert trail.cancel_query(QueryId=query)["QueryStatus"] == "CANCELLED"
    with pytest.raises(ClientError) as raised:
        trail.cancel_query(QueryId=query)
    assert code(raised) == "InactiveQueryException"
    assert pages(trail, query)[-1]["QueryStatus"] == "CANCELLED"


def test_a_query_that_fails_says_so_in_both_answers(trail: Any, store: str) -> None:
    query = trail.start_query(QueryStatement=f"SELECT CAST(eventName AS integer) FROM {store}")["QueryId"]
    told = described(trail, QueryId=query)

    page = pages(trail, query)[-1]

    assert told["QueryStatus"] == page["QueryStatus"] == "FAILED"
    assert told["ErrorMessage"] == page["ErrorMessage"]
    assert told["ErrorMessage"].startswith("Could not convert string 'PutBucketAcl'")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, "InvalidParameterException"),
        ({"QueryStatement": "SELECT 1", "QueryAlias": "both"}, "InvalidParameterException"),
        ({"QueryAlias": "unknown"}, "InvalidParameterException"),
        ({"QueryStatement": "SELECT nothing FROM trail"}, "InvalidQueryStatementException"),
        ({"QueryStatement": "SELECT 1 FROM nowhere"}, "InvalidQueryStatementException"),
        ({"QueryStatement": "DELETE FROM trail"}, "InvalidQueryStatementException"),
        ({"QueryStatement": "SELECT ?, ?", "QueryParameters": ["a"]}, "InvalidParameterException"),
        ({"QueryStatement": f"SELECT 1 FROM {'0' * 8}-0000-4000-8000-{'0' * 12}"}, "EventDataStoreNotFoundException"),
        ({"QueryStatement": "SELECT 1", "DeliveryS3Uri": "s3://answers/../x"}, "InvalidS3PrefixException"),
        ({"QueryStatement": "SELECT 1", "DeliveryS3Uri": "s3://Answers/x"}, "InvalidS3BucketNameException"),
    ],
)
def test_what_cannot_be_started_is_refused_with_the_error_that_clients_know(
    trail: Any, given: dict[str, Any], error: str
) -> None:
    with pytest.raises(ClientError) as raised:
        trail.start_query(**given)

    assert code(raised) == error


@pytest.mark.parametrize("operation", ["describe_query", "get_query_results", "cancel_query"])
def test_a_query_that_never_was_is_not_found(trail: Any, operation: str) -> None:
    with pytest.raises(ClientError) as raised:
        getattr(trail, operation)(QueryId="0a1b2c3d-0000-4000-8000-000000000001")

    assert code(raised) == "QueryIdNotFoundException"


@pytest.mark.parametrize(
    ("named", "error"),
    [
        ("no/store", "EventDataStoreARNInvalidException"),
        (f"{MINE}0a1b2c3d-0000-4000-8000-000000000001", "EventDataStoreNotFoundException"),
        ("empty", "QueryIdNotFoundException"),
    ],
)
def test_the_store_that_old_clients_name_has_to_be_that_of_the_query(
    trail: Any, server: Serving, store: str, named: str, error: str
) -> None:
    query = trail.start_query(QueryStatement=f"SELECT 1 FROM {store} LIMIT 1")["QueryId"]
    if named == "empty":
        named = server.app.lifecycle.create("empty").id

    for operation in (trail.describe_query, trail.get_query_results, trail.cancel_query):
        with pytest.raises(ClientError) as raised:
            operation(QueryId=query, EventDataStore=named)
        assert code(raised) == error


def test_a_token_of_another_query_is_refused(trail: Any, store: str) -> None:
    one, other = (trail.start_query(QueryStatement=f"SELECT eventID FROM {store}")["QueryId"] for _ in range(2))
    for query in (one, other):
        described(trail, QueryId=query)
    token = trail.get_query_results(QueryId=one)["NextToken"]

    with pytest.raises(ClientError) as raised:
        trail.get_query_results(QueryId=other, NextToken=token)

    assert code(raised) == "InvalidNextTokenException"


def test_an_account_has_ten_queries_at_once(server: Serving) -> None:
    busy = a_client(server, "888888888888", READING)
    queries = [busy.start_query(QueryStatement=ENDLESS)["QueryId"] for _ in range(10)]

    try:
        with pytest.raises(ClientError) as raised:
            busy.start_query(QueryStatement=ENDLESS)
    finally:
        for query in queries:
            busy.cancel_query(QueryId=query)
    assert code(raised) == "MaxConcurrentQueriesException"


def test_the_queries_of_a_store_are_listed_newest_first(trail: Any, server: Serving) -> None:
    other = server.app.lifecycle.create("listed").id
    queries = [trail.start_query(QueryStatement=f"SELECT {n} AS n FROM {other}")["QueryId"] for n in range(5)]
    for query in queries:
        described(trail, QueryId=query)

    listed = [trail.list_queries(EventDataStore=other, MaxResults=2)]
    while "NextToken" in listed[-1]:
        listed.append(trail.list_queries(EventDataStore=other, MaxResults=2, NextToken=listed[-1]["NextToken"]))
    found = [query for page in listed for query in page["Queries"]]

    long_ago = {"StartTime": "2020-01-01", "EndTime": "2020-02-01"}
    assert [query["QueryId"] for query in found] == queries[::-1]
    assert trail.list_queries(EventDataStore=other, **long_ago)["Queries"] == []
    assert {query["QueryStatus"] for query in found} == {"FINISHED"}
    assert trail.list_queries(EventDataStore=other, QueryStatus="FAILED")["Queries"] == []


def test_queries_between_two_times_that_are_swapped_are_refused(trail: Any, store: str) -> None:
    now = time.time()

    with pytest.raises(ClientError) as raised:
        trail.list_queries(EventDataStore=store, StartTime=now, EndTime=now - 60)

    assert code(raised) == "InvalidDateRangeException"


# --- aliases ----------------------------------------------------------------------------------------------------------


def test_a_generated_query_runs_by_its_alias_and_tells_its_prompt(trail: Any, store: str) -> None:
    prompt = "How many events of PutBucketAcl were there in May 2024?"
    generated = trail.generate_query(EventDataStores=[store], Prompt=prompt)

    query = trail.start_query(QueryAlias=generated["QueryAlias"])["QueryId"]
    told = described(trail, QueryAlias=generated["QueryAlias"])

    assert generated["QueryAlias"].startswith("AWSCloudTrail-")
    assert (told["QueryId"], told["Prompt"], told["QueryString"]) == (query, prompt, generated["QueryStatement"])
    assert pages(trail, query)[-1]["QueryResultRows"] == [[{"events": str(EVENTS // 2 + 1)}]]


def test_a_question_that_cannot_be_placed_is_refused(trail: Any, store: str) -> None:
    with pytest.raises(ClientError) as raised:
        trail.generate_query(EventDataStores=[store], Prompt="What is the weather in Vienna?")

    assert code(raised) == "GenerateResponseException"


def test_parameters_stay_values_whatever_they_hold(trail: Any, server: Serving) -> None:
    server.app.aliases.put(ACCOUNT, "by-name", "SELECT count(*) AS n FROM trail WHERE eventName = '?' OR eventName = ?")

    found = [
        pages(trail, trail.start_query(QueryAlias="by-name", QueryParameters=[value, value])["QueryId"])[-1]
        for value in ("PutBucketAcl", "' OR 1=1 --", "x') UNION SELECT 1 --")
    ]

    assert [page["QueryResultRows"] for page in found] == [[[{"n": str(n)}]] for n in (EVENTS // 2 + 1, 0, 0)]


def test_samples_are_searched_in_pages(trail: Any) -> None:
    first = trail.search_sample_queries(SearchPhrase="console login", MaxResults=2)
    second = trail.search_sample_queries(SearchPhrase="console login", MaxResults=2, NextToken=first["NextToken"])

    names = [hit["Name"] for page in (first, second) for hit in page["SearchResults"]]
    assert len(set(names)) == 4
    assert names[0] == "Console sign-ins"
    assert "$EDS_ID" in first["SearchResults"][0]["SQL"]
    assert 0 < first["SearchResults"][0]["Relevance"] <= 1


# --- delivery ---------------------------------------------------------------------------------------------------------


def test_an_answer_is_delivered_and_its_key_is_listed(trail: Any, store: str, server: Serving) -> None:
    given = {"QueryStatement": f"SELECT eventID FROM {store}", "DeliveryS3Uri": "s3://answers/x"}
    told = described(trail, QueryId=trail.start_query(**given)["QueryId"])
    (sign,) = Path(server.app.settings.delivery_folders.partition("=")[2]).rglob("result_sign.json")
    document = json.loads(sign.read_text())
    hashes = [hashlib.sha256((sign.parent / file["fileName"]).read_bytes()).hexdigest() for file in document["files"]]
    completed = document["queryCompleteTime"]

    listed = trail.list_public_keys(StartTime=completed, EndTime=completed)["PublicKeyList"]

    (key,) = [key for key in listed if key["Fingerprint"] == document["publicKeyFingerprint"]]
    assert (told["DeliveryStatus"], told["DeliveryS3Uri"]) == ("SUCCESS", "s3://answers/x")
    assert is_signed(key["Value"], " ".join(hashes).encode(), document["hashSignature"])
    day = completed[:10].replace("-", "/")
    assert sign.parent.as_posix().endswith(f"x/AWSLogs/{ACCOUNT}/CloudTrail-Lake/Query/{day}/{told['QueryId']}")


def test_public_keys_between_two_times_that_are_swapped_are_refused(trail: Any) -> None:
    with pytest.raises(ClientError) as raised:
        trail.list_public_keys(StartTime="2024-01-02", EndTime="2024-01-01")

    assert code(raised) == "InvalidTimeRangeException"


# --- who may ----------------------------------------------------------------------------------------------------------


def test_who_may_nothing_is_denied_whether_there_is_a_query_or_not(server: Serving, trail: Any, store: str) -> None:
    mine = trail.start_query(QueryStatement=f"SELECT 1 FROM {store} LIMIT 1")["QueryId"]
    nobody = a_client(server, ACCOUNT)
    codes = set()

    for query in (mine, "0a1b2c3d-0000-4000-8000-000000000001"):
        for operation in (nobody.describe_query, nobody.get_query_results, nobody.cancel_query):
            with pytest.raises(ClientError) as raised:
                operation(QueryId=query)
            codes.add(code(raised))
    for statement in (f"SELECT 1 FROM {store}", "SELECT 1", "SELECT 1 FROM trail"):
        with pytest.raises(ClientError) as raised:
            nobody.start_query(QueryStatement=statement)
        codes.add(code(raised))

    assert codes == {"AccessDeniedException"}


def test_each_store_of_a_statement_has_to_be_allowed(server: Serving, store: str) -> None:
    closed = server.app.lifecycle.create("closed").id
    policy = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "cloudtrail:*", '
        f'"Resource": "{MINE}{store}"}}}}'
    )
    reader = a_client(server, ACCOUNT, policy)

    query = reader.start_query(QueryStatement=f"SELECT count(*) AS n FROM {store}")["QueryId"]
    with pytest.raises(ClientError) as raised:
        reader.start_query(QueryStatement=f"SELECT count(*) FROM {store} a, {closed} b")

    assert pages(reader, query)[-1]["QueryResultRows"] == [[{"n": str(EVENTS)}]]
    assert code(raised) == "AccessDeniedException"


def test_another_account_finds_neither_stores_nor_queries(server: Serving, trail: Any, store: str) -> None:
    mine = trail.start_query(QueryStatement=f"SELECT 1 FROM {store} LIMIT 1")["QueryId"]
    stranger = a_client(server, OTHER, READING)
    codes = []

    for statement in (f"SELECT 1 FROM {store}", f'SELECT 1 FROM "{MINE}{store}"', "SELECT 1 FROM trail"):
        with pytest.raises(ClientError) as raised:
            stranger.start_query(QueryStatement=statement)
        codes.append(code(raised))
    for owner in ({}, {"EventDataStoreOwnerAccountId": ACCOUNT}):
        with pytest.raises(ClientError) as raised:
            stranger.describe_query(QueryId=mine, **owner)
        codes.append(code(raised))

    found, invalid = "EventDataStoreNotFoundException", "InvalidQueryStatementException"
    assert codes[:3] == [found, found, invalid]
    assert set(codes[3:]) <= {"QueryIdNotFoundException", "AccessDeniedException"}


def test_an_account_asks_its_own_stores_by_name_and_others_do_not(server: Serving, trail: Any) -> None:
    theirs = a_client(server, OTHER, READING)
    made = theirs.create_event_data_store(Name="theirs")["EventDataStoreArn"]

    found = [
        pages(theirs, theirs.start_query(QueryStatement=f"SELECT count(*) AS n FROM {name}")["QueryId"])[-1]
        for name in ("theirs", f'"{made}"')
    ]
    with pytest.raises(ClientError) as raised:
        trail.start_query(QueryStatement="SELECT 1 FROM theirs")

    assert [page["QueryResultRows"] for page in found] == [[[{"n": "0"}]]] * 2
    assert code(raised) == "InvalidQueryStatementException"


def test_another_account_asks_a_store_whose_policy_lets_it(server: Serving, store: str) -> None:
    arn = server.app.lifecycle.create("shared").arn
    actions = '["cloudtrail:StartQuery", "cloudtrail:DescribeQuery", "cloudtrail:GetQueryResults"]'
    asker = a_client(server, OTHER, READING)
    server.app.resource_policies.put(
        arn,
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
        f'"Principal": {{"AWS": "arn:aws:iam::{OTHER}:root"}}, "Action": {actions}, "Resource": "{arn}"}}]}}',
    )
    owner = {"EventDataStoreOwnerAccountId": ACCOUNT}
    id = arn.rpartition("/")[2]

    started = asker.start_query(QueryStatement=f"SELECT count(*) AS n FROM {id}", **owner)
    found = pages(asker, started["QueryId"], **owner)

    assert started["EventDataStoreOwnerAccountId"] == ACCOUNT
    assert found[-1]["QueryResultRows"] == [[{"n": "0"}]]
    with pytest.raises(ClientError) as raised:
        asker.cancel_query(QueryId=started["QueryId"], **owner)
    assert code(raised) == "EventDataStoreNotFoundException"


def test_a_store_that_is_pending_deletion_is_not_active(server: Serving, trail: Any) -> None:
    gone = server.app.lifecycle.create("gone", termination_protection=False).id
    query = trail.start_query(QueryStatement=f"SELECT 1 FROM {gone}")["QueryId"]
    described(trail, QueryId=query)
    server.app.lifecycle.delete(gone)
    codes = []

    for operation, given in {
        trail.start_query: {"QueryStatement": f"SELECT 1 FROM {gone}"},
        trail.list_queries: {"EventDataStore": gone},
        trail.get_query_results: {"QueryId": query},
        trail.generate_query: {"EventDataStores": [gone], "Prompt": "top errors"},
    }.items():
        with pytest.raises(ClientError) as raised:
            operation(**given)
        codes.append(code(raised))

    assert set(codes) == {"InactiveEventDataStoreException"}
