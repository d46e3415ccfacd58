"""What is changed of users and keys, noted as IAM would: what was done, and what was refused.

Source: IAM API reference, "Common Errors" and the errors of CreateUser, DeleteUser and CreateAccessKey.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from trailmere import errors
from trailmere.api.errors import Fault
from trailmere.errors import TrailmereError
from trailmere.web.notes import IAM

if TYPE_CHECKING:
    from trailmere.web.visit import Visit

LIST, MANAGE, SEE = "trailmere:ListIdentities", "trailmere:ManageIdentities", "trailmere:GetHealth"
_CODES: Mapping[type[TrailmereError], str] = {
    errors.AccessDenied: "AccessDenied",
    errors.AuthenticationFailed: "AccessDenied",
    errors.IdentityAlreadyExists: "EntityAlreadyExists",
    errors.IdentityNotFound: "NoSuchEntity",
    errors.IdentityInUse: "DeleteConflict",
    errors.IdentityLimitExceeded: "LimitExceeded",
}
Done = TypeVar("Done")


def noted(
    visit: Visit,
    name: str,
    given: Mapping[str, Any],
    do: Callable[[], Done],
    *,
    source: str = IAM,
    answer: Callable[[Done], Mapping[str, Any]] | None = None,
) -> Done:
    """Do it, and note it under its name; what is refused, too. ``answer``: what the note tells of what came of it."""
    try:
        done = do()
    except TrailmereError as error:
        visit.note(source, name, given, Fault(_CODES.get(type(error), "ValidationError"), error.message))
        raise
    visit.note(source, name, given, answer=None if answer is None else answer(done))
    return done


def managing(visit: Visit, do: Callable[[], Done]) -> Callable[[], Done]:
    """The same for whoever may manage identities only."""

    def checked() -> Done:
        visit.allow(MANAGE)
        return do()

    return checked


def policy_arn(visit: Visit, name: str) -> str:
    """The ARN of a managed policy."""
    return f"arn:{visit.person.identity.arn.split(':')[1]}:iam::aws:policy/{name}"
