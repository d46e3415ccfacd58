"""Settings: read once at the door into a frozen dataclass, with units and limits. Nothing below reads the environment.

Order: what the door was given, else the environment (``TRAILMERE_...``), else the default here.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from trailmere.errors import SettingsError

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
LEAST_QUERY_MEMORY_BYTES = 64 * MIB  # the engine needs some before it reads a row
CREATED_ROLES = ("Viewer", "Analyst", "Responder")  # nobody becomes an administrator by signing in


def _means(text: str) -> Mapping[str, str]:
    return {"means": text}


def _secret(text: str) -> Mapping[str, str]:
    return {"means": text, "secret": "yes"}  # no door shows its value


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, each with its meaning; docs/reference/settings.md is generated from here."""

    lake: Path = field(metadata=_means("Folder of the lake: database, warehouse, event index, dead letters."))
    database_url: str | None = field(
        default=None,
        metadata=_means(
            "Database of registry, catalog and ledger: postgresql+psycopg://user@host/name. "
            "Without it, SQLite in the lake's folder."
        ),
    )
    keys: Path | None = field(
        default=None,
        metadata=_means(
            "Folder of the key that the lake's secrets are sealed with. Without it, `keys` in the lake's folder; "
            "better elsewhere, so that no backup holds both."
        ),
    )
    account_id: str = field(default="000000000000", metadata=_means("Account in the ARNs of stores, 12 digits."))
    region: str = field(default="us-east-1", metadata=_means("Region in the ARNs of stores."))
    ingest_workers: int = field(default=2, metadata=_means("Processes that decode and write."))
    ingest_batch_bytes: int = field(
        default=64 * MIB, metadata=_means("Uncompressed bytes that a worker holds at once.")
    )
    ingest_commit_deliveries: int = field(default=4096, metadata=_means("Deliveries in one commit, at most."))
    ingest_commit_seconds: float = field(
        default=30.0, metadata=_means("Age in seconds at which what has been read is committed.")
    )
    max_delivery_bytes: int = field(
        default=512 * MIB, metadata=_means("Size of one delivery, uncompressed; more is a dead letter.")
    )
    max_json_depth: int = field(default=256, metadata=_means("Nesting of a record; more is a dead letter."))
    maintain_snapshot_days: float = field(
        default=7.0,
        metadata=_means(
            "Age in days at which snapshots go; of younger ones the newest 16, then one an hour and a day, stay."
        ),
    )
    maintain_rest_hours: float = field(
        default=24.0,
        metadata=_means("Hours without a new file after which all small files of a day become one."),
    )
    maintain_memory_bytes: int = field(default=GIB, metadata=_means("Memory that maintenance may use, about."))
    import_folders: str = field(
        default="",
        metadata=_means("Folders that logs may be imported from, separated by colons."),
    )
    import_buckets: str = field(
        default="",
        metadata=_means("S3 buckets that logs may be imported from: name, ... Without it, any that can be read."),
    )
    audit_seconds: float = field(
        default=5.0,
        metadata=_means("Seconds after which the server's own calls are in the store trailmere-activity, at most."),
    )
    serve_body_bytes: int = field(default=4 * MIB, metadata=_means("Size of a call to the server."))
    serve_client_seconds: float = field(
        default=30.0, metadata=_means("Time a client has to send a call, and may take to read on.")
    )
    serve_idle_seconds: int = field(
        default=60, metadata=_means("Time after which a connection without a call is closed.")
    )
    serve_shutdown_seconds: int = field(
        default=30, metadata=_means("Time that running calls have to end when the server is told to.")
    )
    serve_connections: int = field(default=1000, metadata=_means("Connections to the server at once."))
    serve_threads: int = field(default=64, metadata=_means("Calls that the server works on at once."))
    serve_waiting: int = field(
        default=256, metadata=_means("Calls that may wait for one of these; more are throttled.")
    )
    query_seconds: float = field(default=600.0, metadata=_means("Time a query may take."))
    query_memory_bytes: int = field(default=4 * GIB, metadata=_means("Memory a query may use."))
    query_threads: int = field(default=2, metadata=_means("Threads a query may use."))
    query_rows: int = field(default=1000, metadata=_means("Rows that are given unless asked otherwise; 0: all."))
    query_scan_bytes: int = field(
        default=0, metadata=_means("Bytes of the files that a query may have to read; 0: no limit.")
    )
    query_answer_bytes: int = field(
        default=0, metadata=_means("Bytes of an answer, as Arrow holds its rows; 0: no limit.")
    )
    query_characters: int = field(
        default=10_000, metadata=_means("Length of a statement in characters; CloudTrail Lake allows 10,000.")
    )
    query_runners: int = field(default=4, metadata=_means("Queries of API clients that a server runs at once."))
    query_concurrent: int = field(
        default=10, metadata=_means("Queries that an account may have at once, those that wait included.")
    )
    query_results_days: float = field(
        default=7.0, metadata=_means("Age in days at which queries of API clients and their answers go; 0: never.")
    )
    delivery_folders: str = field(
        default="",
        metadata=_means(
            "Folders that answers are delivered to, each under the bucket name that clients use: name=/folder, ..."
        ),
    )
    delivery_buckets: str = field(
        default="",
        metadata=_means("S3 buckets that answers may be delivered to: name, ... Without it, any that can be written."),
    )
    delivery_file_bytes: int = field(
        default=GIB, metadata=_means("Compressed size at which another file of a delivered answer is begun.")
    )
    oidc_issuer: str = field(
        default="",
        metadata=_means(
            "OpenID provider that people may sign in to the console by: the https address that its discovery document "
            "names as issuer. Without it, there is none. Needs the extra `oidc`."
        ),
    )
    oidc_name: str = field(
        default="", metadata=_means("What the sign-in page calls the provider. Without it, its host.")
    )
    oidc_client_id: str = field(default="", metadata=_means("What the provider calls this console."))
    oidc_client_secret: str = field(
        default="",
        repr=False,
        metadata=_secret("Secret that the provider gave this console. Without one, PKCE alone protects the code."),
    )
    oidc_client_secret_file: Path | None = field(
        default=None, metadata=_means("File that holds the secret, in its place.")
    )
    oidc_redirect_url: str = field(
        default="",
        metadata=_means(
            "Where the provider sends people back to: https://HOST/console/sign-in/oidc. Without it, at the address "
            "that the browser used."
        ),
    )
    oidc_scopes: str = field(default="openid profile email", metadata=_means("What the provider is asked for."))
    oidc_claim: str = field(
        default="preferred_username",
        metadata=_means("Claim of the ID token that is the name of the user here. An email has to be a verified one."),
    )
    oidc_account: str = field(
        default="", metadata=_means("Account whose users may sign in by the provider. Without it, the lake's.")
    )
    oidc_users: str = field(
        default="",
        metadata=_means("Names that may sign in by the provider, with * and ?: *@example.com, ... Without it, all."),
    )
    oidc_create_role: str = field(
        default="",
        metadata=_means(
            "Role of users who are made when they first sign in: Viewer, Analyst or Responder. Without it, only users "
            "whom an administrator has made may sign in."
        ),
    )


def load(environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Settings from what the door was given (None counts as not given) and the environment.

    Raises SettingsError that names the variable, what was expected and what came.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        if given.get(setting.name) is not None:
            values[setting.name] = given[setting.name]
            continue
        variable = f"TRAILMERE_{setting.name.upper()}"
        if environ.get(variable):
            values[setting.name] = _parse(variable, str(setting.type), environ[variable])
    values.setdefault("lake", default_lake())
    for name in ("lake", "keys", "oidc_client_secret_file"):
        if name in values:
            values[name] = Path(values[name]).expanduser().resolve()
    settings = Settings(**values)
    _check(settings)
    return settings


def origin(settings: Settings, name: str, environ: Mapping[str, str] | None = None) -> str:
    """Where the value of a setting came from: the variable that holds it, "default", or "option" of the command."""
    environ = os.environ if environ is None else environ
    setting = next(one for one in fields(Settings) if one.name == name)
    variable, value = f"TRAILMERE_{name.upper()}", getattr(settings, name)
    if environ.get(variable):
        given = _parse(variable, str(setting.type), environ[variable])
        if value == (Path(given).expanduser().resolve() if isinstance(value, Path) else given):
            return variable
    return "default" if value == (default_lake() if name == "lake" else setting.default) else "option"


def default_lake() -> Path:
    """The folder of the lake when nobody says: in the user's data directory."""
    from platformdirs import user_data_path

    return user_data_path("trailmere") / "lake"


def _parse(variable: str, type_name: str, text: str) -> Any:
    kinds = {"int": int, "float": float, "Path": Path}
    try:
        return kinds.get(type_name, str)(text)
    except ValueError:
        raise SettingsError(f"{variable}: expected a number ({type_name}), got {text!r}") from None


def _check(settings: Settings) -> None:
    for setting in fields(Settings):
        value = getattr(settings, setting.name)
        if isinstance(value, int | float) and value < 0:
            raise SettingsError(f"{setting.name}: expected zero or more, got {value}")
    for name in (
        "ingest_workers",
        "query_threads",
        "ingest_batch_bytes",
        "max_delivery_bytes",
        "max_json_depth",
        "query_runners",
        "query_concurrent",
        "serve_body_bytes",
        "serve_connections",
        "serve_threads",
    ):
        if getattr(settings, name) < 1:
            raise SettingsError(f"{name}: expected one or more, got {getattr(settings, name)}")
    for name in ("query_seconds", "serve_client_seconds", "audit_seconds"):
        if getattr(settings, name) == 0:
            raise SettingsError(f"{name}: expected more than zero, got 0")
    if settings.query_memory_bytes < LEAST_QUERY_MEMORY_BYTES:
        least = f"{LEAST_QUERY_MEMORY_BYTES:,} bytes (64 MiB)"
        raise SettingsError(f"query_memory_bytes: expected at least {least}, got {settings.query_memory_bytes:,}")
    if not (settings.account_id.isdigit() and len(settings.account_id) == 12):
        raise SettingsError(f"account_id: expected 12 digits, got {settings.account_id!r}")
    if settings.oidc_issuer:
        _check_oidc(settings)


def is_private(url: str) -> bool:
    """Whether nobody on the way reads what goes to an http or https address: TLS, or this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and local))


def _check_oidc(settings: Settings) -> None:
    for name in ("oidc_issuer", "oidc_redirect_url"):
        value = getattr(settings, name)
        if value and not is_private(value):
            raise SettingsError(f"{name}: expected an https address, got {value!r}")
    if not settings.oidc_client_id:
        raise SettingsError("oidc_client_id: expected what the provider of oidc_issuer calls this console, got nothing")
    if settings.oidc_client_secret and settings.oidc_client_secret_file:
        raise SettingsError("oidc_client_secret, oidc_client_secret_file: expected one of them, got both")
    account = settings.oidc_account
    if account and not (account.isdigit() and len(account) == 12):
        raise SettingsError(f"oidc_account: expected 12 digits, got {account!r}")
    if settings.oidc_create_role not in ("", *CREATED_ROLES):
        roles = ", ".join(CREATED_ROLES)
        raise SettingsError(f"oidc_create_role: expected one of {roles}, got {settings.oidc_create_role!r}")
