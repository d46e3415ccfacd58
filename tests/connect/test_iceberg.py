"""PyIceberg's REST catalog against the server; DuckDB's, where another environment has its extension."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import requests
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import NoSuchTableError, OAuthError, RESTError
from pyiceberg.schema import Schema

from tests.clients.serving import CLIENTS
from tests.connect.conftest import EVENTS
from tests.connect.serving import SCHEMA
from tests.walks.door import opened
from trailmere.connect.iceberg import Leases

if TYPE_CHECKING:
    from tests.connect.serving import Served

DUCKDB = CLIENTS / "duckdb-iceberg" / "bin" / "python"
SCRIPT = """
import sys, duckdb
from duckdb_extensions import import_extension
for name in ("avro", "iceberg", "httpfs"):
    import_extension(name)
connection = duckdb.connect()
for name in ("avro", "iceberg", "httpfs"):
    connection.load_extension(name)
url, id, secret, certificate = sys.argv[1:]
connection.execute("SET ca_cert_file = ?", [certificate])
given = f"CLIENT_ID '{id}', CLIENT_SECRET '{secret}', OAUTH2_SERVER_URI '{url}/v1/oauth/tokens'"
connection.execute(f"CREATE SECRET (TYPE iceberg, {given})")
connection.execute(f"ATTACH 'trailmere' AS lake (TYPE iceberg, ENDPOINT '{url}')")
print(connection.execute("SELECT count(*), min(eventid) FROM lake.SCHEMA.trail").fetchall())
"""


def catalog(server: Served, **more: Any) -> RestCatalog:
    """PyIceberg's catalog over the server, by the administrator's key unless ``more`` says otherwise."""
    given = {
        "uri": f"{server.url}/iceberg",
        "credential": f"{server.access_key_id}:{server.secret}",
        "ssl": {"cabundle": str(server.certificate)},
        **more,
    }
    return RestCatalog("lake", **{name: value for name, value in given.items() if value is not None})


def test_all_rows_of_a_store_are_read_as_the_lakes_own_table(server: Served) -> None:
    table = catalog(server).load_table((SCHEMA, "trail"))

    found = table.scan(selected_fields=("eventid", "eventname")).to_arrow()

    asked = server.rows("SELECT eventid, eventname FROM trail")
    assert found.num_rows == EVENTS
    assert sorted(map(tuple, asked)) == sorted((row["eventid"], row["eventname"]) for row in found.to_pylist())


def test_stores_are_listed_under_their_account_and_load_by_id_too(server: Served) -> None:
    lake = catalog(server)

    assert lake.list_namespaces() == [(SCHEMA,)]
    assert lake.list_tables(SCHEMA) == [(SCHEMA, "trail")]
    assert lake.table_exists((SCHEMA, "trail"))
    assert not lake.table_exists((SCHEMA, "nothing"))
    store_id = lake.load_table((SCHEMA, "trail")).location().rstrip("/").rpartition("/")[2]
    assert lake.load_table((SCHEMA, store_id)).name() == (SCHEMA, store_id)


def test_a_table_that_is_not_there_is_said_not_to_be(server: Served) -> None:
    with pytest.raises(NoSuchTableError):
        catalog(server).load_table((SCHEMA, "nothing"))


def test_a_wrong_secret_gets_no_token(server: Served) -> None:
    with pytest.raises(OAuthError, match="invalid_client"):
        catalog(server, credential=f"{server.access_key_id}:wrong")


def test_requests_may_be_signed_as_awss_are(server: Served) -> None:
    signing = {"rest.sigv4-enabled": "true", "rest.signing-region": "us-east-1", "rest.signing-name": "execute-api"}
    keys = {"client.access-key-id": server.access_key_id, "client.secret-access-key": server.secret}

    lake = catalog(server, credential=None, **signing, **keys)

    assert lake.list_tables(SCHEMA) == [(SCHEMA, "trail")]


@pytest.mark.parametrize("path", [f"namespaces/{SCHEMA}/tables", f"namespaces/{SCHEMA}/tables/trail", "namespaces"])
def test_nothing_can_be_written(server: Served, path: str) -> None:
    key = (server.access_key_id, server.secret)

    answer = requests.post(f"{server.url}/iceberg/v1/{path}", json={}, auth=key, verify=str(server.certificate))

    assert answer.status_code == 406
    assert answer.json()["error"]["type"] == "UnsupportedOperationException"


def test_pyiceberg_is_told_before_it_writes(server: Served) -> None:
    with pytest.raises((NotImplementedError, RESTError)):
        catalog(server).create_table((SCHEMA, "mine"), Schema())


def test_a_token_is_good_for_trinos_clients_too(server: Served) -> None:
    import trino

    form = {"grant_type": "client_credentials", "client_id": server.access_key_id, "client_secret": server.secret}
    token = requests.post(f"{server.url}/iceberg/v1/oauth/tokens", data=form, verify=str(server.certificate)).json()

    with server.connect(auth=trino.auth.JWTAuthentication(token["access_token"])) as connection:
        assert connection.cursor().execute("SELECT 1").fetchall() == [[1]]


def test_a_token_dies_with_its_key(server: Served) -> None:
    everything = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    id, secret = server.user("leaver", everything)
    lake = catalog(server, credential=f"{id}:{secret}")
    assert lake.list_tables(SCHEMA) == [(SCHEMA, "trail")]

    with opened(server.lake) as app:
        app.identities.set_key_active(id, False)

    with pytest.raises(RESTError):
        lake.list_tables(SCHEMA)


class Lease:
    """A lease that remembers whether it is held."""

    held = True

    def free(self) -> None:
        self.held = False


def test_a_snapshot_stays_until_its_time_is_over() -> None:
    first, second = Lease(), Lease()
    leases = Leases(seconds=0)

    leases.keep("store", 1, lambda: first)
    leases.keep("store", 2, lambda: second)

    assert (first.held, second.held) == (False, False)


def test_of_too_many_snapshots_the_one_loaded_longest_ago_goes() -> None:
    held = [Lease() for _ in range(3)]
    leases = Leases(most=2)

    for place in (0, 1, 0, 2):
        leases.keep("store", place, lambda place=place: held[place])  # type: ignore[misc]

    assert [lease.held for lease in held] == [True, False, True]


@pytest.mark.extended
@pytest.mark.skipif(not DUCKDB.exists(), reason="make clients installs DuckDB with its iceberg extension")
def test_duckdb_attaches_the_catalog(server: Served) -> None:
    arguments = [f"{server.url}/iceberg", server.access_key_id, server.secret, str(server.certificate)]
    command = [str(DUCKDB), "-c", SCRIPT.replace("SCHEMA", SCHEMA), *arguments]

    done = subprocess.run(command, capture_output=True, text=True, timeout=120)

    assert done.stdout.strip() == f"[({EVENTS}, '00000000-0000-4000-8000-000000000000')]", done.stderr
