"""The questions of the two incidents: SQL as published, what the answer means, and the rows that the script implies.

The rows are taken from the incidents' own scripts by plain Python, not by any query engine, so that they can judge one.
Source of the queries: the AWS Security Blog's walk-through of CloudTrail Lake advanced queries. Three are repaired,
since they cannot answer as printed: 1.3 (a quote is missing), 1.4 (eventTime is not grouped), 1.6 (a blank inside a
literal).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from trailmere.simulator import compromised_key, compromised_person
from trailmere.simulator.cast import COMPROMISED_KEY
from trailmere.simulator.compromised_key import (
    ADDRESS,
    CREATE_ACCESS_KEY_ID,
    NEW_KEY,
    ROLE,
    SESSION_KEY,
)
from trailmere.simulator.compromised_person import MINER, PERSON, PRINCIPAL
from trailmere.simulator.organisation import BUILD
from trailmere.simulator.script import ScriptedEvent

STORE_1 = "1994bee2-d4a0-460e-8c07-1b5ee04765d8"
STORE_2 = "467f2e52-84b9-4d41-8049-bc8f8fad35dd"

Cell = str | int | None
Row = tuple[Cell, ...]
Pick = Callable[[ScriptedEvent], Cell]


@dataclass(frozen=True, slots=True)
class Question:
    """One step of an investigation. ``columns`` are the names of the answer's columns, as CloudTrail Lake
    gives them.

    ``rows()`` gives the expected rows: texts, whole numbers, None; times as ``2022-03-15 13:17:02.000``; a map column
    as a JSON object of texts. ``ordered`` says whether the query orders them fully.
    """

    number: str
    title: str
    sql: str
    meaning: str
    columns: tuple[str, ...]
    rows: Callable[[], list[Row]]
    ordered: bool = False


def _time(event: ScriptedEvent) -> Cell:
    return f"{event.time:%Y-%m-%d %H:%M:%S}.000"


def _plain(path: str, key: str | None = None) -> Pick:
    return lambda event: event.cell(path, key)


def _map(path: str) -> Pick:
    """A map column as a JSON object of texts."""
    from trailmere.simulator.records import compact

    def pick(event: ScriptedEvent) -> Cell:
        value = event.get(path)
        return None if value is None else compact({key: event.cell(path, key) for key in value})

    return pick


_PICKS: dict[str, Pick] = {
    "eventTime": _time,
    "requestParameters": _map("requestParameters"),
    "responseElements": _map("responseElements"),
    "principalid": _plain("userIdentity.principalId"),
    "accountid": _plain("userIdentity.accountId"),
    "BucketName": _plain("requestParameters", "bucketName"),
    "ObjectName": _plain("requestParameters", "key"),
    "AccountID": _plain("serviceEventDetails", "account_id"),
    "SSORole": _plain("serviceEventDetails", "role_name"),
    "instances": _plain("responseElements", "instancesSet"),
    "userInfo": _plain("responseElements", "user"),
    "roleName": _plain("requestParameters", "roleName"),
    "policyDocument": _plain("requestParameters", "policyDocument"),
}

Test = Callable[[ScriptedEvent], bool]


def _select(
    script: Callable[[], tuple[ScriptedEvent, ...]], since: str, until: str, columns: Iterable[str], test: Test
) -> list[Row]:
    picks = [_PICKS.get(column, _plain(column)) for column in columns]
    return [tuple(pick(event) for pick in picks) for event in _within(script, since, until, test)]


def _count(
    script: Callable[[], tuple[ScriptedEvent, ...]], since: str, until: str, first: bool, test: Test
) -> list[Row]:
    """Events by source and name, most first; ``first``: the number is the first column."""
    counted = Counter((e.get("eventSource"), e.get("eventName")) for e in _within(script, since, until, test))
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [(n, *names) if first else (*names, n) for names, n in ranked]


def _within(script: Callable[[], tuple[ScriptedEvent, ...]], since: str, until: str, test: Test) -> list[ScriptedEvent]:
    """Events between two times, both excluded, in order of time."""
    chosen = [event for event in script() if since < f"{event.time:%Y-%m-%d %H:%M:%S}" < until and test(event)]
    return sorted(chosen, key=lambda event: event.time)


_KEY_DAY = ("2022-03-15 13:10:00", "2022-03-16 00:00:00")
_PERSON_DAY = ("2022-09-13 00:00:00", "2022-09-14 00:00:00")
_key = partial(_select, compromised_key.script)
_person = partial(_select, compromised_person.script)


def _is(path: str, *values: str | None) -> Test:
    return lambda event: event.get(path) in values


def _all(*tests: Test) -> Test:
    return lambda event: all(test(event) for test in tests)


_succeeded = _is("errorCode", None)
_by_key = _is("userIdentity.accessKeyId", COMPROMISED_KEY)
_by_new_key = _is("userIdentity.accessKeyId", NEW_KEY)
_by_role = _is("userIdentity.sessionContext.sessionIssuer.arn", ROLE)
_by_person = _is("userIdentity.principalId", PRINCIPAL)


def _question(
    number: str,
    title: str,
    sql: str,
    meaning: str,
    columns: tuple[str, ...],
    rows: Callable[[tuple[str, ...]], list[Row]],
    ordered: bool = False,
) -> Question:
    return Question(number, title, sql, meaning, columns, lambda: rows(columns), ordered)


_EVENT = ("eventSource", "eventName", "sourceIPAddress", "eventTime", "errorCode")
_WHAT = ("recipientAccountId", "awsRegion", "eventID", "eventTime")

COMPROMISED_KEY_QUESTIONS: tuple[Question, ...] = (
    _question(
        "1.1",
        "What was done with the access key while the finding lasted?",
        f"SELECT eventSource,eventName,sourceIPAddress,eventTime,errorCode FROM {STORE_1} "
        "WHERE userIdentity.accessKeyId = 'AKIAIOSFODNN7EXAMPLE' AND eventTime > '2022-03-15 13:10:00' "
        "AND eventTime < '2022-03-16 00:00:00' order by eventTime;",
        "All of it comes from one address, 192.0.2.76. Listing buckets and trails is denied, and so is every change in "
        "IAM. Then somebody reads IAM, patiently, and at 14:02 assumes a role: an escalation of privileges.",
        _EVENT,
        lambda columns: _key(*_KEY_DAY, columns, _by_key),
        ordered=True,
    ),
    _question(
        "1.2",
        "Which role was assumed?",
        f"SELECT requestParameters,responseElements FROM {STORE_1} WHERE eventName = 'AssumeRole' "
        "AND eventTime > '2022-03-15 13:10:00' AND eventTime < '2022-03-16 00:00:00' "
        "AND userIdentity.accessKeyId = 'AKIAIOSFODNN7EXAMPLE'",
        "The role Alice of a second account, 111122223333. Keep the temporary access key of the answer, "
        "ASIAZNYXHMZ37EXAMPLE: it leads to what this session did.",
        ("requestParameters", "responseElements"),
        lambda columns: _key(*_KEY_DAY, columns, _all(_by_key, _is("eventName", "AssumeRole"))),
    ),
    _question(
        "1.3",
        "Was the address seen in the first account in the month before?",
        f"SELECT eventSource,eventName,sourceIPAddress,eventTime,errorCode FROM {STORE_1} "
        "WHERE sourceIPAddress = '192.0.2.76' AND useridentity.accountid = '555555555555' "
        "AND eventTime > '2022-02-15 13:10:00' AND eventTime < '2022-03-15 13:10:00' order by eventTime;",
        "No row: from this address nothing came to this account in the month before.",
        _EVENT,
        lambda columns: _key(
            "2022-02-15 13:10:00",
            "2022-03-15 13:10:00",
            columns,
            _all(_is("sourceIPAddress", ADDRESS), _is("userIdentity.accountId", BUILD.id)),
        ),
        ordered=True,
    ),
    _question(
        "1.4",
        "And in any other account of the organisation?",
        f"SELECT useridentity.accountid,eventTime FROM {STORE_1} WHERE sourceIPAddress = '192.0.2.76' "
        "AND eventTime > '2022-02-15 13:10:00' AND eventTime < '2022-03-16 00:00:00' "
        "AND useridentity.accountid != '555555555555' GROUP by useridentity.accountid,eventTime",
        "Only the second account, 111122223333, and there only on the day of the incident.",
        ("accountid", "eventTime"),
        lambda columns: sorted(
            set(
                _key(
                    "2022-02-15 13:10:00",
                    "2022-03-16 00:00:00",
                    columns,
                    lambda e: e.get("sourceIPAddress") == ADDRESS and e.get("userIdentity.accountId") != BUILD.id,
                )
            ),
            key=str,
        ),
    ),
    _question(
        "1.5",
        "How often did the role do what?",
        f"SELECT count (*) as NumberEvents, eventSource, eventName\nFROM {STORE_1} "
        "WHERE eventTime > '2022-03-15 13:10:00' AND eventTime < '2022-03-16 00:00:00' "
        "AND useridentity.type = 'AssumedRole' AND "
        "useridentity.sessioncontext.sessionissuer.arn = 'arn:aws:iam::111122223333:role/Alice'\n"
        "GROUP by eventSource, eventName\norder by NumberEvents desc;",
        "The same pattern as in the first account: trails, buckets, and IAM, for still more privileges.",
        ("NumberEvents", "eventSource", "eventName"),
        lambda _columns: _count(compromised_key.script, *_KEY_DAY, True, _by_role),
    ),
    _question(
        "1.6",
        "What of it succeeded, in this one session?",
        f"SELECT eventSource, eventName, eventTime, eventID, errorCode FROM {STORE_1} "
        "WHERE eventTime > '2022-03-15 13:10:00' AND eventTime < '2022-03-16 00:00:00' "
        "AND useridentity.type = 'AssumedRole' AND "
        "useridentity.sessioncontext.sessionissuer.arn = 'arn:aws:iam::111122223333:role/Alice' "
        "AND userIdentity.accessKeyId = 'ASIAZNYXHMZ37EXAMPLE'",
        "Trails, buckets and roles: denied again. But a user was created, a policy attached to him, and an access key "
        "made. The event id of CreateAccessKey, bd29bab7-..., is the next thing to look at.",
        ("eventSource", "eventName", "eventTime", "eventID", "errorCode"),
        lambda columns: _key(*_KEY_DAY, columns, _all(_by_role, _is("userIdentity.accessKeyId", SESSION_KEY))),
    ),
    _question(
        "1.7",
        "Which access key was created?",
        f"SELECT responseElements FROM {STORE_1} WHERE eventID = 'bd29bab7-1153-4510-9e7f-9ff9bba4bd9a'",
        "AKIAI44QH8DHBEXAMPLE, of the new user backup-operator: a way back in that outlives the session.",
        ("responseElements",),
        lambda columns: _key("", "9", columns, lambda event: event.id == CREATE_ACCESS_KEY_ID),
    ),
    _question(
        "1.8",
        "What was done with the new key, successfully?",
        f"SELECT count (*) as NumberEvents, eventSource, eventName\nFROM {STORE_1} "
        "WHERE eventTime > '2022-03-15 13:10:00' AND eventTime < '2022-03-16 00:00:00' AND\n"
        "userIdentity.accessKeyId = 'AKIAI44QH8DHBEXAMPLE' AND errorcode IS NULL\n"
        "GROUP by eventSource, eventName\norder by NumberEvents desc;",
        "A trail was stopped. Objects were downloaded and deleted, as many deleted as downloaded, and two buckets "
        "after them: exfiltration, and perhaps a ransom to come.",
        ("NumberEvents", "eventSource", "eventName"),
        lambda _columns: _count(compromised_key.script, *_KEY_DAY, True, _all(_by_new_key, _succeeded)),
    ),
    _question(
        "1.9",
        "Which objects, of which buckets?",
        "SELECT element_at(requestParameters, 'bucketName') as BucketName, element_at(requestParameters, 'key') as "
        f"ObjectName, eventName FROM {STORE_1} WHERE (eventName = 'GetObject' OR eventName = 'DeleteObject') "
        "AND eventTime > '2022-03-15 13:10:00' AND eventTime < '2022-03-16 00:00:00' "
        "AND userIdentity.accessKeyId = 'AKIAI44QH8DHBEXAMPLE' AND errorcode IS NULL",
        "Each object was first fetched and then deleted. These are the names to tell the owners of the data.",
        ("BucketName", "ObjectName", "eventName"),
        lambda columns: _key(
            *_KEY_DAY, columns, _all(_by_new_key, _succeeded, _is("eventName", "GetObject", "DeleteObject"))
        ),
    ),
)


def _by(name: str) -> Test:
    return _all(_by_person, _is("eventName", name))


def _person_sql(columns: str, condition: str) -> str:
    return (
        f"SELECT {columns}\nFROM {STORE_2}\nWHERE userIdentity.principalId = '{PRINCIPAL}'\n{condition}\n"
        "AND eventTime > '2022-09-13 00:00:00' AND eventTime < '2022-09-14 00:00:00'"
    )


COMPROMISED_PERSON_QUESTIONS: tuple[Question, ...] = (
    _question(
        "2.1",
        "Who launched the instance of the finding?",
        "SELECT userIdentity.principalid, eventName, eventTime, recipientAccountId, awsRegion "
        f"FROM {STORE_2}\nWHERE responseElements IS NOT NULL AND\nelement_at(responseElements, 'instancesSet') "
        f"like '%\"instanceId\":\"{MINER}\"%' AND\neventTime > '2022-09-13 12:45:59' AND eventName='RunInstances'",
        "An Identity Center user, with the role of a permission set, in account 111122223333.",
        ("principalid", "eventName", "eventTime", "recipientAccountId", "awsRegion"),
        lambda columns: _person(
            "2022-09-13 12:45:59",
            "9",
            columns,
            lambda e: MINER in (e.cell("responseElements", "instancesSet") or ""),
        ),
    ),
    _question(
        "2.2",
        "In which accounts did this person federate?",
        "SELECT element_at(serviceEventDetails, 'account_id') as AccountID, "
        "element_at(serviceEventDetails, 'role_name') "
        f"as SSORole, eventID, eventTime FROM {STORE_2} WHERE eventSource = 'sso.amazonaws.com' "
        f"AND eventName = 'Federate' AND userIdentity.username = '{PERSON}' "
        "AND eventTime > '2022-09-13 00:00:00' AND eventTime < '2022-09-14 00:00:00'",
        "One account only, and one role: AdministratorAccess.",
        ("AccountID", "SSORole", "eventID", "eventTime"),
        lambda columns: _person(
            *_PERSON_DAY, columns, _all(_is("userIdentity.userName", PERSON), _is("eventName", "Federate"))
        ),
    ),
    _question(
        "2.3",
        "How often was what done?",
        f"SELECT eventSource, eventName, COUNT(*) AS apiCount\nFROM {STORE_2}\n"
        f"WHERE userIdentity.principalId = '{PRINCIPAL}'\n"
        "AND eventTime > '2022-09-13 00:00:00' AND eventTime < '2022-09-14 00:00:00'\n"
        "GROUP BY eventSource, eventName ORDER BY apiCount DESC",
        "Many a Get, Describe and List: discovery, to learn what the credentials are good for.",
        ("eventSource", "eventName", "apiCount"),
        lambda _columns: _count(compromised_person.script, *_PERSON_DAY, False, _by_person),
    ),
    _question(
        "2.4",
        "What of it changed something?",
        _person_sql("eventSource, eventName, eventTime, eventID, errorCode", "AND readOnly = false"),
        "RunInstances, CreateImage, StartSession, CreateUser and PutRolePolicy were allowed. CreateAccessKey, "
        "CreateRole and AttachRolePolicy (persistence) and DeleteDetector (evasion) were denied.",
        ("eventSource", "eventName", "eventTime", "eventID", "errorCode"),
        lambda columns: _person(*_PERSON_DAY, columns, lambda e: _by_person(e) and e.get("readOnly") is False),
    ),
    _question(
        "2.5",
        "How many instances were launched?",
        _person_sql(
            "awsRegion, recipientAccountId, eventID, element_at(responseElements, 'instancesSet') as instances",
            "AND eventName='RunInstances'",
        ),
        "Two calls, three instances, all with the instance profile ec2-role-ssm-core.",
        ("awsRegion", "recipientAccountId", "eventID", "instances"),
        lambda columns: _person(*_PERSON_DAY, columns, _by("RunInstances")),
    ),
    _question(
        "2.6",
        "What was denied?",
        _person_sql(
            "recipientAccountId, awsRegion, eventSource, eventName, eventID, eventTime",
            "AND errorCode = 'AccessDenied'",
        ),
        "GuardDuty was to be switched off, and IAM was to give new ways in.",
        ("recipientAccountId", "awsRegion", "eventSource", "eventName", "eventID", "eventTime"),
        lambda columns: _person(*_PERSON_DAY, columns, _all(_by_person, _is("errorCode", "AccessDenied"))),
    ),
    _question(
        "2.7",
        "Why was CreateAccessKey denied?",
        _person_sql(
            "recipientAccountId, awsRegion, eventID, eventTime, errorCode, errorMessage",
            "AND eventName='CreateAccessKey'",
        ),
        "By a service control policy. The user it was meant for is production-user.",
        (*_WHAT, "errorCode", "errorMessage"),
        lambda columns: _person(*_PERSON_DAY, columns, _by("CreateAccessKey")),
    ),
    _question(
        "2.8",
        "Which user was created?",
        _person_sql(
            "recipientAccountId, awsRegion, eventID, eventTime, element_at(responseElements, 'user') as userInfo",
            "AND eventName='CreateUser'",
        ),
        "The same production-user. It exists, and it has no access key.",
        (*_WHAT, "userInfo"),
        lambda columns: _person(*_PERSON_DAY, columns, _by("CreateUser")),
    ),
    _question(
        "2.9",
        "Why was CreateRole denied?",
        _person_sql(
            "recipientAccountId, awsRegion, eventID, eventTime, errorCode, errorMessage", "AND eventName='CreateRole'"
        ),
        "By a service control policy too.",
        (*_WHAT, "errorCode", "errorMessage"),
        lambda columns: _person(*_PERSON_DAY, columns, _by("CreateRole")),
    ),
    _question(
        "2.10",
        "What became of the role's policies?",
        "SELECT recipientAccountId, eventID, eventTime, element_at(requestParameters, 'roleName') as roleName, "
        f"element_at(requestParameters, 'policyDocument') as policyDocument FROM {STORE_2} "
        f"WHERE userIdentity.principalId = '{PRINCIPAL}' AND eventName = 'PutRolePolicy' "
        "AND eventTime > '2022-09-13 00:00:00' AND eventTime < '2022-09-14 00:00:00'",
        "This one went through: an inline policy that allows everything, on the role of the instances.",
        ("recipientAccountId", "eventID", "eventTime", "roleName", "policyDocument"),
        lambda columns: _person(*_PERSON_DAY, columns, _by("PutRolePolicy")),
    ),
)

QUESTIONS: dict[str, Question] = {q.number: q for q in (*COMPROMISED_KEY_QUESTIONS, *COMPROMISED_PERSON_QUESTIONS)}
