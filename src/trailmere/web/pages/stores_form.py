"""A new store, and one that is changed: name, what to keep, for how long, and the rest of what AWS lets one say.

The builder and the JSON of its selectors (``stores_builder``) are kept equal here, by round trips: a script only makes
them without loading the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from trailmere import errors
from trailmere.api.errors import Fault
from trailmere.events.selector_templates import TEMPLATES
from trailmere.events.selector_values import DATA_EVENT_RESOURCE_TYPES, NETWORK_ACTIVITY_EVENT_SOURCES
from trailmere.events.selector_wording import category_name, sentences
from trailmere.events.selectors import MAXIMUM_SELECTORS
from trailmere.registry.bounds import CAN_BEGIN_STOPPED, RETENTION
from trailmere.registry.records import BillingMode, partition
from trailmere.web.pages import stores_builder as builder
from trailmere.web.pages.stores_change import REFUSED, is_denied, said
from trailmere.web.pages.stores_read import record_of
from trailmere.web.pages.stores_whatif import DAYS, WhatIf, look, wanted_days
from trailmere.web.visit import Answer, Page, Redirect, Visit

if TYPE_CHECKING:
    from trailmere.registry.records import EventDataStore

USUAL_TEMPLATE = "management-events"
OF_CHANNELS = "activity-audit-log"  # the template of stores that channels lead into, which have to be of one Region
# our error -> the field of the form that it is about
_FIELDS: tuple[tuple[type[Exception], str], ...] = (
    (errors.InvalidEventSelectors, "selectors"),
    (errors.InvalidInsightSelectors, "selectors"),
    (errors.InvalidKmsKey, "kms"),
    (errors.InvalidTags, "tags"),
    (errors.StoreAlreadyExists, "name"),
    (errors.OrganizationsNotInUse, "organization"),
    (errors.NotManagementAccount, "organization"),
)
_WORDS = (("retention", "retention"), ("billing mode", "billing"), ("KMS key", "kms"), ("a name of", "name"))


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form."""

    draft: builder.Draft
    name: str = ""
    retention: str = ""
    billing: str = BillingMode.EXTENDABLE_RETENTION_PRICING
    kms: str = ""
    tags: str = ""
    multi_region: bool = True
    organization: bool = False
    protection: bool = True
    start: bool = True
    history: str = ""
    days: str = ""
    template: str = ""
    template_values: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


def new(visit: Visit) -> Page:
    """An empty form, or one that a link filled in."""
    visit.allow("cloudtrail:CreateEventDataStore", _any_store(visit))
    name = visit.arg("template") if visit.arg("template") in TEMPLATES else USUAL_TEMPLATE
    typed = Typed(
        builder.of_template(name, ""), name=visit.arg("name"), template=name, multi_region=name != OF_CHANNELS
    )
    return _page(visit, typed, None)


def create(visit: Visit) -> Answer:
    """A new store; or a step of filling in the form."""
    visit.allow("cloudtrail:CreateEventDataStore", _any_store(visit))
    return _sent(visit, None)


def edit(visit: Visit) -> Page:
    """The form with what the store is."""
    store = _store(visit)
    return _page(visit, _of_store(store), store)


def update(visit: Visit) -> Answer:
    """The store changed; or a step of filling in the form."""
    return _sent(visit, _store(visit))


def _sent(visit: Visit, store: EventDataStore | None) -> Answer:
    action = visit.field("do")
    typed = _stepped(_of_form(visit), action)
    if action == "what-if":
        found = look(visit, typed.draft.read, typed.history, typed.days) if typed.draft.read else None
        if visit.is_part:
            return Page("stores_whatif_part.html", {"whatif": found, "draft": typed.draft})
        return _page(visit, typed, store, whatif=found)
    if action != "save":
        return _page(visit, typed, store)
    try:
        _check(typed)
        return _saved(visit, typed, store)
    except REFUSED as error:
        if is_denied(error):
            raise
        wrong = said(error)
        told = " ".join(filter(None, (wrong["message"], wrong["hint"])))
        return _page(visit, replace(typed, errors={_field_of(error): told}), store, status=400)


def _saved(visit: Visit, typed: Typed, store: EventDataStore | None) -> Redirect:
    if store is None:
        made = visit.perform("CreateEventDataStore", **_members(typed))
        place = f"/stores/{made['EventDataStoreArn'].rpartition('/')[2]}"
        return Redirect(visit.link(place), said=f"{made['Name']} was created.")
    before = _members(_of_store(store))
    after = {name: value for name, value in _members(typed).items() if value != before.get(name)}
    after.pop("TagsList", None)
    after.pop("StartIngestion", None)
    visit.perform("UpdateEventDataStore", EventDataStore=store.arn, **after)
    words = "was changed. New selectors count for what is ingested from now on." if after else "is as it was."
    return Redirect(visit.link(f"/stores/{store.id}"), said=f"{typed.name} {words}")


def _check(typed: Typed) -> None:
    """Raise InvalidEventSelectors or InvalidParameter for what would be refused without its place being told."""
    if typed.draft.wrong is not None:
        raise errors.InvalidEventSelectors(typed.draft.wrong.message, hint=typed.draft.wrong.hint or None)
    if typed.retention and not (typed.retention.isascii() and typed.retention.isdecimal()):
        raise errors.InvalidParameter(f"expected a retention in whole days, got {typed.retention[:40]!r}")
    for line in _lines(typed.tags):
        if not line.partition("=")[0].strip():
            raise errors.InvalidTags(f"expected a tag as KEY=VALUE, got {line[:80]!r}")


def _members(typed: Typed) -> dict[str, Any]:
    """What is typed, as members of CreateEventDataStore."""
    tags = [_tag(line) for line in _lines(typed.tags)]
    members = {
        "Name": typed.name,
        "AdvancedEventSelectors": typed.draft.members,
        "MultiRegionEnabled": typed.multi_region,
        "OrganizationEnabled": typed.organization,
        "RetentionPeriod": int(typed.retention) if typed.retention else None,
        "TerminationProtectionEnabled": typed.protection,
        "BillingMode": typed.billing,
        "KmsKeyId": typed.kms or None,
        "TagsList": tags or None,
        "StartIngestion": None if typed.start else False,
    }
    return {name: value for name, value in members.items() if value is not None}


def _tag(line: str) -> dict[str, str]:
    key, _, value = (part.strip() for part in line.partition("="))
    return {"Key": key, "Value": value} if value else {"Key": key}


def _stepped(typed: Typed, action: str) -> Typed:
    """What is typed after a button of the builder or of the templates."""
    if action == "template":
        try:
            draft = builder.of_template(typed.template, typed.template_values)
            return replace(typed, draft=draft, multi_region=typed.multi_region and typed.template != OF_CHANNELS)
        except errors.InvalidEventSelectors as error:
            return replace(typed, errors={"template": " ".join(filter(None, (error.message, error.hint)))})
    return replace(typed, draft=builder.changed(typed.draft, action))


def _of_form(visit: Visit) -> Typed:
    return Typed(
        builder.of_form(visit.form),
        name=visit.field("name").strip(),
        retention=visit.field("retention").strip(),
        billing=visit.field("billing", BillingMode.EXTENDABLE_RETENTION_PRICING),
        kms=visit.field("kms").strip(),
        tags=visit.field("tags").replace("\r\n", "\n"),
        multi_region=visit.field("multi_region") == "on",
        organization=visit.field("organization") == "on",
        protection=visit.field("protection") == "on",
        start=visit.field("start") == "on",
        history=visit.field("history"),
        days=visit.field("days"),
        template=visit.field("template"),
        template_values=visit.field("template_values"),
    )


def _of_store(store: EventDataStore) -> Typed:
    return Typed(
        builder.of_selectors(store.selectors),
        name=store.name,
        retention=str(store.retention_days),
        billing=store.billing_mode,
        kms=store.kms_key or "",
        multi_region=store.multi_region,
        organization=store.organization,
        protection=store.termination_protection,
        history=store.id,
    )


def _store(visit: Visit) -> EventDataStore:
    told = visit.perform("GetEventDataStore", EventDataStore=visit.values["id"])
    store = record_of(visit, told["EventDataStoreArn"])
    visit.allow("cloudtrail:UpdateEventDataStore", store.arn)
    return store


def _page(
    visit: Visit, typed: Typed, store: EventDataStore | None, *, whatif: WhatIf | None = None, status: int = 200
) -> Page:
    context = {
        "typed": typed,
        "draft": typed.draft,
        "store": store,
        "whatif": whatif,
        "sentences": sentences(typed.draft.read),
        "unchanged": store is not None and typed.draft.read == store.selectors,
        "stores": visit.stores(),
        "templates": [one for one in TEMPLATES.values() if one.name != "default"],
        "categories": [(one, category_name(one)) for one in builder.CATEGORIES],
        "most": MAXIMUM_SELECTORS,
        "retention": RETENTION,
        "can_begin_stopped": CAN_BEGIN_STOPPED,
        "days": DAYS,
        "wanted_days": wanted_days(typed.days),
        "lists": {
            "resource-types": sorted(DATA_EVENT_RESOURCE_TYPES),
            "network-sources": sorted(NETWORK_ACTIVITY_EVENT_SOURCES),
            "event-sources": builder.EVENT_SOURCES,
            "event-types": builder.EVENT_TYPES,
        },
    }
    return Page("stores_selectors.html" if visit.is_part else "stores_form.html", context, status)


def _field_of(error: Exception) -> str:
    """The field that an error is about, "" for the whole form."""
    cause = error.__cause__ if isinstance(error, Fault) and error.__cause__ is not None else error
    for kind, name in _FIELDS:
        if isinstance(cause, kind):
            return name
    message = getattr(error, "message", "")
    members = {"'name'": "name", "'retentionPeriod'": "retention", "'kmsKeyId'": "kms", "'tagsList": "tags"}
    found = next((name for member, name in members.items() if f"at {member}" in message), None)
    return found or next((name for words, name in _WORDS if words in message), "")


def _any_store(visit: Visit) -> str:
    return f"arn:{partition(visit.region)}:cloudtrail:{visit.region}:{visit.account_id}:eventdatastore/*"


def _lines(text: str) -> Sequence[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


ROUTES = (
    ("GET", "/stores/new", new),
    ("POST", "/stores/new", create),
    ("GET", "/stores/{id}/edit", edit),
    ("POST", "/stores/{id}/edit", update),
)
