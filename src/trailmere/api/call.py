"""One call of an operation: who asks for what, and the questions that every operation has about it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from trailmere.access.evaluate import EVERYTHING, Question
from trailmere.errors import InvalidStoreArn, OrganizationsNotInUse, StoreNotFound
from trailmere.registry.records import partition

if TYPE_CHECKING:
    from trailmere.access.records import Identity
    from trailmere.api.model import Operation
    from trailmere.app import App
    from trailmere.errors import TrailmereError
    from trailmere.registry.records import EventDataStore

Context = Mapping[str, tuple[str, ...]]


class Resource(Protocol):
    """What has an ARN."""

    @property
    def region(self) -> str:
        """Where it is."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags."""


Found = TypeVar("Found", bound=Resource)

_ID = re.compile(r"[0-9A-Za-z-]{3,64}")
_ARN = re.compile(r"arn:(aws[a-z-]*):cloudtrail:([a-z0-9-]+):(\d{12}):eventdatastore/([0-9A-Za-z-]{3,64})")


@dataclass(frozen=True, slots=True)
class Call:
    """A signed call whose input is checked. ``input`` has the members that were given, times as UTC datetimes.

    ``account_id`` and ``region`` are where it acts: the caller's account, the Region of the signature.
    """

    operation: Operation
    input: Mapping[str, Any]
    identity: Identity
    region: str
    app: App
    request_id: str
    source_address: str
    user_agent: str
    secure: bool  # came over TLS
    when: datetime
    resources: list[str] = field(default_factory=list)  # ARNs that permission was asked for

    @property
    def account_id(self) -> str:
        """The account of whoever asks."""
        return self.identity.account_id

    def arn(self, resource: str, *, account_id: str | None = None) -> str:
        """The ARN of ``TYPE/NAME`` in the Region of the call."""
        return f"arn:{partition(self.region)}:cloudtrail:{self.region}:{account_id or self.account_id}:{resource}"

    def allow(self, resource: str = EVERYTHING, action: str | None = None, context: Context | None = None) -> None:
        """Raise AccessDenied unless the caller may do ``action`` (default: this operation) to the ARN ``resource``.

        ``context`` adds condition keys, in lower case: ``{"aws:resourcetag/team": ("ir",)}``.
        """
        self.app.access.check(self._question(resource, action, context))

    def may(self, resource: str = EVERYTHING, action: str | None = None, context: Context | None = None) -> bool:
        """Whether ``allow`` lets it pass."""
        return self.app.access.may(self._question(resource, action, context))

    def context(self) -> dict[str, tuple[str, ...]]:
        """The condition keys that every call tells."""
        return {
            "aws:sourceip": (self.source_address,),
            "aws:currenttime": (self.when.strftime("%Y-%m-%dT%H:%M:%SZ"),),
            "aws:epochtime": (str(int(self.when.timestamp())),),
            "aws:useragent": (self.user_agent,),
            "aws:requestedregion": (self.region,),
            "aws:securetransport": ("true" if self.secure else "false",),
        }

    def store(
        self, text: str, action: str | None = None, *, owner: str | None = None, context: Context | None = None
    ) -> EventDataStore:
        """The event data store of this id or ARN, if the caller may do ``action`` (default: this operation) to it.

        ``owner`` is the account of a bare id, where it is not the caller's. Raises InvalidStoreArn, and as ``admit``
        and ``check_organization``.
        """
        arn = self._store_arn(text, owner)
        missing = StoreNotFound(f"there is no event data store {text!r} in {self.region}")
        found = self.admit(arn, self.app.stores.find(arn), missing, action, context)
        self.check_organization(found.organization)
        return found

    def check_organization(self, for_all: bool) -> None:
        """Raise NotManagementAccount or OrganizationsNotInUse where a resource is ``for_all`` of an organisation, and
        the caller has no say there any more. Only operations that declare it ask: those that change something."""
        if not for_all or not self.operation.declares("NotOrganizationMasterAccountException"):
            return
        try:
            self.app.organization.check_may_have_resources(self.account_id)
        except OrganizationsNotInUse:
            if self.operation.declares("OrganizationsNotInUseException"):
                raise

    def admit(
        self,
        arn: str,
        found: Found | None,
        missing: TrailmereError,
        action: str | None = None,
        context: Context | None = None,
    ) -> Found:
        """``found``, which lies at ``arn`` or is None, if the caller may do ``action`` to it.

        Raises AccessDenied, whether there is anything or not; ``missing``, where there is nothing, or what there is
        belongs to another Region, or to another account that does not let us.
        """
        told = {**({} if found is None else tag_context("resource", found.tags)), **(context or {})}
        if arn.split(":")[4] == self.account_id:
            self.allow(arn, action, told)
        elif not self.may(arn, action, told):
            raise missing
        if found is None or found.region != self.region:
            raise missing
        return found

    def _store_arn(self, text: str, owner: str | None) -> str:
        if _ARN.fullmatch(text):
            return text.lower()  # found in any case, so that policies are asked about the one that they name
        if not _ID.fullmatch(text):
            raise InvalidStoreArn(f"expected the id or the ARN of an event data store, got {text!r}")
        return self.arn(f"eventdatastore/{text.lower()}", account_id=owner)

    def _question(self, resource: str, action: str | None, context: Context | None) -> Question:
        if resource != EVERYTHING and resource not in self.resources:
            self.resources.append(resource)
        return Question(self.identity, action or self.operation.action, resource, {**self.context(), **(context or {})})


def tag_context(kind: str, tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The condition keys of tags: ``kind`` is ``resource`` (it has them) or ``request`` (the call brings them)."""
    keys = {"aws:tagkeys": tuple(tags)} if kind == "request" and tags else {}
    return keys | {f"aws:{kind}tag/{key.lower()}": (value,) for key, value in tags.items()}


def tags_of(given: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """``TagsList`` of an input as a mapping; the last of two tags with one key counts."""
    return {tag["Key"]: tag.get("Value", "") for tag in given}
