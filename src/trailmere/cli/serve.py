"""``trailmere serve``: the doors of the lake on one port, until told to end.

A thin door itself: it reads options, puts the doors beside each other, and says how to use them.
"""

from __future__ import annotations

import importlib
import ipaddress
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from trailmere.cli.common import LakeOption, open_app, talk
from trailmere.errors import SettingsError

ADMINISTRATOR = "admin"  # whom the first start makes

if TYPE_CHECKING:
    import socket

    from trailmere.access.identities import NewKey
    from trailmere.api.listener import Certificate
    from trailmere.app import App

# Imported before there are threads: while one of them imports SQLAlchemy's ORM, the others would use half of it.
NEEDED_BY_THREADS = "trailmere.lake.append"


def serve(
    *,
    host: Annotated[str, Parameter(help="Name or address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="Port to listen on; 0: any that is free.")] = 4510,
    tls_cert: Annotated[Path | None, Parameter(help="Certificate chain, PEM: serve HTTPS.")] = None,
    tls_key: Annotated[Path | None, Parameter(help="Private key of the certificate, PEM.")] = None,
    insecure: Annotated[
        bool, Parameter(help="Listen without TLS beyond this machine; for networks that encrypt.", negative=())
    ] = False,
    open_browser: Annotated[
        bool, Parameter(name="--open", help="Show the console in this machine's browser.", negative=())
    ] = False,
    lake: LakeOption = None,
) -> None:
    """Answer AWS's clients, and people with a browser, on one port: CloudTrail, CloudTrail Data, some of STS; /console.

    The first start makes an administrator, with an access key and a link to choose a password, and says how to use
    them. A signal ends it: calls that run are finished first.
    """
    from trailmere.api.listener import Certificate, address_of, bind

    _check_exposure(host, encrypted=tls_cert is not None, insecure=insecure)
    _log_to_stderr()
    with open_app(lake) as app:
        bound = bind(host, port)
        address = address_of(bound, secure=tls_cert is not None)
        key = app.identities.first_administrator()
        if key is not None:
            _introduce(key, address, app.settings.region)
        page = _welcome(app, address)
        certificate = None if tls_cert is None else Certificate(tls_cert, tls_key)
        left = _serve(app, bound, certificate, address, page if open_browser else None)
    if left:
        talk().print(f"{left} calls were still running and are cut off")
        os._exit(1)  # their threads would keep the process


def _serve(app: App, bound: socket.socket, certificate: Certificate | None, address: str, page: str | None) -> int:
    """Serve until the end; gives the number of calls that would not end. ``page`` is shown in a browser."""
    from trailmere.api.dispatch import Dispatcher
    from trailmere.api.listener import Listener, Patience, signals_end
    from trailmere.api.server import AwsDoor, ServeLimits
    from trailmere.connect.doors import Doors
    from trailmere.web.door import ConsoleDoor

    importlib.import_module(NEEDED_BY_THREADS)

    door = AwsDoor(Dispatcher(app), app.stores.names, ServeLimits.of(app.settings))
    patience = Patience.of(app.settings)
    others = Doors(app)
    console = ConsoleDoor(app)
    application = door.application([*console.mounts(), *others.mounts()])
    listener = Listener(application, bound, patience, certificate=certificate, tell=lambda: _tell(address, page))
    app.resume()
    with signals_end(listener):
        listener.listen()
        door.close()
        console.close()
        others.close()
    return door.taken_on


def _check_exposure(host: str, *, encrypted: bool, insecure: bool) -> None:
    if encrypted or insecure or _is_loopback(host):
        return
    raise SettingsError(
        f"expected TLS for {host}, which others than this machine can reach: without it answers can be read on their "
        "way, and signed calls can be repeated",
        hint="give --tls-cert and --tls-key; or --insecure, where the network or a proxy encrypts",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _introduce(key: NewKey, address: str, region: str) -> None:
    """The first administrator's key and how to use it: shown now and never again."""
    lines = (
        f"this is the access key of {key.user.name}, an administrator; its secret is shown this once:",
        f"  export AWS_ACCESS_KEY_ID={key.access_key_id}",
        f"  export AWS_SECRET_ACCESS_KEY={key.secret_access_key}",
        f"  export AWS_REGION={region}",
        f"  export AWS_DEFAULT_REGION={region}",  # boto3 and version 1 of the AWS CLI read this one only
        *(f"  export AWS_ENDPOINT_URL_{service}={address}" for service in ("CLOUDTRAIL", "CLOUDTRAIL_DATA", "STS")),
        "then, for example: aws cloudtrail list-event-data-stores",
    )
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


def _welcome(app: App, address: str) -> str:
    """The page to begin with. While nobody can sign in, it is a link by which an administrator chooses a password."""
    administrators = [user for user in app.identities.users(app.settings.account_id) if user.name == ADMINISTRATOR]
    if app.console.can_sign_in() or not administrators:
        return f"{address}/console"
    page = f"{address}/console/welcome#{app.console.welcome(administrators[0])}"
    sys.stderr.write(f"to choose the password of {ADMINISTRATOR} for the console, once, within a day:\n  {page}\n")
    sys.stderr.flush()
    return page


def _tell(address: str, page: str | None) -> None:
    sys.stdout.write(f"listening on {address}\n")
    sys.stdout.flush()
    if page is not None:
        import webbrowser

        webbrowser.open(page)


def _log_to_stderr() -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("trailmere").setLevel(logging.INFO)
