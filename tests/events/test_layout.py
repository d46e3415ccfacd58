"""The key grammar, both ways, as a table of cases."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailmere.events.layout import LogKey, format_key, in_scope, is_log_kind, list_prefixes, log_name, parse_key

A = "111122223333"
NAME = f"{A}_CloudTrail_us-east-2_20260304T0510Z_Mu0KsOhtH1ar15ZZ.json.gz"
DIGEST = f"{A}_CloudTrail-Digest_us-east-1_t_us-east-1_20260304T050000Z.json.gz"
DAY = date(2026, 3, 4)

CASES: dict[str, LogKey] = {
    f"AWSLogs/{A}/CloudTrail/us-east-2/2026/03/04/{NAME}": LogKey("", None, A, "CloudTrail", "us-east-2", DAY, NAME),
    f"some/prefix/AWSLogs/o-exampleorgid/{A}/CloudTrail/us-gov-west-1/2026/03/04/{NAME}": LogKey(
        "some/prefix/", "o-exampleorgid", A, "CloudTrail", "us-gov-west-1", DAY, NAME
    ),
    f"AWSLogs/{A}/CloudTrail-Insight/eu-west-1/2026/03/04/x.json.gz": LogKey(
        "", None, A, "CloudTrail-Insight", "eu-west-1", DAY, "x.json.gz"
    ),
    f"AWSLogs/{A}/CloudTrail-NetworkActivity/ap-southeast-3/2026/03/04/x.json.gz": LogKey(
        "", None, A, "CloudTrail-NetworkActivity", "ap-southeast-3", DAY, "x.json.gz"
    ),
    f"AWSLogs/{A}/CloudTrail-Aggregated/us-east-1/2026/03/04/x.json.gz": LogKey(
        "", None, A, "CloudTrail-Aggregated", "us-east-1", DAY, "x.json.gz"
    ),
    f"AWSLogs/{A}/CloudTrail-Digest/us-east-1/2026/03/04/{DIGEST}": LogKey(
        "", None, A, "CloudTrail-Digest", "us-east-1", DAY, DIGEST
    ),
    f"AWSLogs/{A}/Config/us-east-1/2026/3/4/ConfigHistory/x.json.gz": LogKey(
        "", None, A, "Config", "us-east-1", DAY, "ConfigHistory/x.json.gz"
    ),
    f"AWSLogs/{A}/Config/ConfigWritabilityCheckFile": LogKey(
        "", None, A, "Config", None, None, "ConfigWritabilityCheckFile"
    ),
    f"AWSLogs/{A}/vpcflowlogs/us-east-1/2026/03/04/f.log.gz": LogKey(
        "", None, A, "vpcflowlogs", "us-east-1", DAY, "f.log.gz"
    ),
    f"AWSLogs/{A}/CloudTrail/": LogKey("", None, A, "CloudTrail", None, None, ""),
    f"AWSLogs/{A}/CloudTrail/us-east-1/2026/13/45/x": LogKey(
        "", None, A, "CloudTrail", "us-east-1", None, "2026/13/45/x"
    ),
    f"AWSLogs/AWSLogs/{A}/CloudTrail/odd": LogKey("AWSLogs/", None, A, "CloudTrail", None, None, "odd"),
    NAME: LogKey("", None, A, "CloudTrail", "us-east-2", None, NAME, bare=True),
    f"evidence/case 7/{NAME}": LogKey("evidence/case 7/", None, A, "CloudTrail", "us-east-2", None, NAME, bare=True),
    f"logs/{A}_CloudTrail_us-east-1-20260304T0510.json": LogKey(
        "logs/",
        None,
        A,
        "CloudTrail",
        "us-east-1",
        None,
        f"{A}_CloudTrail_us-east-1-20260304T0510.json",
        bare=True,
    ),
}


@pytest.mark.parametrize(("key", "parts"), CASES.items(), ids=CASES)
def test_keys_are_read_into_parts_and_written_back(key: str, parts: LogKey) -> None:
    assert parse_key(key) == parts
    assert format_key(parts) == key


@pytest.mark.parametrize(
    "key",
    ["", "notes.txt", "AWSLogs/", f"AWSLogs/{A}/", f"AWSLogs/{A}/Unheard/x", "AWSLogs/123/CloudTrail/x", "a_b_c.json"],
)
def test_keys_that_do_not_say_whose_log_it_is_are_not_parsed(key: str) -> None:
    assert parse_key(key) is None


@given(
    st.sampled_from(["", "p/", "deep/er/"]),
    st.sampled_from([None, "o-exampleorgid"]),
    st.sampled_from(["CloudTrail", "CloudTrail-Insight", "Config"]),
    st.dates(),
    st.text(min_size=1).filter(lambda file: "AWSLogs/" not in file),
)
def test_parts_survive_the_way_to_a_key_and_back(
    prefix: str, organization: str | None, kind: str, day: date, file: str
) -> None:
    parts = LogKey(prefix, organization, A, kind, "eu-north-1", day, file)

    assert parse_key(format_key(parts)) == parts


@pytest.mark.parametrize(
    ("key", "time"),
    [
        (f"AWSLogs/{A}/CloudTrail/us-east-2/2026/03/04/{NAME}", datetime(2026, 3, 4, 5, 10)),
        (f"{A}_CloudTrail_us-east-1-20260304T0510.json", datetime(2026, 3, 4, 5, 10)),
        (f"{A}_CloudTrail-Digest_us-east-1_t_us-east-1_20260304T050059Z.json.gz", datetime(2026, 3, 4, 5, 0, 59)),
        (f"AWSLogs/{A}/CloudTrail/us-east-2/2026/03/04/x.json", datetime(2026, 3, 4)),
        (f"AWSLogs/{A}/CloudTrail/us-east-2/x.json", None),
        (f"{A}_CloudTrail_us-east-1_20261399T9999Z_x.json", None),
    ],
)
def test_the_time_is_the_deliverys_to_the_minute_and_naive_utc(key: str, time: datetime | None) -> None:
    parts = parse_key(key)

    assert parts is not None
    assert parts.time == time


def test_names_are_written_as_cloudtrail_writes_them() -> None:
    written = log_name(A, "CloudTrail", "us-east-2", datetime(2026, 3, 4, 5, 10), "Mu0KsOhtH1ar15ZZ")

    assert written == NAME


def test_only_cloudtrails_own_logs_are_log_kinds() -> None:
    kinds = ["CloudTrail", "CloudTrail-Insight", "CloudTrail-Aggregated", "CloudTrail-Digest", "Config", "vpcflowlogs"]

    assert [is_log_kind(kind) for kind in kinds] == [True, True, True, False, False, False]


LOG = LogKey("", None, A, "CloudTrail", "us-east-2", DAY, NAME)


@pytest.mark.parametrize(
    ("accounts", "regions", "since", "until", "wanted"),
    [
        ((), (), None, None, True),
        ((A,), ("us-east-2",), None, None, True),
        (("999999999999",), (), None, None, False),
        ((), ("eu-west-1",), None, None, False),
        ((), (), datetime(2026, 3, 4, 5, 10), None, True),
        ((), (), datetime(2026, 3, 4, 5, 10, 30), None, True),
        ((), (), datetime(2026, 3, 4, 5, 11), None, False),
        ((), (), None, datetime(2026, 3, 4, 5, 10), False),
        ((), (), None, datetime(2026, 3, 4, 5, 11), True),
    ],
)
def test_a_key_is_in_scope_when_all_that_was_asked_holds(
    accounts: tuple[str, ...],
    regions: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    wanted: bool,
) -> None:
    assert in_scope(LOG, accounts, regions, since, until) is wanted


def test_a_key_that_names_only_the_day_is_in_scope_for_any_hour_of_it() -> None:
    dayly = LogKey("", None, A, "CloudTrail", "us-east-2", DAY, "x.json")

    assert in_scope(dayly, since=datetime(2026, 3, 4, 18), until=datetime(2026, 3, 5))
    assert not in_scope(dayly, since=datetime(2026, 3, 5))


def test_what_a_key_does_not_say_is_not_in_scope() -> None:
    silent = LogKey("", None, A, "CloudTrail", None, None, "x.json")

    assert not in_scope(silent, regions=("us-east-2",))
    assert not in_scope(silent, since=datetime(2026, 3, 4))
    assert in_scope(silent, accounts=(A,))


MARCH = (datetime(2026, 3, 4, 22), datetime(2026, 3, 5, 3))
KINDS = ("CloudTrail", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated")


@pytest.mark.parametrize(
    ("prefix", "accounts", "regions", "since_until", "listed"),
    [
        ("", (A,), (), None, [""]),
        ("logs", (A,), ("us-east-1",), MARCH, ["logs"]),
        ("AWSLogs/", (), ("us-east-1",), MARCH, ["AWSLogs/"]),
        ("AWSLogs/", (A,), (), None, [f"AWSLogs/{A}/", "AWSLogs/o-"]),
        ("p/AWSLogs/o-exampleorgid/", (A,), (), MARCH, [f"p/AWSLogs/o-exampleorgid/{A}/"]),
        (f"AWSLogs/{A}/", (), ("us-east-1",), None, [f"AWSLogs/{A}/{kind}/us-east-1/" for kind in KINDS]),
        (f"AWSLogs/{A}/Cloud", (), ("us-east-1",), None, [f"AWSLogs/{A}/Cloud"]),
        (f"AWSLogs/{A}/Config/", (), ("us-east-1",), None, [f"AWSLogs/{A}/Config/"]),
        (
            f"AWSLogs/{A}/CloudTrail/us-east-1/",
            (),
            (),
            MARCH,
            [f"AWSLogs/{A}/CloudTrail/us-east-1/2026/03/0{day}/" for day in (4, 5)],
        ),
        (
            f"AWSLogs/{A}/CloudTrail/",
            (),
            ("us-east-1", "eu-west-1"),
            (datetime(2025, 12, 30), datetime(2026, 3, 4)),
            [
                f"AWSLogs/{A}/CloudTrail/{region}/{month}/"
                for region in ("us-east-1", "eu-west-1")
                for month in ("2025/12", "2026/01", "2026/02", "2026/03")
            ],
        ),
        (f"AWSLogs/{A}/CloudTrail/us-east-1/2026/", (), (), MARCH, [f"AWSLogs/{A}/CloudTrail/us-east-1/2026/"]),
    ],
)
def test_listing_is_narrowed_as_far_as_the_folders_are_known(
    prefix: str,
    accounts: tuple[str, ...],
    regions: tuple[str, ...],
    since_until: tuple[datetime, datetime] | None,
    listed: list[str],
) -> None:
    since, until = since_until or (None, None)

    assert list_prefixes(prefix, accounts, regions, since, until) == listed


@given(
    st.sampled_from(["", "AWSLogs/", "AWSLogs/o-exampleorgid/", f"AWSLogs/{A}/", f"AWSLogs/{A}/CloudTrail/"]),
    st.sampled_from([(), (A,), ("999999999999", A)]),
    st.sampled_from([(), ("us-east-2",), ("us-east-2", "eu-west-1")]),
    st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2026, 6, 1)),
    st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2026, 6, 1)),
    st.sampled_from([None, "o-exampleorgid"]),
)
def test_no_key_in_scope_is_missed_by_the_listing(
    prefix: str,
    accounts: tuple[str, ...],
    regions: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    organization: str | None,
) -> None:
    key = format_key(LogKey("", organization, A, "CloudTrail", "us-east-2", DAY, NAME))
    parts = parse_key(key)
    assert parts is not None
    if key.startswith(prefix) and in_scope(parts, accounts, regions, since, until):
        assert any(key.startswith(listed) for listed in list_prefixes(prefix, accounts, regions, since, until))
