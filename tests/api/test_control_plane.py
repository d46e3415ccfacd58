"""What belongs to resources: tags, federation, event configuration; and who may act for an organisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.serving import ACCOUNT, Serving
from tests.api.test_stores import code_of

Client = Callable[..., Any]
MEMBER = "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lake"


@pytest.fixture
def cloudtrail(client: Client) -> Any:
    """The administrator's client."""
    return client("cloudtrail")


@pytest.fixture
def store(cloudtrail: Any) -> str:
    """The ARN of a store that can be deleted."""
    created = cloudtrail.create_event_data_store(Name="audit", TerminationProtectionEnabled=False)
    return str(created["EventDataStoreArn"])


def tags_of(cloudtrail: Any, *arns: str) -> list[dict[str, str]]:
    listed = cloudtrail.list_tags(ResourceIdList=list(arns))["ResourceTagList"]
    return [{tag["Key"]: tag["Value"] for tag in one["TagsList"]} for one in listed]


@pytest.mark.parametrize("kind", ["store", "trail", "channel"])
def test_tags_are_added_changed_and_removed(cloudtrail: Any, store: str, kind: str) -> None:
    arn = {"store": lambda: store, "trail": lambda: a_trail(cloudtrail), "channel": lambda: a_channel(cloudtrail)}[
        kind
    ]()

    before = tags_of(cloudtrail, arn)
    cloudtrail.add_tags(ResourceId=arn, TagsList=[{"Key": "team", "Value": "ir"}, {"Key": "cost", "Value": "7"}])
    cloudtrail.add_tags(ResourceId=arn, TagsList=[{"Key": "team", "Value": "soc"}])
    added = tags_of(cloudtrail, arn)
    cloudtrail.remove_tags(ResourceId=arn, TagsList=[{"Key": "team"}, {"Key": "cost", "Value": "8"}])
    assert before == [{}]
    assert added == [{"team": "soc", "cost": "7"}]
    assert tags_of(cloudtrail, arn) == [{"cost": "7"}]


def a_trail(cloudtrail: Any) -> str:
    return str(cloudtrail.create_trail(Name="audit", S3BucketName="logs")["TrailARN"])


def a_channel(cloudtrail: Any) -> str:
    selectors = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["ActivityAuditLog"]}]}]
    store = cloudtrail.create_event_data_store(
        Name="pushed", AdvancedEventSelectors=selectors, MultiRegionEnabled=False
    )
    destinations = [{"Type": "EVENT_DATA_STORE", "Location": store["EventDataStoreArn"]}]
    return str(cloudtrail.create_channel(Name="pushed", Source="Custom", Destinations=destinations)["ChannelArn"])


def test_tags_that_cannot_be_are_refused_with_the_declared_errors(cloudtrail: Any, store: str) -> None:
    def added(arn: str, *keys: str) -> str:
        return code_of(lambda: cloudtrail.add_tags(ResourceId=arn, TagsList=[{"Key": key} for key in keys]))

    assert added(store, "aws:mine") == "InvalidTagParameterException"
    assert added(store, "twice", "twice") == "InvalidTagParameterException"
    assert added(store, *(f"tag{number}" for number in range(51))) == "TagsLimitExceededException"
    assert added(store[:-1] + "x", "a") == "EventDataStoreNotFoundException"
    assert added("audit", "a") == "CloudTrailARNInvalidException"
    assert added(f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:import/audit", "a") == "ResourceTypeNotSupportedException"
    assert added(f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:dashboard/mine", "a") == "ResourceNotFoundException"
    cloudtrail.delete_event_data_store(EventDataStore=store)
    assert added(store, "a") == "InactiveEventDataStoreException"


def test_a_federated_store_says_so_and_is_not_deleted(cloudtrail: Any, store: str) -> None:
    enabled = cloudtrail.enable_federation(EventDataStore=store, FederationRoleArn=ROLE)

    got = cloudtrail.get_event_data_store(EventDataStore=store)
    assert (enabled["FederationStatus"], enabled["FederationRoleArn"]) == ("ENABLED", ROLE)
    assert (got["FederationStatus"], got["FederationRoleArn"]) == ("ENABLED", ROLE)
    again = code_of(lambda: cloudtrail.enable_federation(EventDataStore=store, FederationRoleArn=ROLE))
    assert again == "EventDataStoreFederationEnabledException"
    deleted = code_of(lambda: cloudtrail.delete_event_data_store(EventDataStore=store))
    assert deleted == "EventDataStoreFederationEnabledException"
    assert cloudtrail.disable_federation(EventDataStore=store)["FederationStatus"] == "DISABLED"
    cloudtrail.delete_event_data_store(EventDataStore=store)


def test_a_role_of_another_account_is_no_federation_role(cloudtrail: Any, store: str) -> None:
    role = f"arn:aws:iam::{MEMBER}:role/lake"

    code = code_of(lambda: cloudtrail.enable_federation(EventDataStore=store, FederationRoleArn=role))
    assert code == "InvalidParameterException"


def test_the_partition_keys_of_a_store_are_told(cloudtrail: Any, store: str) -> None:
    got = cloudtrail.get_event_data_store(EventDataStore=store)

    assert got["PartitionKeys"] == [{"Name": "calendarday", "Type": "bigint"}]


def test_the_event_configuration_of_a_store_is_kept(cloudtrail: Any, store: str) -> None:
    keys = [{"Type": "TagContext", "Equals": ["team"]}]

    before = cloudtrail.get_event_configuration(EventDataStore=store)
    cloudtrail.put_event_configuration(EventDataStore=store, MaxEventSize="Large", ContextKeySelectors=keys)
    after = cloudtrail.get_event_configuration(EventDataStore=store)
    assert (before["MaxEventSize"], before["ContextKeySelectors"]) == ("Standard", [])
    assert (after["MaxEventSize"], after["ContextKeySelectors"]) == ("Large", keys)
    smaller = code_of(lambda: cloudtrail.put_event_configuration(EventDataStore=store, MaxEventSize="Standard"))
    assert smaller == "InvalidParameterException"


def test_the_event_configuration_of_a_trail_is_kept(cloudtrail: Any) -> None:
    arn = a_trail(cloudtrail)
    aggregations = [{"Templates": ["API_ACTIVITY"], "EventCategory": "Data"}]

    cloudtrail.put_event_configuration(TrailName=arn, AggregationConfigurations=aggregations)
    assert cloudtrail.get_event_configuration(TrailName=arn)["AggregationConfigurations"] == aggregations


def test_an_event_configuration_is_that_of_a_store_or_of_a_trail(cloudtrail: Any, store: str) -> None:
    neither = code_of(cloudtrail.get_event_configuration)
    mixed = code_of(
        lambda: cloudtrail.put_event_configuration(
            EventDataStore=store, AggregationConfigurations=[{"Templates": ["API_ACTIVITY"], "EventCategory": "Data"}]
        )
    )

    assert (neither, mixed) == ("InvalidParameterCombinationException", "InvalidParameterCombinationException")


def test_who_manages_an_organisation_names_its_delegated_administrators(server: Serving, cloudtrail: Any) -> None:
    register, deregister = (
        cloudtrail.register_organization_delegated_admin,
        cloudtrail.deregister_organization_delegated_admin,
    )
    assert code_of(lambda: register(MemberAccountId=MEMBER)) == "AccountNotFoundException"
    server.app.identities.create_account("member", MEMBER)
    assert code_of(lambda: register(MemberAccountId=MEMBER)) == "OrganizationsNotInUseException"
    server.app.organization.declare(MEMBER)
    assert code_of(lambda: register(MemberAccountId=MEMBER)) == "NotOrganizationManagementAccountException"
    server.app.organization.declare(ACCOUNT)
    assert code_of(lambda: register(MemberAccountId=ACCOUNT)) == "CannotDelegateManagementAccountException"

    register(MemberAccountId=MEMBER)
    assert server.app.organization.delegated() == (MEMBER,)
    assert code_of(lambda: register(MemberAccountId=MEMBER)) == "AccountRegisteredException"
    deregister(DelegatedAdminAccountId=MEMBER)
    assert code_of(lambda: deregister(DelegatedAdminAccountId=MEMBER)) == "AccountNotRegisteredException"


def test_a_store_for_an_organisation_needs_one(server: Serving, cloudtrail: Any) -> None:
    refused = code_of(lambda: cloudtrail.create_event_data_store(Name="all", OrganizationEnabled=True))
    server.app.organization.declare(ACCOUNT)

    assert refused == "OrganizationsNotInUseException"
    assert cloudtrail.create_event_data_store(Name="all", OrganizationEnabled=True)["OrganizationEnabled"] is True


def test_two_accounts_have_stores_of_one_name(server: Serving, client: Client, store: str) -> None:
    server.app.identities.create_account("member", MEMBER)
    user = server.app.identities.create_user(MEMBER, "root-like")
    server.app.identities.attach_policy(user, "AdministratorAccess")

    theirs = client("cloudtrail", key=server.app.identities.create_key(user))
    created = theirs.create_event_data_store(Name="audit")["EventDataStoreArn"]
    assert created.split(":")[4] == MEMBER
    assert [one["EventDataStoreArn"] for one in theirs.list_event_data_stores()["EventDataStores"]] == [created]
