"""Identities in an empty database, and a clock that stands still until it is moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.registry.helpers import ACCOUNT, Clock
from trailmere.access.identities import Identities
from trailmere.registry.database import open_database, sqlite_url
from trailmere.registry.secretbox import SecretBox

if TYPE_CHECKING:
    from pathlib import Path

ALLOW_ALL = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
TRUST_ACCOUNT = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
    f'"Principal": {{"AWS": "arn:aws:iam::{ACCOUNT}:root"}}, "Action": "sts:AssumeRole"}}]}}'
)


def some_identities(folder: Path, clock: Clock | None = None, url: str | None = None) -> Identities:
    """The identities of a lake in ``folder``, whose home is ACCOUNT."""
    engine = open_database(url or sqlite_url(folder))
    return Identities(engine, SecretBox.open(folder / "keys"), home=ACCOUNT, clock=clock or Clock())
