"""The question that doors ask, over identities and policies in a database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.access.policies import CHANNEL, DASHBOARD, HERE, SERVICE_ITSELF, STORE, THERE
from tests.access.world import some_identities
from trailmere.access.access import Access
from trailmere.access.evaluate import Question
from trailmere.access.identities import Identities, Identity
from trailmere.access.records import Kind
from trailmere.access.resource_policies import ResourcePolicies
from trailmere.errors import (
    AccessDenied,
    InvalidResourceArn,
    MalformedPolicy,
    ResourcePolicyNotFound,
    ResourceTypeNotSupported,
)
from trailmere.registry.database import open_database, writing

QUERY = "cloudtrail:StartQuery"


class World:
    """Identities, resource policies and the question, over one database."""

    def __init__(self, folder: Path, url: str) -> None:
        self.engine = open_database(url)
        self.identities: Identities = some_identities(folder, url=url)
        self.policies = ResourcePolicies(self.engine)
        self.access = Access(self.identities.policies_of, self.policies)

    def user(self, name: str, *documents: str) -> Identity:
        """A new user of HERE with these policies."""
        user = self.identities.create_user(HERE, name)
        for number, document in enumerate(documents):
            self.identities.put_policy(user, f"policy{number}", document)
        return Identity(HERE, Kind.USER, name, self.identities.arn_of(user), user.id)


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> World:
    """An empty one."""
    return World(tmp_path, database_url)


def document(effect: str = "Allow", action: str = QUERY, resource: str = "*", **members: object) -> str:
    statement = {"Effect": effect, "Action": action, "Resource": resource, **members}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def denial(world: World, question: Question) -> str:
    with pytest.raises(AccessDenied) as denied:
        world.access.check(question)
    return denied.value.message


def test_what_an_identity_policy_allows_passes(world: World) -> None:
    ada = world.user("ada", document())

    world.access.check(Question(ada, QUERY, STORE))

    assert world.access.may(Question(ada, QUERY, STORE))


def test_what_nothing_allows_is_denied_in_the_words_of_aws(world: World) -> None:
    ada = world.user("ada")

    assert denial(world, Question(ada, QUERY, STORE)) == (
        f"User: arn:aws:iam::{HERE}:user/ada is not authorized to perform: cloudtrail:StartQuery on resource: {STORE} "
        "because no identity-based policy allows the cloudtrail:StartQuery action"
    )


def test_an_explicit_deny_is_told_with_the_kind_of_its_policy(world: World) -> None:
    ada = world.user("ada", document(), document("Deny"))
    bob = world.user("bob", document())
    world.policies.put(STORE, document("Deny", resource=STORE, Principal={"AWS": bob.arn}))

    assert denial(world, Question(ada, QUERY, STORE)).endswith("with an explicit deny in an identity-based policy")
    assert denial(world, Question(bob, QUERY, STORE)).endswith("with an explicit deny in a resource-based policy")


def test_a_session_policy_that_does_not_allow_is_told(world: World) -> None:
    ada = world.user("ada", document())
    narrowed = Identity(
        ada.account_id,
        Kind.ASSUMED_ROLE,
        "r/s",
        ada.arn,
        ada.principal_id,
        session_policy=document(action="cloudtrail:GetTrail"),
    )

    assert denial(world, Question(narrowed, QUERY, STORE)).endswith(
        "because no session policy allows the cloudtrail:StartQuery action"
    )


def test_the_policy_of_a_resource_counts_for_that_resource_only(world: World) -> None:
    ada = world.user("ada")
    world.policies.put(STORE, document(resource=STORE, Principal={"AWS": ada.arn}))

    assert world.access.may(Question(ada, QUERY, STORE))
    assert not world.access.may(Question(ada, QUERY, STORE + "2"))


def test_a_policy_counts_from_the_next_question_on(world: World) -> None:
    ada = world.user("ada")
    asked = Question(ada, QUERY, STORE)
    before = world.access.may(asked)
    world.policies.put(STORE, document(resource=STORE, Principal={"AWS": ada.arn}))
    put = world.access.may(asked)
    world.policies.put(STORE, document("Deny", resource=STORE, Principal={"AWS": ada.arn}))
    replaced = world.access.may(asked)

    assert (before, put, replaced) == (False, True, False)


def test_the_service_refreshes_a_dashboard_that_lets_it(world: World) -> None:
    asked = Question(
        SERVICE_ITSELF,
        "cloudtrail:StartDashboardRefresh",
        DASHBOARD,
        {"aws:sourcearn": (DASHBOARD,), "aws:sourceaccount": (HERE,)},
    )
    before = world.access.may(asked)
    world.policies.put(
        DASHBOARD,
        document(
            action="cloudtrail:StartDashboardRefresh",
            resource=DASHBOARD.rpartition("/")[0] + "/*",
            Principal={"Service": SERVICE_ITSELF.name},
            Condition={"StringEquals": {"AWS:SourceArn": DASHBOARD, "AWS:SourceAccount": HERE}},
        ),
    )

    assert (before, world.access.may(asked)) == (False, True)


def test_an_operation_without_an_action_of_its_own_is_covered_by_another(world: World) -> None:
    ada = world.user("ada", document(action="cloudtrail:LookupEvents"))

    assert world.access.may(Question(ada, "cloudtrail:ListInsightsMetricData"))


def test_a_kept_policy_that_is_not_understood_denies(world: World) -> None:
    ada = world.user("ada", document())
    world.policies.put(STORE, document(resource=STORE, Principal={"AWS": THERE}))
    with writing(world.engine) as connection:
        connection.execute(text('UPDATE resource_policies SET document = \'{"Statement": [{"Effect": "Forbid"}]}\''))

    assert "a policy cannot be understood: Statement[0]" in denial(world, Question(ada, QUERY, STORE))


def test_a_policy_is_kept_as_it_was_written(world: World) -> None:
    written = document(resource=CHANNEL, action="cloudtrail-data:PutAuditEvents", Principal={"AWS": THERE}) + "\n "
    world.policies.put(CHANNEL, written)

    assert world.policies.get(CHANNEL) == written


def test_a_policy_that_is_refused_leaves_the_one_before(world: World) -> None:
    before = document(resource=STORE, Principal={"AWS": THERE})
    world.policies.put(STORE, before)
    with pytest.raises(MalformedPolicy):
        world.policies.put(STORE, document(resource=CHANNEL, Principal={"AWS": THERE}))

    assert world.policies.get(STORE) == before


def test_a_policy_for_another_resource_of_the_kind_is_refused(world: World) -> None:
    with pytest.raises(MalformedPolicy) as refused:
        world.policies.put(STORE, document(resource=STORE + "2", Principal={"AWS": THERE}))

    assert refused.value.place == "Statement[0].Resource"


def test_a_deleted_policy_is_gone_and_cannot_be_deleted_again(world: World) -> None:
    world.policies.put(STORE, document(resource=STORE, Principal={"AWS": THERE}))
    world.policies.delete(STORE)

    assert world.policies.get(STORE) is None
    with pytest.raises(ResourcePolicyNotFound):
        world.policies.delete(STORE)


def test_a_policy_is_forgotten_whether_there_is_one_or_not(world: World) -> None:
    world.policies.put(STORE, document(resource=STORE, Principal={"AWS": THERE}))
    world.policies.forget(STORE)
    world.policies.forget(STORE)

    assert world.policies.get(STORE) is None


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("", InvalidResourceArn),
        ("aaaa-1111", InvalidResourceArn),
        (f"arn:aws:s3:eu-central-1:{HERE}:eventdatastore/x", InvalidResourceArn),
        (f"arn:aws:cloudtrail:eu-central-1:{HERE}:trail/main", ResourceTypeNotSupported),
    ],
)
def test_only_stores_channels_and_dashboards_have_policies(world: World, arn: str, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        world.policies.put(arn, "{}")
