"""Trino's own Python client, and SQLAlchemy over it, against the server."""

from __future__ import annotations

import datetime
import json
import re
import ssl
import urllib.error
import urllib.request
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import requests
import sqlalchemy
import trino
from sqlalchemy.engine import URL

from tests.api.asking import rows
from tests.connect.conftest import EVENTS
from tests.connect.serving import SCHEMA
from trailmere.ask.library import SAMPLES
from trailmere.ask.records import STORE, WINDOW, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.connect.serving import Served


@pytest.fixture
def engine(server: Served) -> Iterator[sqlalchemy.Engine]:
    """SQLAlchemy's, of the administrator."""
    url = URL.create(
        "trino", server.access_key_id, server.secret, "localhost", server.port, database=f"trailmere/{SCHEMA}"
    )
    engine = sqlalchemy.create_engine(url, connect_args={"http_scheme": "https", "verify": str(server.certificate)})
    yield engine
    engine.dispose()


def test_a_large_answer_comes_whole_and_in_order(server: Served) -> None:
    rows = server.rows("SELECT eventid FROM trail ORDER BY eventid")

    assert [f"00000000-0000-4000-8000-{number:012d}" for number in range(EVENTS)] == [row[0] for row in rows]


def test_values_of_each_type_arrive_as_pythons_own(server: Served) -> None:
    sql = """SELECT 1, CAST(2 AS BIGINT), 1.5E0, DECIMAL '1.50', true, 'a', DATE '2024-05-01',
             TIMESTAMP '2024-05-01 12:00:00.123456', X'00ff', ARRAY[1, 2], MAP(ARRAY['k'], ARRAY['v']),
             CAST(ROW(1, 'x') AS ROW(a bigint, b varchar)), CAST(NULL AS varchar), ARRAY[ARRAY['n']]"""

    (row,) = server.rows(sql)

    assert [
        1, 2, 1.5, Decimal("1.50"), True, "a", datetime.date(2024, 5, 1),
        datetime.datetime(2024, 5, 1, 12, 0, 0, 123456), b"\x00\xff", [1, 2], {"k": "v"}, (1, "x"), None, [["n"]],
    ] == list(row)  # fmt: skip


def test_rows_maps_and_times_of_a_store_keep_their_parts(server: Served) -> None:
    sql = "SELECT eventtime, useridentity, requestparameters FROM trail WHERE eventid LIKE '%000007'"

    ((when, who, asked),) = server.rows(sql)

    assert datetime.datetime(2024, 5, 1, 12, 0, 7) == when
    assert who.principalid == "AROA:Person.1@example.com"
    assert asked == {"bucketName": "bucket-7"}


def test_parameters_stand_where_the_question_marks_are(server: Served) -> None:
    sql = "SELECT count(*) FROM trail WHERE eventname = ? AND eventid <> ? AND eventtime >= ? AND 1 < ?"

    rows = server.rows(sql, ["GetBucketAcl", "it's '?'", datetime.datetime(2024, 5, 1), 2])

    assert rows == [[EVENTS // 2]]


def test_statements_can_be_prepared_by_old_clients(server: Served) -> None:
    with server.connect(legacy_prepared_statements=True) as connection:
        cursor = connection.cursor().execute("SELECT count(*) FROM trail WHERE eventname = ?", ["GetBucketAcl"])

        assert cursor.fetchall() == [[EVENTS // 2]]


@pytest.mark.parametrize("name", ["trail", f"{SCHEMA}.trail", f"trailmere.{SCHEMA}.trail"])
def test_a_store_is_found_with_schema_and_catalog_and_without(server: Served, name: str) -> None:
    assert server.rows(f"SELECT count(*) FROM {name}") == [[EVENTS]]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SHOW CATALOGS LIKE 'trail%'", [["trailmere"]]),
        ("SHOW SCHEMAS FROM trailmere", [[SCHEMA], ["information_schema"]]),
        ("SHOW TABLES", [["trail"]]),
        (f"SHOW TABLES FROM trailmere.{SCHEMA} LIKE 'x%'", []),
        ("SELECT table_cat FROM system.jdbc.catalogs", [["trailmere"]]),
        ("SELECT table_type FROM system.jdbc.table_types ORDER BY table_type DESC LIMIT 1", [["VIEW"]]),
        ("SELECT table_name FROM system.jdbc.tables WHERE table_schem LIKE 'account\\_%' ESCAPE '\\'", [["trail"]]),
        ("SELECT count(*) FROM trail WHERE false", [[0]]),
        ("SELECT 1", [[1]]),
    ],
)
def test_what_tools_ask_first_is_answered(server: Served, sql: str, expected: list[Any]) -> None:
    assert expected == server.rows(sql)


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("SELECT nothing FROM trail", "SYNTAX_ERROR"),
        ("SELECT eventname FROM", "SYNTAX_ERROR"),
        ("DROP TABLE trail", "NOT_SUPPORTED"),
        ("SELECT * FROM information_schema.tables JOIN trail ON true", "NOT_SUPPORTED"),
    ],
)
def test_what_is_wrong_is_told_with_trinos_names(server: Served, sql: str, name: str) -> None:
    with pytest.raises(trino.exceptions.TrinoUserError) as caught:
        server.rows(sql)

    assert caught.value.error_name == name


def test_a_wrong_secret_is_refused(server: Served) -> None:
    auth = trino.auth.BasicAuthentication(server.access_key_id, "wrong")

    with server.connect(auth=auth) as connection, pytest.raises(trino.exceptions.HttpError, match="401"):
        connection.cursor().execute("SELECT 1")


def test_an_answer_that_is_not_read_to_its_end_is_cancelled_by_its_reader(server: Served) -> None:
    with server.connect() as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT a.eventjson FROM trail a CROSS JOIN trail b")
        first = cursor.fetchone()
        cursor.cancel()

    assert first is not None
    assert server.rows("SELECT count(*) FROM trail") == [[EVENTS]]


def test_sqlalchemy_finds_tables_and_columns(engine: sqlalchemy.Engine) -> None:
    inspector = sqlalchemy.inspect(engine)

    assert inspector.get_table_names() == ["trail"]
    assert inspector.has_table("trail")
    assert SCHEMA in inspector.get_schema_names()
    columns = {column["name"]: str(column["type"]) for column in inspector.get_columns("trail")}
    assert columns["eventname"] == "VARCHAR"
    assert columns["eventtime"] == "TIMESTAMP"


def test_sqlalchemy_asks_through_a_reflected_table(engine: sqlalchemy.Engine) -> None:
    trail = sqlalchemy.Table("trail", sqlalchemy.MetaData(), autoload_with=engine)
    question = sqlalchemy.select(sqlalchemy.func.count()).where(trail.c.eventname == "GetBucketAcl")

    with engine.connect() as connection:
        assert connection.scalar(question) == EVENTS // 2


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_the_same_rows_come_through_aws_and_trino(server: Served, sample: Sample) -> None:
    every = str(10 * EVENTS)  # which rows a limit leaves out is open where some are alike
    sql = sample.sql.replace(STORE, "trail").replace(WINDOW, "true").replace(":limit", every)
    sql = re.sub(r":[a-z]\w*", "'bucket-7'", sql)  # what the question is about

    assert sorted(through_aws(server, sql)) == sorted([_shown(value) for value in row] for row in server.rows(sql))


def through_aws(server: Served, sql: str) -> list[list[str]]:
    """The rows of a statement by StartQuery and GetQueryResults."""
    return [list(row.values()) for row in rows(server.aws(), sql)]


def _shown(value: Any) -> str:
    """A value of Trino's client as GetQueryResults has it."""
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "milliseconds")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={one}" for key, one in value.items()) + "}"
    return "" if value is None else str(value)


def test_a_statement_is_not_shown_to_who_has_not_started_it(server: Served) -> None:
    request = urllib.request.Request(f"{server.url}/v1/statement/some/slug/1")

    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(request, context=_context(server))


def test_each_statement_is_in_the_journal(server: Served) -> None:
    server.rows("SELECT count(*) FROM trail WHERE eventname = 'told-in-the-journal'")

    written = b"".join(path.read_bytes() for path in (server.lake / "journal").rglob("*") if path.is_file())
    events = [json.loads(line) for line in written.splitlines() if b"told-in-the-journal" in line]
    assert [event["eventName"] for event in events] == ["StartQuery"]


COUNTING = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["cloudtrail:StartQuery"%s],
               "Resource": "*"}]}"""


def test_who_may_not_get_results_sees_no_tables_and_reads_none(server: Served) -> None:
    auth = trino.auth.BasicAuthentication(*server.user("starter", COUNTING % ""))

    with server.connect(auth=auth) as connection:
        assert connection.cursor().execute("SHOW TABLES").fetchall() == []
        with pytest.raises(trino.exceptions.TrinoUserError) as caught:
            connection.cursor().execute("SELECT count(*) FROM trail")

    assert caught.value.error_name == "PERMISSION_DENIED"


def test_who_may_do_both_reads(server: Served) -> None:
    auth = trino.auth.BasicAuthentication(*server.user("reader", COUNTING % ', "cloudtrail:GetQueryResults"'))

    with server.connect(auth=auth) as connection:
        assert connection.cursor().execute("SHOW TABLES").fetchall() == [["trail"]]
        assert connection.cursor().execute("SELECT count(*) FROM trail").fetchall() == [[EVENTS]]


def test_pages_are_fetched_by_who_started_the_statement_only(server: Served) -> None:
    stranger = server.user("stranger", COUNTING % ', "cloudtrail:GetQueryResults"')
    url, verify = f"{server.url}/v1/statement", str(server.certificate)
    started = requests.post(url, "SELECT 1", auth=(server.access_key_id, server.secret), verify=verify).json()

    refused = requests.get(started["nextUri"], auth=stranger, verify=verify)
    own = [requests.get(started["nextUri"], auth=(server.access_key_id, server.secret), verify=verify) for _ in "12"]

    assert refused.status_code == 404
    assert own[0].json()["id"] == own[1].json()["id"] == started["id"]  # a page that was lost is given again


def _context(server: Served) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(server.certificate))
