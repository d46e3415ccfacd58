"""The declared columns are consistent: what is derived from them can rely on it."""

from __future__ import annotations

import pytest

from trailmere.events.columns import COLUMNS, FAMILIES, leaves
from trailmere.events.types import Array, Map, Row, Scalar

# CloudTrail user guide, "Supported SQL schemas for event data stores": the 34 columns of CloudTrail events.
DOCUMENTED = [
    "eventversion",
    "useridentity",
    "eventtime",
    "eventsource",
    "eventname",
    "awsregion",
    "sourceipaddress",
    "useragent",
    "errorcode",
    "errormessage",
    "requestparameters",
    "responseelements",
    "additionaleventdata",
    "requestid",
    "eventid",
    "readonly",
    "resources",
    "eventtype",
    "apiversion",
    "managementevent",
    "recipientaccountid",
    "sharedeventid",
    "annotation",
    "vpcendpointid",
    "vpcendpointaccountid",
    "serviceeventdetails",
    "addendum",
    "edgedevicedetails",
    "insightdetails",
    "eventcategory",
    "tlsdetails",
    "sessioncredentialfromconsole",
    "eventjson",
    "eventjsonchecksum",
]


def test_every_documented_column_of_cloudtrail_events_is_there_in_the_documented_order() -> None:
    names = [column.name for column in COLUMNS["cloudtrail"] if column.name in DOCUMENTED]

    assert names == DOCUMENTED


@pytest.mark.parametrize("family", COLUMNS)
def test_names_are_lower_case_and_stand_once(family: str) -> None:
    names = [column.name for column in COLUMNS[family]]
    physical = [leaf.name for leaf in leaves(family)]

    assert [name.lower() for name in names] == names
    assert len(set(names)) == len(names)
    assert len(set(physical)) == len(physical)


@pytest.mark.parametrize("family", COLUMNS)
def test_leaves_are_scalars_maps_and_arrays_reached_by_their_path(family: str) -> None:
    for leaf in leaves(family):
        assert isinstance(leaf.type, Scalar | Map | Array)
        assert leaf.name == "__".join(leaf.path)
        assert len(leaf.path) == len(leaf.keys)


@pytest.mark.parametrize("family", COLUMNS)
def test_every_family_has_what_the_lake_relies_on(family: str) -> None:
    names = {leaf.name for leaf in leaves(family)}

    assert {"eventid", "eventtime", "eventjson", "deliveryid", "deliveryordinal", "eventidconflict"} <= names
    assert "eventjsonchecksum" not in names


def test_every_category_belongs_to_a_family() -> None:
    assert set(FAMILIES.values()) == set(COLUMNS)


@pytest.mark.parametrize("family", COLUMNS)
def test_every_column_says_what_it_means(family: str) -> None:
    assert [column.name for column in COLUMNS[family] if not column.meaning.endswith(".")] == []


def test_types_are_written_as_the_sql_dialect_writes_them() -> None:
    types = {column.name: column.type for column in COLUMNS["cloudtrail"]}

    assert str(types["requestparameters"]) == "map(varchar, varchar)"
    assert str(types["resources"]) == "array(row(accountid varchar, type varchar, arn varchar, arnprefix varchar))"
    assert isinstance(types["useridentity"], Row)
