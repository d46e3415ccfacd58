"""The SQL page names every function that there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.query.questions import NOW, Shelf, ask_for
from trailmere.query.dialect import FUNCTIONS, MACROS, PASSES, Draft, Limits, compile

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "sql.md").read_text(encoding="utf-8")


def test_the_page_names_every_function_and_no_other() -> None:
    listed = set(re.findall(r"`(\w+)`", PAGE.split("## Functions")[1]))

    assert listed == set(FUNCTIONS)


@pytest.mark.parametrize("statement", re.findall(r"^SELECT .*", PAGE, re.MULTILINE))
def test_the_examples_of_the_page_are_read(statement: str) -> None:
    own = re.sub(r"1994bee2-d4a0-460e-8c07-1b5ee04765d8", Shelf.stores[0].id, statement)

    assert ask_for(own.replace("my-organisation", "second-trail")).tables


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    limits = Limits()

    assert f"Nesting of {limits.nesting} brackets" in PAGE
    assert f"lists of {limits.list_items:,} items" in PAGE
    assert f"mentioned {limits.mentions} times" in PAGE
    assert f"{limits.grouping_sets:,} grouping sets" in PAGE
    assert f"{limits.characters:,} characters" in PAGE


def test_the_passes_are_what_compile_runs() -> None:
    draft = Draft("SELECT eventName FROM trail", Shelf(), NOW, Limits())
    for step in PASSES:
        draft = step(draft)

    assert draft.query is not None
    assert compile(draft.sql, draft.catalog, now=NOW).sql == draft.query.sql


def test_every_macro_is_the_dialects_own() -> None:
    assert all(re.match(r"CREATE OR REPLACE MACRO lake_\w+\(", macro) for macro in MACROS)
