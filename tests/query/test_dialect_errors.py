"""Errors point at the fault in what the user typed, and say what to do."""

from __future__ import annotations

import pytest

from tests.query.questions import ask_for
from trailmere.errors import QueryError, QueryLimitExceeded, StatementInvalid

# statement, line, column, a part of the message, a part of the hint
FAULTS = [
    ("SELECT sourceIpAdress FROM trail", 1, 8, "no column sourceIpAdress", "sourceIPAddress?"),
    ("SELECT\n  eventName,\n  evntTime\nFROM trail", 3, 3, "no column evntTime", "eventTime?"),
    ("SELECT accessKeyId FROM trail", 1, 8, "no column accessKeyId", "userIdentity.accessKeyId?"),
    ("SELECT userIdentity.sessionContext.sesionIssuer.arn FROM trail", 1, 8, "no column", "sessionIssuer.arn?"),
    ("SELECT e.evntName FROM trail e", 1, 8, "no column e.evntName", "eventName?"),
    ("SELECT requestParameters.bucketName FROM trail", 1, 26, "is a map: write element_at", ""),
    ("SELECT resources.arn FROM trail", 1, 18, "element_at(resources, 1).arn", ""),
    ("SELECT eventName FROM trial", 1, 23, "no event data store trial", "trail"),
    ("SELECT 1 FROM 0a1b2c3d-0000-4000-8000-00000000ffff", 1, 15, "no event data store 0a1b2c3d", "trail"),
    # quotes are put around the id; what follows keeps its place
    ("SELECT 1 FROM 0a1b2c3d-0000-4000-8000-000000000001 WHERE evntName = 'a'", 1, 58, "evntName", "eventName?"),
    ("SELECT eventName\nFROM second-trail a, second-trail b\nWHERE b.nope = 1", 3, 7, "no column b.nope", ""),
    ("SELECT 1 FROM $EDS_ID", 1, 15, "$EDS_ID is a placeholder", "name, id or ARN"),
    ("SELECT 1 FROM <EDS ID>", 1, 15, "<EDS ID> is a placeholder", "name, id or ARN"),
    ("SELECT json_extrct(eventJson, '$.a') FROM trail", 1, 8, "no function json_extrct", "json_extract?"),
    ("SELECT lower(eventName, 'a') FROM trail", 1, 8, "lower takes 1 arguments, and 2", ""),
    ("SELECT lower(requestParameters) FROM trail", 1, 14, "lower takes varchar", "element_at"),
    ("SELECT 1 FROM trail WHERE requestParameters LIKE '%a%'", 1, 27, "LIKE compares text", "CAST(requestParameters"),
    ("SELECT 1 FROM trail WHERE eventTime > 'last week'", 1, 27, "'last week' is not a time", "2024-05-01T00:00:00Z"),
    ("SELECT 1 FROM trail WHERE readOnly = 'yes'", 1, 27, "neither true nor false", ""),
    ("SELECT 1 FROM trail WHERE eventName > 5", 1, 27, "cannot be compared", "single quotes"),
    ('SELECT 1 FROM trail WHERE eventName = "GetObject"', 1, 39, "no column GetObject", "single quotes: 'GetObject'"),
    ("SELECT 1 FROM trail WHERE eventName = 'a", 1, 39, "string that begins here is not closed", ""),
    ("SELECT 1 FROM trail WHERE (eventName = 'a'", 1, 27, "bracket that opens here is not closed", ""),
    ("SELECT 1 FROM trail /* never", 1, 21, "comment that begins here is not closed", ""),
    ("SELECT eventName, count(*) FROM trail", 1, 8, "eventName must be in GROUP BY", "arbitrary(eventName)"),
    ("SELECT eventTime FROM trail GROUP BY eventName", 1, 8, "eventTime must be in GROUP BY", ""),
    ("SELECT * FROM trail GROUP BY eventName", 1, 8, "must be in GROUP BY", ""),
    ("SELECT 1 FROM trail WHERE count(*) > 1", 1, 27, "aggregate count cannot stand in WHERE", "HAVING"),
    ("SELECT eventName FROM trail a, trail b", 1, 8, "eventName is ambiguous", "alias"),
    ("SELECT eventName FROM trail ORDER BY 2", 1, 38, "no position of the 1", ""),
    ("SELECT 1 UNION SELECT 1, 2", 1, None, "1 and 2 columns", ""),
    ("SELECT eventNme", 1, 8, "no column eventNme", "no FROM clause"),
    ("SELECT eventName\nFROM trail\nGROUP BY eventNameORDER BY eventName", 3, 25, "unexpected BY", ""),
    ("SELECT FROM trail WHERE", 1, None, "", ""),
    ("SELECT json_extract(eventJson, '$.[') FROM trail", 1, None, "JSON path", ""),
    ("SELECT date_format(eventTime, '%Q') FROM trail", 1, None, "pattern '%Q'", ""),
    ("SELECT date_trunc('fortnight', eventTime) FROM trail", 1, None, "unit", "week"),
    ("SELECT eventName,, eventTime FROM trail", 1, 17, "nothing follows this comma", "remove it"),
    ("SELECT eventName,\nFROM trail", 1, 17, "nothing follows this comma", "remove it"),
    ("SELECT lower(eventName, ) FROM trail", 1, 23, "nothing follows this comma", ""),
    ("SELECT eventName FROM trail, -- and\n WHERE 1 = 1", 1, 28, "nothing follows this comma", ""),
    ("SELECT eventName FROM trail ORDER BY 1,;", 1, 39, "nothing follows this comma", ""),
    ("SELECT 1;\nSELECT 2", 2, 1, "a second one begins here", "one by one"),
    ("SELECT eventName FROM trail WHERE eventName = 'a' AND ;", 1, 51, "it ends after AND", ""),
    ("SELECT eventName FROM trail WHERE eventName =\n", 1, 45, "it ends after =", ""),
    ("SELECT r.arn FROM trail CROSS JOIN UNNEST(resources) AS r(arn)", 1, None, "4: accountid", "AS r(accountid, type"),
    ("SELECT rank() FROM trail", 1, 8, "rank needs an OVER", ""),
    ("SELECT map(ARRAY[1])", 1, 8, "map takes two arrays", ""),
    ("SELECT regexp_extract(eventName, 'a', hour) FROM trail", 1, 39, "a number from 0 to 9", ""),
    ("SELECT array_position(resources, 'a') FROM trail", 1, 8, "cannot bring together", ""),
    ("SELECT map_concat(requestParameters, map(ARRAY[1], ARRAY[2])) FROM trail", 1, 8, "cannot bring together", ""),
    ("SELECT 1 FROM trail WHERE resources = ARRAY['a']", 1, 27, "cannot be compared", ""),
    ("SELECT transform(ARRAY[1], x -> (SELECT 1))", 1, None, "a subquery cannot stand in a lambda", "FROM"),
    ("SELECT transform(ARRAY[1], x -> sum(x)) FROM trail", 1, 33, "sum cannot stand in a lambda", ""),
    ("SELECT grouping(eventName) FROM trail GROUP BY eventSource", 1, 17, "grouping takes columns of GROUP BY", ""),
    ("SELECT at_timezone(eventTime, 'Europe/Viena') FROM trail", 1, 31, "is no time zone", "Europe/Vienna"),
    ("SELECT listagg(eventName, eventSource) FROM trail", 1, 27, "separator of listagg", ""),
    ("SELECT approx_percentile(hour, hour) FROM trail", 1, 32, "share of approx_percentile", ""),
    ("SELECT json_array_contains(eventJson, interval '1' day) FROM trail", 1, None, "looks for text", ""),
    ("SELECT date_add('year', 9999999999, eventTime) FROM trail", 1, 25, "out of range", ""),
    ("SELECT sum(1) OVER (ORDER BY hour ROWS eventName PRECEDING) FROM trail", 1, None, "by a number", ""),
    ("SELECT reverse(eventTime) FROM trail", 1, 16, "reverse takes text or an array", ""),
    ("SELECT element_at(resources, 'a') FROM trail", 1, 30, "a whole number, and 'a' is none", ""),
    ("SELECT concat(resources, ARRAY['a']) FROM trail", 1, None, "concat cannot bring together", ""),
    ("SELECT approx_percentile(eventName, 0.5) FROM trail", 1, 26, "takes numbers or times", ""),
    ("SELECT CAST(userIdentity AS row(a varchar)) FROM trail", 1, None, "cannot be cast to", ""),
    ("SELECT eventName AS FROM trail", 1, 18, "nothing follows AS", ""),
    ("SELECT 1_000", 1, 8, "1_000 is neither a number nor a name", "quotes"),
    ("SELECT 123456789012345678901234567890123456789", 1, 8, "is not a number", "38 digits"),
    ("SELECT 1 FROM trail a JOIN trail b", 1, 28, "JOIN needs ON or USING", "CROSS JOIN"),
    ("SELECT eventName FROM trail HAVING true", 1, 8, "eventName must be in GROUP BY", ""),
]


@pytest.mark.parametrize(("sql", "line", "column", "message", "hint"), FAULTS, ids=[fault[0][:60] for fault in FAULTS])
def test_a_fault_is_shown_where_it_is(sql: str, line: int, column: int | None, message: str, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        ask_for(sql)

    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    if column is not None:
        assert (caught.value.line, caught.value.column) == (line, column)


EIGHT = "eventName, eventSource, awsRegion, eventID, requestID, userAgent, errorCode, eventType"


@pytest.mark.parametrize(
    ("group", "sets"),
    [
        (f"CUBE ({EIGHT}, {EIGHT.lower()})", "65,536"),
        (f"CUBE ({EIGHT}), ROLLUP ({EIGHT})", "2,304"),
        (f"GROUPING SETS (CUBE ({EIGHT}), eventTime), CUBE ({EIGHT})", "65,792"),
    ],
)
def test_more_grouping_sets_than_trino_computes_are_told_before_anything_runs(group: str, sets: str) -> None:
    with pytest.raises(QueryLimitExceeded, match=f"gives {sets} grouping sets, and at most 2,048") as caught:
        ask_for(f"SELECT count(*) FROM trail GROUP BY {group}")

    assert caught.value.limit == "query_grouping_sets"


def test_as_many_grouping_sets_as_trino_computes_are_allowed() -> None:
    assert ask_for(
        f"SELECT count(*) FROM trail GROUP BY CUBE ({EIGHT}, eventTime, recipientAccountId, readOnly)"
    ).tables


def test_a_statement_that_mentions_stores_a_hundred_times_is_told_the_limit() -> None:
    with pytest.raises(QueryLimitExceeded, match="more than 64 times") as caught:
        ask_for("SELECT 1 FROM trail" + ", trail" * 99)

    assert caught.value.limit == "query_mentions"


def test_an_empty_statement_is_invalid() -> None:
    with pytest.raises(StatementInvalid, match="empty"):
        ask_for("  -- nothing\n")
