"""The FROM clause: stores, WITH entries, subqueries, UNNEST, VALUES, and how they are joined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from rapidfuzz import process
from sqlglot import exp

from trailmere.errors import QueryLimitExceeded
from trailmere.events.types import BIGINT, Array, Map, Row, Type
from trailmere.query.dialect import comparisons
from trailmere.query.dialect.binder import Binder, Output, shown_type
from trailmere.query.dialect.conditions import add_conditions, shared
from trailmere.query.dialect.scope import Relation, Scope, Use, Visible, column_value, note_use, store_columns
from trailmere.query.dialect.types import UNKNOWN
from trailmere.query.dialect.values import Value
from trailmere.query.quoting import identifier, member_of

if TYPE_CHECKING:
    from trailmere.errors import QueryError
    from trailmere.query.records import StoreEntry


@dataclass(frozen=True, slots=True)
class _Item:
    """One item of a FROM clause. ``lateral``: it may use the columns of those before it."""

    sql: str
    relation: Relation
    lateral: bool = False


def write_from(binder: Binder, from_: exp.Expr, joins: Sequence[exp.Expr], scope: Scope) -> str:
    """The clause's engine SQL; the relations are added to the scope."""
    first = _item(binder, from_.this, scope)
    scope.relations.append(first.relation)
    return first.sql + "".join(_join(binder, join, scope) for join in joins)


def _join(binder: Binder, join: exp.Expr, scope: Scope) -> str:
    binder.only(join, {"this", "side", "kind", "on", "using"})
    side, kind = str(join.args.get("side") or "").upper(), str(join.args.get("kind") or "").upper()
    if side not in ("", "LEFT", "RIGHT", "FULL") or kind not in ("", "INNER", "OUTER", "CROSS"):
        raise binder.refuse(join.this, f"{side} {kind} JOIN is not supported".strip())
    item = _item(binder, join.this, scope)
    before = set().union(*(relation.mentions() for relation in scope.relations))
    left = list(scope.relations)
    scope.relations.append(item.relation)
    on, using = join.args.get("on"), join.args.get("using")
    written = f"{'LATERAL ' if item.lateral else ''}{item.sql}"
    if on is None and not using:
        if side or (kind != "CROSS" and _after_join(binder, join)):
            raise binder.fault(join.this, f"{side} JOIN needs ON or USING".strip(), "or write CROSS JOIN")
        return f" CROSS JOIN {written}"
    test = _using(binder, join, left, item.relation, side, scope) if using else _on(binder, cast("exp.Expr", on), scope)
    after = item.relation.mentions()
    sound = {"": before | after, "LEFT": after, "RIGHT": before, "FULL": set[str]()}[side]
    add_conditions(binder, test, sound)
    _mark_nullable(side, left, item.relation)
    return f" {side or 'INNER'} JOIN {written} ON {test.sql}"


def _after_join(binder: Binder, join: exp.Expr) -> bool:
    """Does the word JOIN stand before the item, and no comma? The tree does not tell."""
    line, column = binder.place(join.this)
    before = binder.source.typed_before(line, column) if line and column else ""
    return re.search(r"\bJOIN[\s(\"]*$", before, re.IGNORECASE) is not None


def _on(binder: Binder, on: exp.Expr, scope: Scope) -> Value:
    inner = replace(scope, clause="ON")
    return comparisons.truth(binder, on, binder.bind(on, inner), inner)


def _using(binder: Binder, join: exp.Expr, left: list[Relation], right: Relation, side: str, scope: Scope) -> Value:
    tests = []
    for name_node in join.args["using"]:
        name = name_node.name.lower()
        lefts = [(relation, column) for relation in left for column in relation.find(name)]
        rights = right.find(name)
        if name in scope.merged or len(lefts) != 1 or len(rights) != 1:
            raise binder.fault(name_node, f"USING needs one column {name_node.name} on each side", "write ON a.x = b.x")
        one, other = _used(*lefts[0]), _used(right, rights[0])
        tests.append(comparisons.compare(binder, name_node, "=", one, other))
        both = Value(f"coalesce({one.sql}, {other.sql})", one.type)
        scope.merged[name] = {"RIGHT": other, "FULL": both}.get(side, one)
    return comparisons.conjunction(tests)


def _used(relation: Relation, column: Visible) -> Value:
    value = column_value(relation, column)
    if relation.use:
        note_use(relation.use, column, value)
    return value


def _mark_nullable(side: str, left: list[Relation], right: Relation) -> None:
    if side in ("LEFT", "FULL"):
        right.nullable = True
    if side in ("RIGHT", "FULL"):
        for relation in left:
            relation.nullable = True


def _item(binder: Binder, node: exp.Expr, scope: Scope) -> _Item:
    if isinstance(node, exp.Table):
        return _table(binder, node)
    if isinstance(node, exp.Unnest):
        return _unnest(binder, node, scope)
    if isinstance(node, exp.Lateral):
        binder.only(node, {"this", "alias"})
        return _derived(binder, node.this, node, scope)
    if isinstance(node, exp.Subquery | exp.Values):
        return _derived(binder, node, node, None)
    raise binder.refuse(node, f"{binder.shown(node)} cannot stand in FROM", "FROM takes stores, subqueries and UNNEST")


def _table(binder: Binder, node: exp.Table) -> _Item:
    if not isinstance(node.this, exp.Identifier):
        raise binder.refuse(node, "table functions cannot be used", "FROM takes stores, subqueries and UNNEST")
    binder.only(node, {"this", "db", "catalog", "alias"})
    name = ".".join(part.name for part in node.parts)
    found = binder.common.get(name.lower()) if len(node.parts) == 1 else None
    if found is not None:
        alias = binder.fresh("s")
        outputs = [
            replace(output, name=name) for output, name in zip(found.query.outputs, found.columns, strict=True)
        ] if found.columns else list(found.query.outputs)  # fmt: skip
        columns = _visible(outputs, found.query.transparent)
        if not found.once:
            columns = shared(binder, found.relation, alias, columns)
        relation = _renamed(binder, node, Relation(alias, (name.lower(),), columns))
        return _Item(f"{identifier(found.relation)} AS {identifier(alias)}", relation)
    store = binder.catalog.find(name)
    if store is None:
        raise _unknown_store(binder, node, name)
    return _store(binder, node, name, store)


def _store(binder: Binder, node: exp.Table, name: str, store: StoreEntry) -> _Item:
    if len(binder.uses) >= binder.limits.mentions:
        raise QueryLimitExceeded(
            f"the statement mentions stores more than {binder.limits.mentions} times",
            limit="query_mentions",
            hint="read a store once in WITH, and use that several times",
        )
    alias = binder.fresh("t")
    use = Use(alias, store)
    binder.uses.append(use)
    qualifiers = tuple(dict.fromkeys(word.lower() for word in (name, store.name, store.id)))
    relation = _renamed(binder, node, Relation(alias, qualifiers, store_columns(store.family), use))
    return _Item(identifier(alias), relation)


def _unknown_store(binder: Binder, node: exp.Table, name: str) -> QueryError:
    names = binder.catalog.names()
    near = [hit[0] for hit in process.extract(name, names, limit=3, score_cutoff=60)]
    if near:
        hint = "did you mean " + " or ".join(near) + "?"
    elif names:
        hint = "there are: " + ", ".join(sorted(names)[:10]) + (" ..." if len(names) > 10 else "")
    else:
        hint = "there are no stores yet: trailmere store create NAME"
    return binder.fault(node, f"there is no event data store {name}", hint)


def _renamed(binder: Binder, node: exp.Expr, relation: Relation) -> Relation:
    """The relation under the alias, and with the column names, that the statement gives it."""
    alias = node.args.get("alias")
    if alias is None:
        return relation
    if not isinstance(alias, exp.TableAlias):
        raise binder.refuse(node, "the alias cannot be read", "write AS name")
    names = [column.name.lower() for column in alias.args.get("columns") or []]
    shown = [column for column in relation.columns if not column.hidden]
    if names and len(names) != len(shown):
        raise binder.fault(node, f"{alias.name} names {len(names)} columns, and there are {len(shown)}")
    if names:
        relation.columns = tuple(
            replace(column, name=name, spelling=name, aliases=()) for column, name in zip(shown, names, strict=True)
        )
    if alias.name:
        relation.qualifiers = (alias.name.lower(),)
    return relation


def _visible(outputs: Sequence[Output], transparent: bool) -> tuple[Visible, ...]:
    return tuple(
        Visible(
            name=output.name.lower(),
            spelling=output.name,
            column=output.column,
            type=output.value.type,
            origin=output.value.origin or output.value.row if transparent else None,
        )
        for output in outputs
    )


def _derived(binder: Binder, query: exp.Expr, node: exp.Expr, scope: Scope | None) -> _Item:
    """A subquery; with a scope, LATERAL: it sees the relations before it."""
    inside = query.this if isinstance(query, exp.Subquery) and not _modified(query) else query
    if isinstance(inside, exp.Table):
        raise binder.refuse(node, "joins between brackets are not supported", "write the joins one after another")
    bound = binder.query(inside, scope)
    alias = binder.fresh("s")
    relation = _renamed(binder, node, Relation(alias, (), _visible(bound.outputs, bound.transparent)))
    return _Item(f"({bound.sql}) AS {identifier(alias)}", relation, lateral=scope is not None)


def _modified(node: exp.Expr) -> bool:
    return any(node.args.get(part) for part in ("order", "limit", "offset", "with_"))


def _unnest(binder: Binder, node: exp.Unnest, scope: Scope) -> _Item:
    """``UNNEST(array, map ...) [WITH ORDINALITY]``: an array of rows gives a column for each field."""
    binder.only(node, {"expressions", "alias", "offset"})
    inner: list[str] = []
    outer: list[str] = []
    columns: list[Visible] = []
    lengths: list[str] = []
    for place, argument in enumerate(node.expressions):
        value = binder.bind(argument, replace(scope, clause="UNNEST"))
        lengths.append(
            f"coalesce(len({value.sql}), 0)" if isinstance(value.type, Array) else f"cardinality({value.sql})"
        )
        for sql, picks in _sources(binder, argument, value, place):
            inner.append(sql)
            for sql_pick, name, kind in picks:
                outer.append(f"{sql_pick} AS {identifier(f'c{len(columns)}')}")
                columns.append(Visible(name, name, f"c{len(columns)}", kind))
    names = _alias_names(node)
    if node.args.get("offset"):
        inner.append(f"unnest(range(1, greatest({', '.join(lengths)}) + 1)) AS i")
        outer.append(f"i AS {identifier(f'c{len(columns)}')}")
        columns.append(Visible("ordinality", "ordinality", f"c{len(columns)}", BIGINT))
    alias, inside = binder.fresh("s"), identifier(binder.fresh("u"))
    relation = Relation(alias, (), tuple(columns))
    _name_unnested(binder, node, relation, names)
    unnested = f"(SELECT {', '.join(inner)}) AS {inside}"
    sql = f"(SELECT {', '.join(outer)} FROM {unnested}) AS {identifier(alias)}"  # noqa: S608 - written from the tree
    return _Item(sql, relation, lateral=bool(scope.relations) or scope.parent is not None)


def _sources(binder: Binder, node: exp.Expr, value: Value, place: int) -> list[tuple[str, list[tuple[str, str, Type]]]]:
    """For each engine column of one argument: its SQL, and the columns (SQL, name, type) taken out of it."""
    column = f"v{place}"
    match value.type:
        case Array(Row(fields)):
            picks = [(member_of(column, part.name), part.name.lower(), part.type) for part in fields]
            return [(f"unnest({value.sql}) AS {column}", picks)]
        case Array(element):
            return [(f"unnest({value.sql}) AS {column}", [(column, f"_col{place}", element)])]
        case Map(key, kind):
            return [
                (f"unnest(map_keys({value.sql})) AS k{place}", [(f"k{place}", "key", key)]),
                (f"unnest(map_values({value.sql})) AS {column}", [(column, "value", kind)]),
            ]
        case kind if kind == UNKNOWN:
            return [(f"unnest({value.sql}) AS {column}", [(column, f"_col{place}", UNKNOWN)])]
    raise binder.fault(
        node,
        f"UNNEST takes arrays and maps, and {binder.shown(node)} is of type {shown_type(value.type)}",
        "parse the text first: CAST(json_parse(...) AS array(json))",
    )


def _alias_names(node: exp.Unnest) -> list[str]:
    """The column names of the alias; the parser moves the last one to the ordinality."""
    alias = node.args.get("alias")
    names = [column.name.lower() for column in alias.args.get("columns") or []] if alias else []
    offset = node.args.get("offset")
    return [*names, offset.name.lower()] if isinstance(offset, exp.Identifier) else names


def _name_unnested(binder: Binder, node: exp.Unnest, relation: Relation, names: list[str]) -> None:
    alias = node.args.get("alias")
    if alias is not None and alias.name:
        relation.qualifiers = (alias.name.lower(),)
    if names == ["offset"] and not (alias and alias.args.get("columns")):
        names = []  # the parser's own name for an ordinality that the statement does not name
    if names and len(names) != len(relation.columns):
        shown = ", ".join(column.name for column in relation.columns)
        raise binder.fault(
            node,
            f"the alias names {len(names)} columns and UNNEST gives {len(relation.columns)}: {shown}",
            f"write AS {alias.name if alias is not None and alias.name else 't'}({shown}), or the alias alone",
        )
    if names:
        relation.columns = tuple(
            replace(column, name=name, spelling=name) for column, name in zip(relation.columns, names, strict=True)
        )
    elif len(relation.columns) == 1 and relation.qualifiers and relation.columns[0].name.startswith("_col"):
        # unnest(array) AS x: x alone means the element, as in other dialects.
        name = relation.qualifiers[0]
        relation.columns = (replace(relation.columns[0], name=name, spelling=name),)
