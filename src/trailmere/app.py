"""The builder: Settings in, App out. The only place that picks backends and ties rooms together.

Every door (the command line now; others later) opens an ``App`` and calls it; nothing here prints, parses
arguments or reads the environment. Rooms are opened when they are first used: a query does not pay for ingest.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from trailmere.access.access import Access
    from trailmere.access.begun import Begun
    from trailmere.access.console import ConsoleDesk
    from trailmere.access.identities import Identities
    from trailmere.access.openid import OpenIdDesk
    from trailmere.access.passkeys import PasskeyDesk
    from trailmere.access.people import People
    from trailmere.access.resource_policies import ResourcePolicies
    from trailmere.access.sigv4 import Authenticator
    from trailmere.ask.generate import Generator
    from trailmere.dashboards.behalf import Behalf
    from trailmere.dashboards.board import Dashboards
    from trailmere.dashboards.keeper import DashboardKeeper
    from trailmere.ingest.audit import AuditTrail
    from trailmere.ingest.imports import Imports
    from trailmere.ingest.push import Pusher
    from trailmere.ingest.records import Limits
    from trailmere.ingest.tending import Tending
    from trailmere.ingest.trails import TrailFollower
    from trailmere.insights.run import Insights
    from trailmere.lake.lifecycle import StoreLifecycle
    from trailmere.lake.records import Maintained, MaintenanceProgress
    from trailmere.lake.vault import Lake
    from trailmere.query.cage import Measure
    from trailmere.query.engine import Engine
    from trailmere.query.jobs import QueryJobs
    from trailmere.query.kept import KeptAnswers
    from trailmere.query.lookup import Lookup
    from trailmere.query.records import StoreEntry
    from trailmere.query.service import QueryService
    from trailmere.query.signer import Signer
    from trailmere.registry.aliases import AliasRecords
    from trailmere.registry.channels import ChannelRegistry
    from trailmere.registry.imports import ImportRecords
    from trailmere.registry.organization import Organization
    from trailmere.registry.saved_queries import SavedQueries
    from trailmere.registry.secretbox import SecretBox
    from trailmere.registry.stores import EventDataStore, StoreRegistry
    from trailmere.registry.trails import TrailRegistry
    from trailmere.registry.ways_in import WaysIn
    from trailmere.settings import Settings

ACTIVITY_STORE = "trailmere-activity"  # who asked what of a server
# rooms that have threads, processes or connections, in the order in which they end
_CLOSED = ("dashboard_keeper", "insights", "trail_follower", "imports", "jobs", "audit", "tending", "engine", "lake")


Opened = TypeVar("Opened")


class room(cached_property[Opened]):  # noqa: N801 - it stands where cached_property would
    """What is opened when it is first asked for, once, whichever of several threads asks."""

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> Opened: ...

    def __get__(self, instance: object | None, owner: type[Any] | None = None) -> Self | Opened:
        if not isinstance(instance, App):
            return self
        with instance.opening:
            return super().__get__(instance, owner)


class App:
    """A lake and what can be done with it. Safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.opening = threading.RLock()

    @property
    def has_lake(self) -> bool:
        """Whether there is a lake, so that asking does not make one. A database elsewhere counts as one."""
        return self.settings.database_url is not None or (self.settings.lake / "lake.db").exists()

    @room
    def lake(self) -> Lake:
        """The vault: tables, ledger, dead letters."""
        from trailmere.lake.vault import Lake

        return Lake.open(self.settings.lake, self.settings.database_url)

    @room
    def stores(self) -> StoreRegistry:
        """The records of event data stores."""
        from trailmere.registry.stores import StoreRegistry

        return StoreRegistry(self.lake.engine, account_id=self.settings.account_id, region=self.settings.region)

    def stores_in(self, account_id: str, region: str) -> StoreRegistry:
        """The records of the stores of one account and Region."""
        return self.stores.within(account_id, region)

    @room
    def secrets(self) -> SecretBox:
        """What seals the secrets that the database keeps. Raises SecretsUnreadable."""
        from trailmere.registry.secretbox import SecretBox

        return SecretBox.of_lake(self.lake.engine, self.settings.keys or self.settings.lake / "keys")

    @room
    def identities(self) -> Identities:
        """Accounts, users, roles and access keys. Raises SecretsUnreadable."""
        from trailmere.access.identities import Identities
        from trailmere.registry.records import partition

        settings = self.settings
        return Identities(
            self.lake.engine, self.secrets, home=settings.account_id, partition=partition(settings.region)
        )

    @room
    def resource_policies(self) -> ResourcePolicies:
        """The policies of event data stores, channels and dashboards."""
        from trailmere.access.resource_policies import ResourcePolicies

        return ResourcePolicies(self.lake.engine)

    @room
    def access(self) -> Access:
        """Who may do what."""
        from trailmere.access.access import Access

        return Access(self.identities.policies_of, self.resource_policies)

    def start_over_with_secrets(self) -> int:
        """When the lake's key file is lost for good: a new one, and no access key or session any more. Gives the number
        of access keys that went. Raises InvalidParameter while the secrets can be read."""
        from trailmere.errors import InvalidParameter, SecretsUnreadable
        from trailmere.registry.database import utc_now
        from trailmere.registry.renewal import forget_secrets

        try:
            path = self.secrets.path
        except SecretsUnreadable:
            gone = forget_secrets(self.lake.engine, utc_now())
            _ = self.secrets
            return gone
        raise InvalidParameter(f"the lake's key file is there: {path}", hint="delete access keys one by one")

    @room
    def console(self) -> ConsoleDesk:
        """People who sign in. Raises SecretsUnreadable."""
        from trailmere.access.console import ConsoleDesk
        from trailmere.registry.console import ConsoleRecords
        from trailmere.registry.database import utc_now

        return ConsoleDesk(ConsoleRecords(self.lake.engine), self.identities, utc_now)

    @room
    def people(self) -> People:
        """Users with their roles, as an administrator sees them. Raises SecretsUnreadable."""
        from trailmere.access.people import People

        return People(self.lake.engine, self.identities, self.console)

    @room
    def ways_in(self) -> WaysIn:
        """The rows of passkeys, of providers' subjects, and of sign-ins that were begun."""
        from trailmere.registry.ways_in import WaysIn

        return WaysIn(self.lake.engine)

    @room
    def begun(self) -> Begun:
        """Sign-ins that take more than one request."""
        from trailmere.access.begun import Begun
        from trailmere.registry.database import utc_now

        return Begun(self.ways_in, utc_now)

    @room
    def passkeys(self) -> PasskeyDesk:
        """Passkeys of people. Raises SecretsUnreadable."""
        from trailmere.access.passkeys import PasskeyDesk
        from trailmere.registry.database import utc_now

        return PasskeyDesk(self.ways_in, self.begun, self.identities, utc_now)

    @room
    def openid(self) -> OpenIdDesk | None:
        """Who somebody is whom the OpenID provider vouches for; None where the settings have none. Raises
        SecretsUnreadable."""
        from trailmere.access.openid import OpenIdDesk, OpenIdRule

        settings = self.settings
        if not settings.oidc_issuer:
            return None
        rule = OpenIdRule(
            settings.oidc_issuer,
            settings.oidc_account or settings.account_id,
            settings.oidc_claim,
            tuple(one.strip() for one in settings.oidc_users.split(",") if one.strip()),
            settings.oidc_create_role,
        )
        return OpenIdDesk(rule, self.identities, self.people, self.ways_in)

    @room
    def authenticator(self) -> Authenticator:
        """Who signed a request? Raises SecretsUnreadable."""
        from trailmere.access.sigv4 import Authenticator

        return Authenticator(self.identities)

    @room
    def lifecycle(self) -> StoreLifecycle:
        """Creating, changing and deleting stores together with their tables."""
        from trailmere.lake.lifecycle import StoreLifecycle

        guards = (self.import_records.check_none, self.channels.check_none)
        return StoreLifecycle(self.stores, self.lake, guards)

    @room
    def engine(self) -> Engine:
        """What answers queries. It needs no open lake: ``prepare`` starts it while the lake is being opened."""
        from trailmere.lake.disk import make_folder
        from trailmere.query.engine import QueryLimits
        from trailmere.query.engines import ENGINES

        settings = self.settings
        limits = QueryLimits(
            seconds=settings.query_seconds,
            memory_bytes=settings.query_memory_bytes,
            threads=settings.query_threads,
            scan_bytes=settings.query_scan_bytes,
            answer_bytes=settings.query_answer_bytes,
            characters=settings.query_characters,
        )
        warehouse = settings.lake / "warehouse"
        make_folder(warehouse)
        return ENGINES["duckdb"](warehouse, limits)

    @room
    def queries(self) -> QueryService:
        """The way out."""
        from trailmere.query.service import QueryService

        return QueryService(self.lake, StoreCatalog(self.stores), engine=self.engine)

    @room
    def answers(self) -> KeptAnswers:
        """The answers that are kept for clients."""
        from trailmere.query.kept import KeptAnswers

        return KeptAnswers(self.lake.home / "results")

    @room
    def aliases(self) -> AliasRecords:
        """The statements that have a name."""
        from trailmere.dashboards.board import statement_of
        from trailmere.registry.aliases import AliasRecords

        return AliasRecords(self.lake.engine, of_software=statement_of)

    @room
    def saved_queries(self) -> SavedQueries:
        """The statements that people keep."""
        from trailmere.registry.saved_queries import SavedQueries

        return SavedQueries(self.lake.engine)

    @room
    def generator(self) -> Generator:
        """What makes statements of questions in English."""
        from trailmere.ask.generate import SampleGenerator

        return SampleGenerator()

    @room
    def signer(self) -> Signer:
        """What signs delivered answers."""
        from trailmere.query.signer import Signer
        from trailmere.registry.database import utc_now
        from trailmere.registry.signing_keys import SigningKeys

        return Signer(SigningKeys(self.lake.engine, lambda: self.secrets), utc_now)

    @room
    def jobs(self) -> QueryJobs:
        """Queries that go on after the call that started them."""
        from trailmere.query.delivery import Courier
        from trailmere.query.destinations import Destinations
        from trailmere.query.jobs import JobLimits, QueryJobs
        from trailmere.query.runner import Runner
        from trailmere.registry.queries import QueryRecords

        settings = self.settings
        limits = JobLimits(settings.query_runners, settings.query_concurrent, settings.query_results_days)
        destinations = Destinations.of_settings(settings.delivery_folders, settings.delivery_buckets)
        courier = Courier(self.answers, self.signer, destinations, settings.delivery_file_bytes)
        records = QueryRecords(self.lake.engine)
        runner = Runner(self.queries, records, self.answers, StoreCatalog(self.stores), courier)
        return QueryJobs(self.lake, self.queries, records, self.aliases, self.answers, runner, limits)

    @room
    def behalf(self) -> Behalf:
        """What the service may query on behalf of dashboards."""
        from trailmere.dashboards.behalf import Behalf

        return Behalf(lambda: self.access, lambda *place: StoreCatalog(self.stores_in(*place)), self.searchable)

    @room
    def dashboards(self) -> Dashboards:
        """Dashboards: custom ones, and those that come with the software."""
        from trailmere.dashboards.board import Dashboards
        from trailmere.registry.dashboards import DashboardRegistry

        registry = DashboardRegistry(self.lake.engine)
        return Dashboards(registry, self.aliases, self.jobs, self.queries.check, self.behalf)

    @room
    def dashboard_keeper(self) -> DashboardKeeper:
        """What refreshes dashboards by their schedules."""
        from trailmere.dashboards.keeper import DashboardKeeper

        return DashboardKeeper(self.dashboards, self.behalf)

    @room
    def lookup(self) -> Lookup:
        """Events by one attribute, newest first."""
        from trailmere.query.lookup import Lookup
        from trailmere.registry.database import utc_now

        return Lookup(self.lake, self.queries, utc_now)

    def searchable(self, account_id: str, region: str) -> list[StoreEntry]:
        """The stores of an account and Region that can be queried now."""
        from trailmere.registry.records import Status

        here = self.stores_in(account_id, region).list()
        return [entry_of(one) for one in here if one.status in (Status.ENABLED, Status.STOPPED_INGESTION)]

    @property
    def ingest_limits(self) -> Limits:
        """How much the way in takes at once, as the settings say."""
        from trailmere.ingest.records import Limits

        settings = self.settings
        return Limits(
            workers=settings.ingest_workers,
            batch_bytes=settings.ingest_batch_bytes,
            commit_deliveries=settings.ingest_commit_deliveries,
            commit_seconds=settings.ingest_commit_seconds,
            max_delivery_bytes=settings.max_delivery_bytes,
            max_json_depth=settings.max_json_depth,
        )

    @room
    def pusher(self) -> Pusher:
        """The way in for events that are pushed."""
        from trailmere.ingest.push import Pusher

        return Pusher(self.lake, self.ingest_limits, committed=self.tending.note)

    @room
    def tending(self) -> Tending:
        """The upkeep of stores that are pushed into."""
        from trailmere.ingest.tending import Tending

        return Tending(lambda store: self.maintain(store, show=lambda _progress: None))

    @room
    def channels(self) -> ChannelRegistry:
        """The records of channels, of all accounts and Regions."""
        from trailmere.registry.channels import ChannelRegistry

        return ChannelRegistry(self.lake.engine)

    @room
    def trails(self) -> TrailRegistry:
        """The records of trails, of all accounts."""
        from trailmere.ingest.trails import check_bucket
        from trailmere.registry.trails import TrailRegistry

        return TrailRegistry(self.lake.engine, check_bucket=check_bucket)

    @room
    def trail_follower(self) -> TrailFollower:
        """What takes in the log files of trails that are logging."""
        from trailmere.ingest.imports import Locations
        from trailmere.ingest.trails import TrailFollower

        locations = Locations.of_settings(self.settings.import_folders, self.settings.import_buckets)
        return TrailFollower(
            self.lake,
            self.trails,
            lambda account_id, region, name: self.stores_in(account_id, region).find(name),
            self.lifecycle.use,
            locations,
            self.ingest_limits,
        )

    @room
    def organization(self) -> Organization:
        """The organisation that the lake's accounts form, if they do. Raises SecretsUnreadable."""
        from trailmere.registry.organization import Organization

        return Organization(
            self.lake.engine, lambda account_id: account_id in {one.id for one in self.identities.accounts()}
        )

    @room
    def import_records(self) -> ImportRecords:
        """The records of imports, of all accounts and Regions."""
        from trailmere.registry.imports import ImportRecords

        return ImportRecords(self.lake.engine)

    @room
    def imports(self) -> Imports:
        """Imports under way and past."""
        from trailmere.ingest.imports import Imports, Locations

        locations = Locations.of_settings(self.settings.import_folders, self.settings.import_buckets)
        return Imports(self.lake, self.import_records, self.lifecycle.use, locations, limits=self.ingest_limits)

    @room
    def insights(self) -> Insights:
        """What is unusual in stores."""
        from trailmere.insights.run import Insights
        from trailmere.registry.insights import InsightRecords

        return Insights(self.lake, InsightRecords(self.lake.engine), self.lifecycle.use, self.queries, self.pusher)

    @room
    def audit(self) -> AuditTrail:
        """The journal of the calls that a server answers; its thread takes them into a store of their own."""
        from trailmere.ingest.audit import AuditTrail

        folder, seconds = self.settings.lake / "journal", self.settings.audit_seconds
        return AuditTrail(folder, self.pusher, self._activity_store, seconds=seconds)

    def _activity_store(self) -> EventDataStore:
        """The store of our own calls, made when it is first needed; of the lake's own account, whoever else has one of
        that name. It takes all of them in: selectors that somebody gave it must not blind whoever asks who it was.

        Raises InactiveStore, InvalidStoreStatus: what was noted waits until it is restored, or its ingestion started.
        """
        from trailmere.errors import StoreAlreadyExists
        from trailmere.events.selector_templates import everything_of
        from trailmere.lake.lifecycle import StoreLifecycle
        from trailmere.registry.records import BillingMode, Operation

        here = self.stores_in(self.settings.account_id, self.settings.region)
        lifecycle = StoreLifecycle(here, self.lake)
        if here.find(ACTIVITY_STORE) is None:
            with contextlib.suppress(StoreAlreadyExists):  # another server was quicker
                lifecycle.create(ACTIVITY_STORE, billing_mode=BillingMode.FIXED_RETENTION_PRICING)
        store = lifecycle.use(ACTIVITY_STORE, Operation.INGEST)
        return replace(store, selectors=everything_of(store.family))

    def cage(self) -> tuple[Measure, ...]:
        """What keeps queries in: told by a worker of the engine where it is open, else by one that is started for it.

        Raises EngineError where no worker can be started at all.
        """
        from trailmere.query.cage import cage_report

        if "engine" in vars(self):
            return self.engine.measures()
        return cage_report(self.settings.query_memory_bytes, self.settings.query_threads)

    def maintain(
        self, store: EventDataStore, *, dry_run: bool = False, show: Callable[[MaintenanceProgress], None]
    ) -> Maintained:
        """Do for a store what is due, by its retention and the settings.

        Raises LakeDamaged where the record of the store, and with it the retention, is not as it was written; else the
        errors of ``Lake.maintain``.
        """
        from datetime import UTC, datetime, timedelta

        from trailmere.lake.records import MaintenancePolicy

        policy = MaintenancePolicy(
            cutoff=datetime.now(UTC) - timedelta(days=self.stores.sound(store.id).retention_days),
            snapshot_days=self.settings.maintain_snapshot_days,
            rest_hours=self.settings.maintain_rest_hours,
            memory_bytes=self.settings.maintain_memory_bytes,
        )
        return self.lake.maintain(store.id, policy, dry_run=dry_run, show=show)

    def resume(self) -> None:
        """Go on with what a server that went away has left: queries, imports, trails, Insights and dashboards."""
        self.jobs.resume()
        self.imports.resume()
        self.trail_follower.resume()
        self.insights.resume()
        self.dashboard_keeper.resume()

    def close(self) -> None:
        """Let go of workers, locks and connections; only of what was opened."""
        for room in (
            "dashboard_keeper",
            "insights",
            "trail_follower",
            "imports",
            "jobs",
            "audit",
            "tending",
            "engine",
            "lake",
        ):
            if room in self.__dict__:
                self.__dict__[room].close()


class StoreCatalog:
    """The registry as the SQL catalog sees it: names, ids and ARNs that a statement may read from."""

    def __init__(self, stores: StoreRegistry) -> None:
        self._stores = stores

    def find(self, name: str) -> StoreEntry | None:
        """The store of this name, bare id or ARN, or None. Raises InactiveStore when it is pending deletion."""
        from trailmere.registry.records import Operation, status_after

        found = self._stores.find(name)
        if found is None:
            return None
        status_after(found, Operation.QUERY)
        return entry_of(found)

    def names(self) -> tuple[str, ...]:
        """All names, for suggestions."""
        return tuple(self._stores.names())


def entry_of(store: EventDataStore) -> StoreEntry:
    """A store as the SQL catalog shows it."""
    from trailmere.query.records import StoreEntry

    return StoreEntry(id=store.id, name=store.name, arn=store.arn, family=store.family)


def build(settings: Settings) -> App:
    """The application over the lake that the settings name."""
    return App(settings)
