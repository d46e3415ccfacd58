"""Polars' words for a question: its SQL has no maps, so each member that is asked for becomes a column beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from benchmarks import words

if TYPE_CHECKING:
    import polars as pl


def ask(sql: str, files: Sequence[str]) -> list[tuple[Any, ...]]:
    """The rows of the answer over these Parquet files."""
    import polars as pl

    tree = words.read(sql)
    frame = pl.scan_parquet(list(files), hive_partitioning=False)
    frame = frame.with_columns(_take_members_out(tree))
    text = words.spoken(tree, words.POLARS_LEAVES).sql(words.POLARS_LEAVES.dialect)
    rows: list[tuple[Any, ...]] = pl.SQLContext({words.SOURCE: frame}).execute(text, eager=True).rows()
    return rows


def _take_members_out(tree: exp.Expression) -> list[pl.Expr]:
    """Members of maps in the tree become columns ``member_N``; the expressions that compute them."""
    found: list[pl.Expr] = []
    for node in list(tree.find_all(exp.JSONExtractScalar, exp.Bracket)):
        bracket = node.this if isinstance(node, exp.JSONExtractScalar) else node
        if not isinstance(bracket, exp.Bracket) or node.find_ancestor(exp.JSONExtractScalar):
            continue
        name = f"member_{len(found)}"
        found.append(_member(bracket, node).alias(name))
        node.replace(exp.column(name, table=bracket.this.table or None))
    return found


def _member(bracket: exp.Bracket, node: exp.Expression) -> pl.Expr:
    import polars as pl

    entry = pl.element()
    named = entry.filter(entry.struct.field("key") == bracket.expressions[0].name)
    value = pl.col(bracket.this.name.lower()).list.eval(named.struct.field("value")).list.first()
    if isinstance(node, exp.JSONExtractScalar):
        path = "".join(f".{part.name}" for part in node.expression.expressions[1:])
        return value.str.json_path_match(f"${path}")
    return value
