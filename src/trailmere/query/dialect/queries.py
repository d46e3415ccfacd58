"""SELECT, set operations, VALUES and WITH: from a query's tree to engine SQL and the columns it gives."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from sqlglot import exp

from trailmere.errors import QueryLimitExceeded
from trailmere.events.types import Row
from trailmere.query.dialect import comparisons, sets, tables
from trailmere.query.dialect.binder import Binder, Common, Output, Query
from trailmere.query.dialect.calls import is_aggregate, order_by, order_item
from trailmere.query.dialect.comparisons import branch_type
from trailmere.query.dialect.conditions import add_conditions
from trailmere.query.dialect.expressions import path_of
from trailmere.query.dialect.scope import Relation, Scope, column_value, nearest, note_use
from trailmere.query.dialect.types import IPADDRESS
from trailmere.query.dialect.values import Value
from trailmere.query.quoting import identifier

_SELECT_ARGUMENTS = {
    "expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset", "distinct",
    "with_", "windows",
}  # fmt: skip


def write_query(binder: Binder, node: exp.Expr, outer: Scope | None) -> Query:
    """The query as engine SQL. ``outer`` is the query around it, whose columns it may use."""
    common = dict(binder.common)
    if (entries := node.args.get("with_")) is not None:
        prefix = _with(binder, entries, outer)
        query = _body(binder, node, outer)
        query = replace(query, sql=f"{prefix} {query.sql}")
    else:
        query = _body(binder, node, outer)
    binder.common = common
    return query


def _body(binder: Binder, node: exp.Expr, outer: Scope | None) -> Query:
    if isinstance(node, exp.Select):
        return _Select(binder, node, outer).write()
    if isinstance(node, exp.SetOperation):
        return _ordered(binder, node, sets.write(binder, node, outer), outer)
    if isinstance(node, exp.Subquery):
        binder.only(node, {"this", "alias", "with_", "order", "limit", "offset"})
        return _ordered(binder, node, write_query(binder, node.this, outer), outer)
    if isinstance(node, exp.Values):
        return _ordered(binder, node, _values(binder, node, outer), outer)
    words = type(node).__name__.upper()
    raise binder.refuse(node, f"{words} is not a query", "only read-only SELECT statements over stores can be run")


def _with(binder: Binder, entries: exp.Expr, outer: Scope | None) -> str:
    binder.only(entries, {"expressions", "recursive"})
    if entries.args.get("recursive"):
        raise binder.refuse(entries, "WITH RECURSIVE is not supported", "leave RECURSIVE out")
    written = []
    for entry in entries.expressions:
        if not isinstance(entry, exp.CTE):
            raise binder.refuse(entry, "WITH holds named queries only")
        binder.only(entry, {"this", "alias"})
        query = write_query(binder, entry.this, outer)
        names = tuple(column.name.lower() for column in entry.args["alias"].args.get("columns") or [])
        if names and len(names) != len(query.outputs):
            raise binder.fault(
                entry, f"{entry.alias} names {len(names)} columns and its query gives {len(query.outputs)}"
            )
        relation, name = binder.fresh("q"), entry.alias.lower()
        binder.common[name] = Common(relation, query, names, binder.mentions.get(name, 0) <= 1)
        written.append(f"{identifier(relation)} AS ({query.sql})")
    return "WITH " + ", ".join(written)


def grouping_sets(item: exp.Expr) -> int:
    """How many grouping sets an item of GROUP BY stands for; those of several items multiply."""
    if isinstance(item, exp.Cube):
        return int(2 ** len(item.expressions))
    if isinstance(item, exp.Rollup):
        return len(item.expressions) + 1
    if isinstance(item, exp.GroupingSets):
        return sum(map(grouping_sets, item.expressions))
    return 1


def unique(names: list[str]) -> list[str]:
    """Engine names for output columns: lower case, and no two alike."""
    taken: set[str] = set()
    result = []
    for place, name in enumerate(names):
        candidate = name.lower()
        while candidate in taken:
            candidate = f"{candidate}_{place}"
        taken.add(candidate)
        result.append(candidate)
    return result


class _Select:
    """One SELECT being written, clause by clause in the order in which SQL gives them meaning."""

    def __init__(self, binder: Binder, node: exp.Select, outer: Scope | None) -> None:
        binder.only(node, _SELECT_ARGUMENTS)
        self.binder, self.node = binder, node
        self.scope = Scope(parent=outer)
        self.items: list[tuple[exp.Expr, Value]] = []
        self.grouping: str = ""

    def write(self) -> Query:
        """The query."""
        around, self.binder.loose = self.binder.loose, []
        pieces = [self._from(), self._where(), self._group()]
        self._select()
        pieces += [self._having(), self._order(), limits(self.binder, self.node)]
        self._no_loose(around)
        outputs = self._outputs()
        return Query(f"{self._head(outputs)}{''.join(pieces)}", outputs, self._transparent())

    def _from(self) -> str:
        from_ = self.node.args.get("from_")
        if from_ is None:
            return ""
        return " FROM " + tables.write_from(self.binder, from_, self.node.args.get("joins") or [], self.scope)

    def _where(self) -> str:
        where = self.node.args.get("where")
        if where is None:
            return ""
        test = self._truth(where.this, "WHERE")
        add_conditions(self.binder, test, {m for relation in self.scope.relations for m in relation.mentions()})
        return f" WHERE {test.sql}"

    def _truth(self, node: exp.Expr, clause: str | None) -> Value:
        scope = replace(self.scope, clause=clause)
        return comparisons.truth(self.binder, node, self.binder.bind(node, scope), scope)

    def _group(self) -> str:
        group = self.node.args.get("group")
        keys: set[str] = set()
        if group:
            self._refuse_many_sets(group)
        written = [self._group_item(item, keys) for item in group.expressions] if group else []
        if group:
            self.binder.only(group, {"expressions"})
        if group or self.node.args.get("having") or self._aggregates():
            self.scope = replace(self.scope, grouped=frozenset(keys))
        return " GROUP BY " + ", ".join(written) if written else ""

    def _refuse_many_sets(self, group: exp.Group) -> None:
        allowed = self.binder.limits.grouping_sets
        if (sets := prod(grouping_sets(item) for item in group.expressions)) > allowed:
            raise QueryLimitExceeded(
                f"GROUP BY gives {sets:,} grouping sets, and at most {allowed:,} are computed at once",
                limit="query_grouping_sets",
                hint="CUBE doubles them for each column: name the combinations you need with GROUPING SETS",
            )

    def _group_item(self, item: exp.Expr, keys: set[str]) -> str:
        if isinstance(item, exp.Rollup | exp.Cube | exp.GroupingSets):
            word = {exp.Rollup: "ROLLUP", exp.Cube: "CUBE"}.get(type(item), "GROUPING SETS")
            return f"{word} ({', '.join(self._group_item(part, keys) for part in item.expressions)})"
        if isinstance(item, exp.Tuple):
            return "(" + ", ".join(self._group_item(part, keys) for part in item.expressions) + ")"
        if isinstance(item, exp.Paren):
            return f"({self._group_item(item.this, keys)})"
        if isinstance(item, exp.Literal):
            return self._group_ordinal(item, keys)
        sql = self._group_value(item).sql
        keys.add(sql)
        return sql

    def _group_ordinal(self, item: exp.Expr, keys: set[str]) -> str:
        """``GROUP BY 2``: the second output column, whose meaning has to be known before SELECT is written."""
        place = ordinal(item)
        items = self.node.expressions
        if place is None or not 1 <= place <= len(items):
            raise self.binder.fault(item, f"GROUP BY {item} is no position of the {len(items)} selected columns")
        if any(isinstance(part, exp.Star) or part.is_star for part in items[:place]):
            raise self.binder.fault(item, "GROUP BY by position cannot count over *", "name the column")
        chosen = items[place - 1]
        value = self.binder.bind(chosen.this if isinstance(chosen, exp.Alias) else chosen, self._key_scope())
        keys.add(value.sql)
        return str(place)

    def _group_value(self, item: exp.Expr) -> Value:
        """A grouping expression; the alias of a selected column where there is no column of that name."""
        path = path_of(item)
        if path and len(path) == 1:
            name = path[0].name.lower()
            seen = any(relation.find(name) for relation in self.scope.relations) or name in self.scope.merged
            for chosen in self.node.expressions:
                if not seen and isinstance(chosen, exp.Alias) and chosen.alias.lower() == name:
                    return self.binder.bind(chosen.this, self._key_scope())
        return self.binder.bind(item, self._key_scope())

    def _key_scope(self) -> Scope:
        return replace(self.scope, clause="GROUP BY")

    def _aggregates(self) -> bool:
        parts = [*self.node.expressions, self.node.args.get("having"), self.node.args.get("order")]
        return any(
            is_aggregate(found)
            for part in parts
            if part is not None
            for found in part.walk(prune=lambda inner: isinstance(inner, exp.Query))
        )

    def _select(self) -> None:
        for item in self.node.expressions:
            if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
                self.items += self._star(item)
                self.binder.hold_columns(item, len(self.items))
            elif isinstance(item, exp.Alias):
                if not isinstance(item.args["alias"], exp.Identifier):
                    raise self.binder.refuse(item, "the alias cannot be read", "write AS name")
                self.items.append((item, self.binder.bind(item.this, self.scope).named(item.alias)))
            else:
                value = self.binder.bind(item, self.scope)
                plain = isinstance(item.unnest(), exp.Column | exp.Dot)  # brackets take no name away
                self.items.append((item, value if plain else replace(value, name=None)))
        if not self.items:
            raise self.binder.fault(self.node, "there is nothing to select")

    def _star(self, item: exp.Star | exp.Column) -> list[tuple[exp.Expr, Value]]:
        star = item if isinstance(item, exp.Star) else item.this
        self.binder.only(star, set())
        if isinstance(item, exp.Star):
            if not self.scope.relations:
                raise self.binder.fault(item, "SELECT * needs a FROM clause")
            merged = [(item, value.named(name)) for name, value in self.scope.merged.items()]
            return merged + [
                pair for relation in self.scope.relations for pair in self._all(item, relation, set(self.scope.merged))
            ]
        path = [part for part in item.parts[:-1] if isinstance(part, exp.Identifier)]
        if len(path) == 1:
            for relation in self.scope.relations:
                if path[0].name.lower() in relation.qualifiers:
                    return self._all(item, relation, set())
        return self._members(item, path)

    def _all(self, item: exp.Expr, relation: Relation, without: set[str]) -> list[tuple[exp.Expr, Value]]:
        found = []
        for column in relation.columns:
            if column.hidden or column.name in without:
                continue
            value = column_value(relation, column).named(column.name)
            if relation.use:
                note_use(relation.use, column, value)
            if self.scope.grouped is not None and value.sql not in self.scope.grouped:
                self.binder.loose.append((item, id(self.scope.relations)))
            found.append((item, value))
        return found

    def _members(self, item: exp.Expr, path: list[exp.Identifier]) -> list[tuple[exp.Expr, Value]]:
        """``userIdentity.*``: the fields of a row."""
        if len(path) == 1 and not any(relation.find(path[0].name.lower()) for relation in self.scope.relations):
            names = {q: q for relation in self.scope.relations for q in relation.qualifiers}
            near = nearest(path[0].name.lower(), names)
            raise self.binder.fault(item, f"there is no table or row {path[0].name}", near and f"did you mean {near}?")
        row = self.binder.column(item, path, self.scope)
        if not isinstance(row.type, Row):
            raise self.binder.fault(item, f"{'.'.join(part.name for part in path)} is not a row: it has no members")
        shown = ".".join(part.name for part in path)
        return [
            (item, self.binder.member(row, exp.Identifier(this=part.name), shown, self.scope))
            for part in row.type.fields
        ]

    def _having(self) -> str:
        having = self.node.args.get("having")
        return f" HAVING {self._truth(having.this, None).sql}" if having else ""

    def _order(self) -> str:
        order = self.node.args.get("order")
        if not order:
            return ""
        names: dict[str, list[int]] = {}
        for place, (_, value) in enumerate(self.items):
            if value.name:
                names.setdefault(value.name.lower(), []).append(place)
        extra = {name: self.items[places[0]][1] for name, places in names.items() if self._alike(places)}
        aliased = {
            value.name.lower() for item, value in self.items if isinstance(item, exp.Alias) and value.name is not None
        }
        scope = replace(self.scope, clause="ORDER BY").inner({name: extra[name] for name in aliased & set(extra)})
        items = [self._order_item(item, names, scope) for item in order.expressions]
        return order_by([item for item in items if item])

    def _alike(self, places: list[int]) -> bool:
        return len({self.items[place][1].sql for place in places}) == 1

    def _order_item(self, item: exp.Expr, names: dict[str, list[int]], scope: Scope) -> str | None:
        place = ordinal(item.this)
        if place is not None and not 1 <= place <= len(self.items):
            raise self.binder.fault(item, f"ORDER BY {place} is no position of the {len(self.items)} selected columns")
        path = path_of(item.this)
        if place is None and path and len(path) == 1 and (places := names.get(path[0].name.lower())):
            if not self._alike(places):
                raise self.binder.fault(
                    item, f"{path[0].name} names {len(places)} selected columns", "give one an alias"
                )
            place = places[0] + 1
        if place is not None:
            return order_item(self.binder, str(place), item)
        value = self.binder.bind(item.this, scope)
        return None if value.is_constant else order_item(self.binder, value.sql, item)

    def _no_loose(self, around: list[tuple[exp.Expr, int]]) -> None:
        mine = id(self.scope.relations)
        for node, relations in self.binder.loose:
            if relations == mine and self.scope.grouped is not None:
                shown = self.binder.shown(node)
                raise self.binder.fault(
                    node,
                    f"{shown} must be in GROUP BY or inside an aggregate",
                    f"add it to GROUP BY, or write arbitrary({shown})",
                )
        self.binder.loose = [*around, *(entry for entry in self.binder.loose if entry[1] != mine)]

    def _outputs(self) -> tuple[Output, ...]:
        names = [
            value.name if value.name is not None else f"_col{place}" for place, (_, value) in enumerate(self.items)
        ]
        own = {mention for relation in self.scope.relations for mention in relation.mentions()}
        return tuple(
            Output(
                name,
                column,
                value if (where := value.origin or value.row) and where.relation in own else value.detached(),
            )
            for name, column, (_, value) in zip(names, unique(names), self.items, strict=True)
        )

    def _head(self, outputs: tuple[Output, ...]) -> str:
        distinct = self.node.args.get("distinct")
        if distinct is not None:
            self.binder.only(distinct, set())
        top = self.node is self.binder.root
        columns = ", ".join(f"{_shown(o.value) if top else o.value.sql} AS {identifier(o.column)}" for o in outputs)
        return f"SELECT {'DISTINCT ' if distinct else ''}{columns}"

    def _transparent(self) -> bool:
        cuts = ("group", "limit", "offset", "having")
        if any(self.node.args.get(part) for part in cuts) or self.scope.grouped is not None:
            return False
        return not any(item.find(exp.Window) for item in self.node.expressions)


def _shown(value: Value) -> str:
    """A column of the answer: an address is shown as text."""
    return f"lake_ip_text({value.sql})" if value.type == IPADDRESS else value.sql


def ordinal(node: exp.Expr) -> int | None:
    """The position that a bare whole number means in GROUP BY and ORDER BY."""
    if isinstance(node, exp.Literal) and not node.is_string and str(node.this).isdigit():
        return int(node.this)
    return None


def limits(binder: Binder, node: exp.Expr) -> str:
    """LIMIT, OFFSET and FETCH FIRST."""
    written = ""
    limit, offset = node.args.get("limit"), node.args.get("offset")
    if isinstance(limit, exp.Fetch):
        options = limit.args.get("limit_options")
        if options and (options.args.get("percent") or options.args.get("with_ties")):
            raise binder.refuse(limit, "FETCH FIRST takes a number of rows, without PERCENT or WITH TIES")
        written += f" LIMIT {_rows(binder, limit, limit.args.get('count') or exp.Literal.number(1))}"
    elif limit is not None and limit.expression.name.upper() != "ALL":
        binder.only(limit, {"expression"})
        written += f" LIMIT {_rows(binder, limit, limit.expression)}"
    if offset is not None:
        binder.only(offset, {"expression"})
        written += f" OFFSET {_rows(binder, offset, offset.expression)}"
    return written


def _rows(binder: Binder, node: exp.Expr, count: exp.Expr) -> int:
    found = ordinal(count)
    if found is None or found >= 2**63:
        raise binder.fault(node, "LIMIT and OFFSET take a whole number of rows")
    return found


def _ordered(binder: Binder, node: exp.Expr, query: Query, outer: Scope | None) -> Query:
    """The query with the ORDER BY, LIMIT and OFFSET that stand after its closing bracket."""
    order, cut = node.args.get("order"), limits(binder, node)
    if not order and not cut:
        return query
    alias = binder.fresh("u")
    extra = {
        output.name.lower(): Value(f"{identifier(alias)}.{identifier(output.column)}", output.value.type)
        for output in query.outputs
    }
    scope = Scope(parent=outer, extra=extra, clause="ORDER BY")
    items = []
    for item in order.expressions if order else []:
        place = ordinal(item.this)
        if place is not None and not 1 <= place <= len(query.outputs):
            raise binder.fault(item, f"ORDER BY {place} is no position of the {len(query.outputs)} selected columns")
        value = Value(str(place)) if place else binder.bind(item.this, scope)
        if not value.is_constant:
            items.append(order_item(binder, value.sql, item))
    ordering = order_by(items)
    outputs = tuple(replace(output, value=output.value.detached()) for output in query.outputs)
    return Query(f"SELECT * FROM ({query.sql}) AS {identifier(alias)}{ordering}{cut}", outputs)  # noqa: S608 - written from the tree


def _values(binder: Binder, node: exp.Values, outer: Scope | None) -> Query:
    binder.only(node, {"expressions", "alias", "order", "limit", "offset", "with_"})
    scope = Scope(parent=outer)
    rows = [
        [binder.bind(cell, scope) for cell in (row.expressions if isinstance(row, exp.Tuple) else [row])]
        for row in node.expressions
    ]
    if len({len(row) for row in rows}) != 1:
        raise binder.fault(node, "the rows of VALUES have different lengths")
    kinds = [branch_type(binder, node, list(column)) for column in zip(*rows, strict=True)]
    outputs = tuple(Output(f"_col{n}", f"_col{n}", Value(f'"_col{n}"', kind)) for n, kind in enumerate(kinds))
    body = ", ".join("(" + ", ".join(cell.sql for cell in row) + ")" for row in rows)
    names = ", ".join(identifier(output.column) for output in outputs)
    sql = f"SELECT * FROM (VALUES {body}) AS {identifier(binder.fresh('v'))}({names})"  # noqa: S608 - as above
    return Query(sql, outputs)
