"""The servers that refuse. What is refused changes nothing, so that one world does for all that need the same."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tests.api.asking import ACTIVITY_SELECTORS, a_channel
from tests.api.buckets import BUCKET, bucket
from tests.api.outcomes.refused import FULL
from tests.api.outcomes.scenario import ALL, REGION, Refused, filled
from tests.api.outcomes.valid import CALLS, ROLE, selectors_of
from tests.api.serving import ACCOUNT, Serving, serve
from tests.query.background import ENDLESS
from trailmere.registry.stores import MAXIMUM_STORES
from trailmere.registry.trails import MAXIMUM_TRAILS
from trailmere.sources import s3client

if TYPE_CHECKING:
    from pathlib import Path

FORMER, MEMBER, DELEGATED = "222222222222", "333333333333", ("444444444444", "555555555555", "666666666666")


@dataclass
class World:
    """A server, what its things are called, and the keys of those who ask it."""

    serving: Serving
    things: dict[str, str] = field(default_factory=lambda: {"account": ACCOUNT, "member": MEMBER})
    keys: dict[str, Any] = field(default_factory=dict)

    def code(self, refused: Refused) -> str:
        """The error that a call ends with; "none" where it succeeds."""
        operation = ALL[refused.operation]
        client = self.serving.client(
            operation.service,
            key=self.keys.get(refused.who),
            region=refused.region,
            parameter_validation=False,
        )
        try:
            client._make_api_call(operation.name, filled(refused.members, self.things))
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "none"

    def user(self, name: str, account: str, *policies: str) -> None:
        """Somebody who asks."""
        identities = self.serving.app.identities
        user = identities.create_user(account, name)
        for policy in policies:
            identities.attach_policy(user, policy)
        self.keys[name] = identities.create_key(user)


@contextmanager
def settled(folder: Path) -> Iterator[World]:
    """Accounts that are an organisation, and something of everything, in each state that matters; an S3 server."""
    with ExitStack() as stack:
        _s3, found = stack.enter_context(bucket())
        stack.enter_context(_environment(found))
        serving = serve(folder / "lake", delivery_buckets=f"{BUCKET}, absent")
        stack.callback(serving.close)
        world = World(serving)
        for settle in (_accounts, _stores, _busy_stores, _trails, _records):
            settle(world)
        yield world


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    s3client.store.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        s3client.store.cache_clear()


def _accounts(world: World) -> None:
    """One that manages, three delegated administrators, one that was one, one more; somebody who may nothing."""
    app, things = world.serving.app, world.things
    for account in (FORMER, MEMBER, *DELEGATED):
        app.identities.create_account(f"of-{account}", account)
    app.organization.declare(ACCOUNT)
    world.user("nobody", ACCOUNT)
    world.user("former", FORMER, "AdministratorAccess")
    app.organization.register(ACCOUNT, FORMER)
    client = world.serving.client(key=world.keys["former"])
    made = client.create_event_data_store(Name="of-all", OrganizationEnabled=True)
    things["former_store"] = made["EventDataStoreArn"]
    trail = client.create_trail(Name="of-all", S3BucketName=BUCKET, IsOrganizationTrail=True)
    things["former_trail"] = trail["TrailARN"]
    app.organization.deregister(ACCOUNT, FORMER)
    for account in DELEGATED:
        app.organization.register(ACCOUNT, account)
    things["delegated"] = DELEGATED[0]


def _stores(world: World) -> None:
    client, things = world.serving.client(), world.things

    def create(thing: str, name: str, **more: Any) -> str:
        things[thing] = str(client.create_event_data_store(Name=name, **more)["EventDataStoreArn"])
        return things[thing]

    create("store", "audit", TagsList=[{"Key": f"tag-{number}", "Value": "1"} for number in range(50)])
    gone = create("inactive", "gone", TerminationProtectionEnabled=False)
    client.delete_event_data_store(EventDataStore=gone)
    unprotected: dict[str, Any] = {"TerminationProtectionEnabled": False}
    create("activity", "outside", MultiRegionEnabled=False, AdvancedEventSelectors=ACTIVITY_SELECTORS, **unprotected)
    create("federated", "open", **unprotected)
    create("importing", "filling", **unprotected)
    create("watched", "watched")
    create("insights", "unusual", AdvancedEventSelectors=selectors_of("Insight"))


def _busy_stores(world: World) -> None:
    """A channel, a federation, an import, Insights."""
    client, things = world.serving.client(), world.things
    things["channel"] = a_channel(client, things["activity"])
    a_channel(client, things["activity"], "taken", "CyberArk")
    client.enable_federation(EventDataStore=things["federated"], FederationRoleArn=filled(ROLE, things))
    client.put_insight_selectors(
        EventDataStore=things["watched"],
        InsightsDestination=things["insights"],
        InsightSelectors=[{"InsightType": CALLS}],
    )
    importing = world.serving.app.stores.get(things["importing"])
    things["import"] = world.serving.app.import_records.create(ACCOUNT, REGION, importing.id, f"s3://{BUCKET}/").id


def _trails(world: World) -> None:
    client, things = world.serving.client(), world.things
    made = client.create_trail(Name="whole", S3BucketName=BUCKET, IsMultiRegionTrail=True)
    things["trail"] = made["TrailARN"]
    full = world.serving.client(region=FULL)
    for number in range(MAXIMUM_TRAILS):
        full.create_trail(Name=f"trail-{number}", S3BucketName=BUCKET)
    for number in range(MAXIMUM_STORES):
        world.serving.app.stores.create(f"store-{number}", place=(ACCOUNT, FULL))


def _records(world: World) -> None:
    """A query that has ended, a dashboard."""
    client = world.serving.client()
    client.create_dashboard(Name="mine", TerminationProtectionEnabled=True)
    query = client.start_query(QueryStatement="SELECT 1")["QueryId"]
    while client.describe_query(QueryId=query)["QueryStatus"] in ("QUEUED", "RUNNING"):
        pass
    world.things["query"] = query


@contextmanager
def dissolved(folder: Path) -> Iterator[World]:
    """Accounts that were an organisation once, and something that was made for all of it."""
    serving = serve(folder / "lake")
    world = World(serving)
    serving.app.identities.create_account("member", MEMBER)
    serving.app.organization.declare(ACCOUNT)
    client = serving.client()
    made = client.create_event_data_store(Name="of-all", OrganizationEnabled=True)
    world.things["of_all"] = world.things["store"] = made["EventDataStoreArn"]
    trail = client.create_trail(Name="of-all", S3BucketName=BUCKET, IsOrganizationTrail=True)
    world.things["trail"] = trail["TrailARN"]
    serving.app.organization.dissolve()
    yield world
    serving.close()


@contextmanager
def crowded(folder: Path) -> Iterator[World]:
    """An account whose queries are as many as it may have, and a dashboard whose refresh does not end."""
    serving = serve(folder / "lake", query_concurrent=1)
    client = serving.client()
    client.start_query(QueryStatement=ENDLESS)
    widget = {"QueryStatement": ENDLESS, "ViewProperties": {"Title": "it"}}
    client.create_dashboard(Name="endless", Widgets=[widget])
    client.start_dashboard_refresh(DashboardId="endless")
    yield World(serving)
    serving.close()


@contextmanager
def full(folder: Path) -> Iterator[World]:
    """A server that has one thread, which is at work, and lets nobody wait."""
    entered, leave = threading.Event(), threading.Event()

    def wait(_call: object) -> Mapping[str, Any]:
        entered.set()
        leave.wait()
        return {"Trails": []}

    functions = {("cloudtrail", "ListTrails"): wait}
    serving = serve(folder / "lake", functions=functions, serve_threads=1, serve_waiting=0)
    with ThreadPoolExecutor() as clients:
        clients.submit(serving.client().list_trails)
        entered.wait()
        yield World(serving)
        leave.set()
    serving.close()


WORLDS: Mapping[str, Callable[[Path], Any]] = {
    "settled": settled,
    "dissolved": dissolved,
    "crowded": crowded,
    "full": full,
}
