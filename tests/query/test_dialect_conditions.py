"""What the scan may leave out: conditions are found, and leaving rows out by them never changes an answer."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.query.questions import Desk, ask_for, engine_test, open_desk
from trailmere.lake.records import Condition

DAY = datetime(2024, 5, 2)
NEXT = datetime(2024, 5, 3)
FIRST = datetime(2024, 5, 1)

FORMS = [
    "'2024-05-02 00:00:00'",
    "'2024-05-02 00:00:00.000'",
    "'2024-05-02'",
    "'2024-05-02T00:00:00Z'",
    "'2024-05-02T00:00:00.00Z'",
    "'2024-05-02T02:00:00+02:00'",
    "timestamp '2024-05-02 00:00:00'",
    "date '2024-05-02'",
    "CAST('2024-05-02' AS timestamp)",
    "CAST('2024-05-02' AS date)",
    "TRY_CAST('2024-05-02' AS timestamp)",
    "from_iso8601_timestamp('2024-05-02T00:00:00Z')",
    "from_unixtime(1714608000)",
    "date('2024-05-02')",
    "date_add('day', -8, date_trunc('day', now()))",
    "date_trunc('day', current_timestamp) - interval '8' day",
    "current_date - interval '8' day",
    "date_trunc('day', current_timestamp - interval '192' hour)",
    "at_timezone(timestamp '2024-05-02 00:00:00', 'UTC')",
]

# a WHERE clause over the one mention of a store, and what it implies
IMPLIED = [
    ("eventName = 'a'", [("eventname", "=", "a")]),
    ("'a' = eventName", [("eventname", "=", "a")]),
    ("eventName IN ('a', 'b')", [("eventname", "in", ("a", "b"))]),
    ("eventName = 'a' OR eventName = 'b'", [("eventname", "in", ("a", "b"))]),
    ("eventName LIKE 'Get%'", [("eventname", "starts with", "Get")]),
    ("eventName LIKE 'Get'", [("eventname", "=", "Get")]),
    ("eventName LIKE '%Get'", []),
    ("eventName LIKE 'Get!%' ESCAPE '!'", []),
    ("eventName NOT LIKE 'Get%'", []),
    ("NOT (eventName = 'a')", []),
    ("eventName != 'a'", []),
    ("eventName IS NULL", [("eventname", "is null", None)]),
    ("errorCode IS NOT NULL", [("errorcode", "is not null", None)]),
    ("userIdentity.accessKeyId = 'K'", [("useridentity__accesskeyid", "=", "K")]),
    ("readOnly", [("readonly", "=", True)]),
    ("NOT readOnly", [("readonly", "=", False)]),
    ("readOnly = 'false'", [("readonly", "=", False)]),
    ("sessionCredentialFromConsole = true", [("sessioncredentialfromconsole", "=", "true")]),
    ("eventName = 'a' OR awsRegion = 'b'", []),
    ("lower(eventName) = 'a'", []),
    ("hour BETWEEN 1 AND 3", [("hour", ">=", 1), ("hour", "<=", 3)]),
    ("date(eventTime) = '2024-05-02'", [("eventtime", ">=", DAY), ("eventtime", "<", NEXT)]),
    ("CAST(eventTime AS date) > date '2024-05-02'", [("eventtime", ">=", NEXT)]),
    ("date_trunc('day', eventTime) = '2024-05-02'", [("eventtime", ">=", DAY), ("eventtime", "<", NEXT)]),
    ("date_trunc('day', eventTime) = timestamp '2024-05-02'", [("eventtime", ">=", DAY), ("eventtime", "<", NEXT)]),
    ("date_trunc('month', eventTime) < '2024-05-02'", [("eventtime", "<", datetime(2024, 6, 1))]),
    ("date_trunc('month', eventTime) < '2024-05-01'", [("eventtime", "<", datetime(2024, 5, 1))]),
    ("date_trunc('week', eventTime) >= '2024-05-02'", [("eventtime", ">=", datetime(2024, 5, 6))]),
    ("date_trunc('hour', eventTime) > '2024-05-02'", [("eventtime", ">=", datetime(2024, 5, 2, 1))]),
    ("date(date_trunc('month', eventTime)) = '2024-05-02'", []),
    ("date(eventTime) > '2024-05-02 12:00:00'", [("eventtime", ">=", NEXT)]),
    ("date(eventTime) IN ('2024-05-02', '2024-05-01')", [("eventtime", ">=", FIRST), ("eventtime", "<=", NEXT)]),
    (
        "date(eventTime) = '2024-05-02' OR date(eventTime) = '2024-05-01'",
        [("eventtime", ">=", FIRST), ("eventtime", "<=", NEXT)],
    ),
    ("eventTime > '2024-05-02' OR eventTime >= '2024-05-03'", [("eventtime", ">=", DAY)]),
    ("eventTime > '2024-05-02' OR eventName = 'a'", []),
    ("date(eventTime) <= '2024-05-02'", [("eventtime", "<", NEXT)]),
    (
        "calendarday = 20240502",
        [("calendarday", "=", 20240502), ("eventtime", ">=", DAY), ("eventtime", "<", NEXT)],
    ),
    ("eventTime IN ('2024-05-02', '2024-05-03')", [("eventtime", "in", (DAY, NEXT))]),
    ("coalesce(eventName, 'a') = 'a'", []),
    ("(eventName, awsRegion) = ('a', 'b')", []),
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return open_desk(tmp_path_factory.mktemp("desk"))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_time_becomes_a_constant_of_the_columns_type(form: str) -> None:
    statement = ask_for(f"SELECT 1 FROM trail WHERE eventTime >= {form}")

    assert statement.tables[0].conditions == (Condition("eventtime", ">=", DAY),)
    assert "\"eventtime\" >= TIMESTAMP '2024-05-02 00:00:00'" in statement.sql


@pytest.mark.parametrize(("where", "expected"), IMPLIED, ids=[case[0] for case in IMPLIED])
def test_a_condition_is_found_where_it_is_implied_and_only_there(
    where: str, expected: list[tuple[object, ...]]
) -> None:
    conditions = ask_for(f"SELECT 1 FROM trail WHERE {where}").tables[0].conditions

    assert [(found.column, found.operator, found.value) for found in conditions] == expected


def test_conditions_go_through_a_subquery_that_only_renames() -> None:
    sql = "SELECT * FROM (SELECT eventTime AS t, eventName n FROM trail) WHERE t > '2024-05-02' AND n = 'a'"

    assert ask_for(sql).tables[0].conditions == (
        Condition("eventtime", ">", DAY),
        Condition("eventname", "=", "a"),
    )


@pytest.mark.parametrize(
    "inner",
    [
        "SELECT * FROM trail",
        "SELECT userIdentity FROM (SELECT * FROM trail)",
        "SELECT userIdentity FROM trail UNION ALL SELECT userIdentity FROM trail",
        "SELECT 'x', userIdentity FROM trail UNION SELECT 'y', x.* FROM (SELECT userIdentity FROM trail) x",
    ],
)
def test_conditions_go_through_a_row_that_a_subquery_hands_on(inner: str) -> None:
    where = "userIdentity.sessionContext.sessionIssuer.arn = 'a' AND userIdentity.accountId IS NULL"

    tables = ask_for(f"SELECT 1 FROM ({inner}) WHERE {where}").tables

    assert {use.conditions for use in tables} == {
        (
            Condition("useridentity__sessioncontext__sessionissuer__arn", "=", "a"),
            Condition("useridentity__accountid", "is null"),
        )
    }


def test_conditions_on_a_union_go_to_the_sides_that_hand_the_column_on() -> None:
    sides = "SELECT eventTime t FROM trail UNION ALL SELECT max(eventTime) FROM trail UNION SELECT eventTime FROM trail"

    tables = ask_for(f"SELECT * FROM ({sides}) WHERE t > '2024-05-02'").tables

    assert [use.conditions for use in tables] == [
        (Condition("eventtime", ">", DAY),),
        (),
        (Condition("eventtime", ">", DAY),),
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM (SELECT eventTime t FROM trail EXCEPT SELECT eventTime FROM trail) WHERE t > '2024-05-02'",
        "SELECT * FROM (SELECT eventTime t FROM trail UNION SELECT now() LIMIT 1) WHERE t > '2024-05-02'",
        "SELECT * FROM (SELECT eventTime t FROM trail LIMIT 5) WHERE t > '2024-05-02'",
        "SELECT * FROM (SELECT eventTime t, count(*) OVER () c FROM trail) WHERE t > '2024-05-02'",
        "SELECT * FROM (SELECT max(eventTime) t FROM trail) WHERE t > '2024-05-02'",
        "WITH q AS (SELECT eventTime t FROM trail) SELECT * FROM q a, q b WHERE a.t > '2024-05-02'",
        "SELECT (SELECT count(*) FROM second-trail b WHERE a.eventName = 'x') FROM trail a",
        "SELECT * FROM trail a LEFT JOIN second-trail b ON a.eventID = b.eventID AND a.eventName = 'x'",
        "SELECT * FROM trail a LEFT JOIN second-trail b ON a.eventID = b.eventID WHERE b.eventName IS NULL",
    ],
)
def test_no_condition_goes_where_rows_are_counted_cut_shared_or_missing(sql: str) -> None:
    assert all(not use.conditions for use in ask_for(sql).tables)


# after WITH w AS (SELECT eventTime t, eventName n, calendarday c, userIdentity FROM trail); what is left to w's store
SHARED = [
    (
        "SELECT * FROM w a JOIN w b ON a.n = b.n WHERE a.t > '2024-05-02' AND b.t >= '2024-05-01' AND a.n = 'x'",
        [("eventtime", ">=", FIRST)],
    ),
    (
        "SELECT (SELECT count(*) FROM w WHERE n = 'x'), (SELECT max(t) FROM w WHERE n IN ('y', 'z'))",
        [("eventname", "in", ("x", "y", "z"))],
    ),
    (
        "SELECT 1 FROM w WHERE date_trunc('day', t) = '2024-05-01' UNION SELECT 1 FROM w WHERE c = 20240502",
        [("eventtime", ">=", FIRST), ("eventtime", "<=", NEXT)],
    ),
    (
        "SELECT 1 FROM w WHERE userIdentity.type = 'Root' UNION SELECT 1 FROM w WHERE userIdentity.type = 'AWSService'",
        [("useridentity__type", "in", ("Root", "AWSService"))],
    ),
    (
        "SELECT 1 FROM (SELECT * FROM w UNION ALL SELECT * FROM w WHERE n = 'x') WHERE t < '2024-05-02'",
        [("eventtime", "<", DAY), ("eventtime", "<=", DAY)],
    ),
    ("SELECT * FROM w a LEFT JOIN w b ON a.t > '2024-05-02' AND b.t > '2024-05-02'", []),
    ("SELECT 1 FROM w WHERE n = 'x' UNION SELECT 1 FROM w", []),
    ("SELECT 1 FROM w WHERE n = 'x' UNION SELECT 1 FROM w WHERE t > '2024-05-02'", []),
    (
        "SELECT 1 FROM (WITH v AS (SELECT t, n FROM w WHERE t > '2024-05-01')"
        " SELECT 1 FROM v x, v y WHERE x.n = 'x' AND y.n = 'y') UNION SELECT 1 FROM w WHERE n = 'z'",
        [("eventname", "in", ("x", "y", "z"))],
    ),
]


@pytest.mark.parametrize(("sql", "expected"), SHARED)
def test_a_with_entry_that_is_mentioned_twice_is_planned_with_what_both_need(
    sql: str, expected: list[tuple[object, ...]]
) -> None:
    entry = "WITH w AS (SELECT eventTime t, eventName n, calendarday c, userIdentity FROM trail)"
    (table,) = ask_for(f"{entry} {sql}").tables

    assert [(found.column, found.operator, found.value) for found in table.conditions] == expected


_ATOMS = st.sampled_from(
    [
        "{t}.eventName = 'GetObject'",
        "{t}.eventName LIKE 'Get%'",
        "{t}.eventName IN ('PutObject', 'AssumeRole', NULL)",
        "{t}.errorCode IS NULL",
        "{t}.errorCode IS NOT NULL",
        "{t}.readOnly",
        "NOT {t}.readOnly",
        "{t}.eventTime > '2024-05-02'",
        "date({t}.eventTime) = '2024-05-03'",
        "{t}.calendarday <= 20240502",
        "{t}.userIdentity.accessKeyId = 'AKIA1'",
        "{t}.userIdentity.sessionContext.sessionIssuer.arn IS NULL",
        "NULL",
        "{t}.eventName = {u}.eventName",
        "({t}.eventName = 'GetObject' OR {t}.eventName = 'PutObject')",
    ]
)
_SIDES = st.sampled_from([("a", "b"), ("b", "a")])
_ATOM = st.builds(lambda atom, side: atom.format(t=side[0], u=side[1]), _ATOMS, _SIDES)
_TESTS = st.recursive(
    _ATOM,
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
    ),
    max_leaves=5,
)
_JOINS = st.sampled_from(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
_SOURCES = st.sampled_from(
    [
        "trail",
        "(SELECT *, calendarday FROM trail)",
        "(SELECT DISTINCT eventName, eventTime, calendarday, errorCode, readOnly, userIdentity, eventID FROM trail)",
        "(SELECT x.*, x.calendarday FROM trail x WHERE x.errorCode IS NULL)",
        "(SELECT *, calendarday FROM trail ORDER BY eventTime LIMIT 3)",
        "(SELECT *, calendarday FROM trail UNION ALL SELECT x.*, 20240501 FROM trail x WHERE x.readOnly)",
        "(SELECT x.*, x.calendarday FROM trail x UNION (SELECT y.*, y.calendarday FROM trail y LIMIT 2))",
        "(SELECT z.* FROM (SELECT *, calendarday FROM trail) z LEFT JOIN trail w ON z.eventID = w.errorCode)",
    ]
)
_FROM_SHARED = st.sampled_from(
    [
        "shared",
        "(SELECT * FROM shared WHERE eventName = 'GetObject')",
        "(SELECT * FROM shared WHERE readOnly UNION ALL SELECT * FROM shared WHERE errorCode IS NULL)",
        "(WITH again AS (SELECT * FROM shared) SELECT p.* FROM again p LEFT JOIN again q ON p.readOnly AND q.readOnly)",
    ]
)


@given(_SOURCES, _FROM_SHARED, _FROM_SHARED, _JOINS, _TESTS, _TESTS)
@example("trail", "shared", "shared", "LEFT JOIN", "a.eventName = b.eventName", "b.errorCode IS NULL")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_leaving_out_rows_of_a_with_entry_never_changes_the_answer_of_all_that_read_it(
    desk: Desk, entry: str, left: str, right: str, join: str, on: str, where: str
) -> None:
    entry = "(SELECT *, calendarday FROM trail)" if entry == "trail" else entry.replace("x.*", "*")
    sql = f"SELECT a.eventID, b.eventID FROM {left} a {join} {right} b ON {on} WHERE {where}"
    statement = ask_for(f"WITH shared AS {entry} {sql}")
    keep = {use.relation: " AND ".join(map(engine_test, use.conditions)) or "TRUE" for use in statement.tables}

    everything = sorted(desk.run(statement), key=repr)

    assert sorted(desk.run(statement, keep), key=repr) == everything


@given(_SOURCES, _SOURCES, _JOINS, _TESTS, _TESTS)
@example("trail", "trail", "LEFT JOIN", "a.eventName = b.eventName", "b.errorCode IS NULL")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_leaving_out_rows_by_the_conditions_never_changes_the_answer(
    desk: Desk, left: str, right: str, join: str, on: str, where: str
) -> None:
    sql = f"SELECT a.eventID, b.eventID FROM {left} a {join} {right} b ON {on} WHERE {where}"
    statement = ask_for(sql.replace("a.*", "*"))
    keep = {use.relation: " AND ".join(map(engine_test, use.conditions)) or "TRUE" for use in statement.tables}

    everything = sorted(desk.run(statement), key=repr)

    assert sorted(desk.run(statement, keep), key=repr) == everything
