"""The records of trails and of the organisation, in every database."""

from __future__ import annotations

import pytest

from tests.registry.helpers import ACCOUNT, REGION, Clock
from trailmere.errors import (
    DelegatedAdminLimitExceeded,
    DestinationNotFound,
    InvalidHomeRegion,
    OrganizationsNotInUse,
    TrailAlreadyExists,
    TrailNotFound,
)
from trailmere.registry.database import open_database
from trailmere.registry.organization import Organization
from trailmere.registry.trails import TrailRegistry

SELECTORS = {"EventSelectors": [{"ReadWriteType": "All"}]}


def test_a_trail_is_read_back_as_it_was_created_and_changed(database_url: str) -> None:
    registry = TrailRegistry(open_database(database_url), clock=Clock())

    created = registry.create(ACCOUNT, REGION, "audit", "logs", prefix="all", multi_region=True, tags={"team": "ir"})
    changed = registry.change(created, REGION, selectors=SELECTORS, aggregations=({"EventCategory": "Data"},))
    logging = registry.set_logging(changed, REGION, True)
    assert registry.at_home(ACCOUNT, REGION, "audit") == logging
    assert (logging.selectors, logging.tags, logging.started) == (SELECTORS, {"team": "ir"}, created.created)
    assert registry.logging() == [logging]
    with pytest.raises(TrailAlreadyExists):
        registry.create(ACCOUNT, REGION, "audit", "logs")
    registry.delete(logging, REGION)
    assert registry.seen(ACCOUNT, REGION) == []
    with pytest.raises(TrailNotFound):
        registry.change(logging, REGION, bucket="other")


def test_a_name_means_the_trail_at_home_before_the_shadow_of_another(database_url: str) -> None:
    clock = Clock()
    registry = TrailRegistry(open_database(database_url), clock=clock)
    abroad = registry.create(ACCOUNT, "us-east-1", "audit", "logs", multi_region=True)
    clock.forward(seconds=1)
    home = registry.create(ACCOUNT, REGION, "audit", "logs")

    assert registry.find(ACCOUNT, REGION, "audit") == home
    assert registry.find(ACCOUNT, "eu-west-1", "audit") == abroad
    assert registry.find("999988887777", REGION, "audit") is None
    assert registry.seen(ACCOUNT, REGION) == [abroad, home]
    with pytest.raises(InvalidHomeRegion):
        registry.set_logging(abroad, REGION, True)


def test_a_bucket_that_is_not_there_leaves_no_trail_and_changes_none(database_url: str) -> None:
    def check(bucket: str) -> None:
        if bucket == "gone":
            raise DestinationNotFound("not there", place=bucket)

    registry = TrailRegistry(open_database(database_url), check_bucket=check, clock=Clock())
    trail = registry.create(ACCOUNT, REGION, "audit", "logs")

    with pytest.raises(DestinationNotFound):
        registry.create(ACCOUNT, REGION, "other", "gone")
    with pytest.raises(DestinationNotFound):
        registry.change(trail, REGION, bucket="gone")
    assert registry.seen(ACCOUNT, REGION) == [trail]


def test_an_organisation_has_three_delegated_administrators_at_most(database_url: str) -> None:
    organization = Organization(open_database(database_url), lambda _account: True)
    members = [f"{number}" * 12 for number in range(2, 6)]

    with pytest.raises(OrganizationsNotInUse):
        organization.check_may_have_resources(ACCOUNT)
    organization.declare(ACCOUNT)
    for member in members[:3]:
        organization.register(ACCOUNT, member)
        organization.check_may_have_resources(member)
    with pytest.raises(DelegatedAdminLimitExceeded):
        organization.register(ACCOUNT, members[3])
    assert (organization.management(), organization.delegated()) == (ACCOUNT, tuple(members[:3]))
    organization.dissolve()
    assert (organization.management(), organization.delegated()) == (None, ())
