"""``trailmere policy``: what a user types, reads and is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_store import Answer
from trailmere.cli import main

Command = Callable[..., Answer]
ARN = "arn:aws:cloudtrail:us-east-1:{}:eventdatastore/abcdef01-2345-6789-abcd-ef0123456789"
OFFICE = {
    "Version": "2012-10-17",
    "Statement": {
        "Sid": "Office",
        "Effect": "Allow",
        "Action": "cloudtrail:StartQuery",
        "Resource": "*",
        "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    },
}


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """``trailmere ...`` over a lake in an empty folder."""
    monkeypatch.setenv("TRAILMERE_LAKE", str(tmp_path / "lake"))

    def run_command(*arguments: str) -> Answer:
        with pytest.raises(SystemExit) as end:
            main(list(arguments))
        written = capsys.readouterr()
        return Answer(int(end.value.code or 0), written.out, written.err)

    return run_command


@pytest.fixture
def ada(run: Command) -> Command:
    """``trailmere policy explain --user ada ...``: a user who may query from the office."""
    run("user", "create", "ada")
    run("user", "policy", "put", "ada", "office", json.dumps(OFFICE))
    return lambda *arguments: run("policy", "explain", "--user", "ada", "--output", "json", *arguments)


def test_lint_says_what_each_statement_does(run: Command, tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(OFFICE))

    answer = run("policy", "lint", str(file))

    assert answer.code == 0
    assert "Statement (Office)  Allows cloudtrail:StartQuery on all resources, if the address" in answer.out


def test_lint_names_the_place_of_what_is_not_understood(run: Command) -> None:
    answer = run("policy", "lint", json.dumps(OFFICE).replace("IpAddress", "IpAdress"))

    assert answer.code == 1
    assert answer.out == ""
    assert answer.err.startswith("trailmere: Statement.Condition: expected one of StringEquals")


def test_lint_goes_by_the_kind_of_the_policy(run: Command) -> None:
    answer = run("policy", "lint", json.dumps(OFFICE), "--kind", "channel")

    assert answer.code == 1
    assert answer.err.startswith("trailmere: Statement: expected Principal or NotPrincipal, got neither")


def test_lint_gives_json_to_scripts(run: Command) -> None:
    answer = run("policy", "lint", json.dumps(OFFICE), "--output", "json")

    assert answer.json["Version"] == "2012-10-17"
    assert [(one["Place"], one["Sid"], one["Effect"]) for one in answer.json["Statements"]] == [
        ("Statement", "Office", "Allow")
    ]


def test_lint_remarks_what_may_not_be_meant(run: Command) -> None:
    wrong = json.dumps(OFFICE).replace('"*"', '"arn:aws:cloudtrail:*:*:channel/*"')

    answer = run("policy", "lint", wrong)
    remarks = run("policy", "lint", wrong, "--output", "json").json["Advice"]

    assert answer.code == 0
    assert answer.err.startswith("Statement.Resource: cloudtrail:StartQuery is about the kind eventdatastore")
    assert [one["Place"] for one in remarks] == ["Statement.Resource"]


def test_explain_names_the_policy_and_statement_that_allow(ada: Command) -> None:
    answer = ada("--action", "cloudtrail:startquery", "--context", "aws:SourceIp=203.0.113.9")

    assert answer.json["Decision"] == "ALLOW"
    assert (answer.json["PolicyName"], answer.json["Statement"]) == ("office", "Statement")
    assert answer.json["Reason"].startswith("Allowed by Statement (Office) of the identity-based policy: Allows ")


def test_explain_says_that_nothing_allows(ada: Command) -> None:
    answer = ada("--action", "cloudtrail:StartQuery", "--context", "aws:SourceIp=198.51.100.1")

    assert answer.code == 0
    assert answer.json["Decision"] == "IMPLICIT_DENY"
    assert answer.json["Reason"] == "Denied because no identity-based policy allows it."


def test_explain_counts_the_policy_of_the_resource(run: Command, ada: Command, tmp_path: Path) -> None:
    from trailmere.app import build
    from trailmere.settings import load

    app = build(load(lake=tmp_path / "lake"))
    account = app.settings.account_id
    arn = ARN.format(account)
    statement = {"Effect": "Deny", "Principal": "*", "Action": "cloudtrail:StartQuery", "Resource": arn}
    app.resource_policies.put(arn, json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    app.close()

    answer = ada("--action", "cloudtrail:StartQuery", "--resource", arn, "--context", "aws:SourceIp=203.0.113.9")

    assert (answer.json["Decision"], answer.json["PolicyType"]) == ("EXPLICIT_DENY", "resource-based policy")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--action", "cloudtrail:StartQeury"), "did you mean cloudtrail:StartQuery?"),
        (("--action", "sts:AssumeRole"), "trust policy"),
        (("--action", "cloudtrail:StartQuery", "--context", "aws:SourceIP"), "expected KEY=VALUE"),
        (("--action", "cloudtrail:StartQuery", "--context", "aws:SourceIdp=1"), "did you mean aws:SourceIp"),
    ],
)
def test_what_cannot_be_explained_is_said(ada: Command, arguments: tuple[str, ...], says: str) -> None:
    answer = ada(*arguments)

    assert answer.code == 1
    assert says in answer.err


def test_a_user_who_is_not_there_is_told(ada: Command, run: Command) -> None:
    answer = run("policy", "explain", "--user", "bob", "--action", "cloudtrail:StartQuery")

    assert answer.code == 1
    assert "bob" in answer.err
