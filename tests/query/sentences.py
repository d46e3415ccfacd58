"""Statements nobody would write: made from a grammar of the dialect, or from good ones by mutation. Seeded, no I/O.

The grammar knows the columns of the stores, the functions of the dialect with the kinds of their parameters (from the
dialect's own tables), and outsiders: names that only the engine knows. Mostly it keeps to the kinds, so that
statements get past the binder; now and then it does not. Its words are in ``vocabulary``; what becomes of the
statements is ``fuzz``'s business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING, TypeVar

from tests.query import vocabulary as words
from trailmere.events.columns import leaves
from trailmere.events.types import BIGINT, BOOLEAN, INTEGER, TIMESTAMP, Array, Map, Type
from trailmere.query.dialect import FUNCTIONS
from trailmere.query.dialect.types import UNKNOWN

if TYPE_CHECKING:
    from trailmere.query.dialect.functions.signature import Function

_T = TypeVar("_T")
KINDS = "sintbjamxp."
DEEPEST = 4
SLOT = re.compile(r"<([a-z.]+)>|\{(\w+)\}")
TOKEN = re.compile(r"\s+|'(?:[^']|'')*'|\"[^\"]*\"|\w+|.", re.DOTALL)


class Sentences:
    """An endless supply. Of ``good`` statements mutations are made; ``outsiders`` are names of the engine."""

    def __init__(self, seed: int | str, good: Sequence[str] = (), outsiders: Sequence[str] = ("getenv",)) -> None:
        self.random = Random(seed)
        self.good = good
        self.outsiders = outsiders
        self._columns = _columns()
        self._functions = {kind: _giving(kind) for kind in KINDS}
        self._depth = 0
        self._mistakes = 0.0

    def next(self) -> str:
        """A statement."""
        self._depth, self._mistakes = 0, self.one((0.0, 0.0, 0.02))
        if self.good and self.chance(0.3):
            return self.mutated(self.one(self.good))
        statement = self.query()
        return self.mutated(statement) if self.chance(0.1) else statement

    def one(self, choices: Sequence[_T]) -> _T:
        """Any of them."""
        return choices[int(self.random.random() * len(choices))]

    def chance(self, share: float) -> bool:
        """True in that share of the cases."""
        return self.random.random() < share

    def query(self) -> str:
        """A query, perhaps of several SELECTs."""
        select = self._select()
        if self.chance(0.06):
            select = (
                f"{select} {self.one(('UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT', 'INTERSECT ALL'))} {self._select()}"
            )
        if self.chance(0.06):
            select = f"WITH w AS ({self._select()}) {select.replace(' trail', ' w', 1)}"
        if self.chance(0.01):
            select = self.fill("SELECT * FROM (VALUES (<.>, <.>), (<.>, <.>)) AS v(a, b) WHERE <b>")
        return select

    def _select(self) -> str:
        items = [self._item() for _ in range(self.one((1, 1, 2, 3)))]
        grouping = ""
        if self.chance(0.25):
            items = [self.fill("<column>"), *(self.fill(self.one(words.AGGREGATES)) for _ in items)]
            grouping = " GROUP BY " + self.one(("1", "1", "ROLLUP (1)", "CUBE (1)", items[0], self.expression(".")))
            grouping += self.fill(" HAVING count(*) > <i>") if self.chance(0.2) else ""
        where = self.fill(" WHERE <b>") if self.chance(0.4) else ""
        order = self.one((" ORDER BY 1", " ORDER BY 1 DESC NULLS FIRST, 1")) if self.chance(0.2) else ""
        limit = f" LIMIT {self.one((0, 1, 5, 50))}" if self.chance(0.2) else ""
        distinct = "DISTINCT " if self.chance(0.05) else ""
        return f"SELECT {distinct}{', '.join(items)}{self._from()}{where}{grouping}{order}{limit}"

    def _item(self) -> str:
        if self.chance(0.04):
            return self.one(("*", "x.*", "userIdentity.*"))
        if self.chance(0.04):
            return self.fill(self.one(words.WINDOWS))
        return self.expression(self.one(KINDS)) + (self.one((" AS n", ' "odd name"')) if self.chance(0.2) else "")

    def _from(self) -> str:
        table = self.one(words.TABLES) if self.chance(0.05) else "trail"
        if self.chance(0.04):
            return f" FROM (SELECT * FROM {table}) AS x"
        written = f" FROM {table} x"
        if self.chance(0.05):
            written += f" {self.one(('JOIN', 'LEFT JOIN', 'FULL JOIN'))} second-trail y USING (eventName)"
        if self.chance(0.06):
            written += self.fill(self.one((" CROSS JOIN UNNEST(<a>) AS u(k)", " CROSS JOIN UNNEST(<m>) AS u(k, v)")))
        return written

    def expression(self, kind: str) -> str:
        """Of a kind as ``functions.signature`` calls them; now and then of another."""
        if self.chance(self._mistakes):
            kind = self.one(KINDS)
        self._depth += 1
        try:
            if self._depth > DEEPEST or self.chance(0.3):
                return self._leaf(kind)
            if (functions := self._functions[kind]) and self.chance(0.35):
                return self._call(self.one(functions))
            return self.fill(self.one(words.FORMS[kind]))
        finally:
            self._depth -= 1

    def _leaf(self, kind: str) -> str:
        columns = self._columns.get(kind)
        return self.one(columns) if columns and self.chance(0.5) else self.fill(self.one(words.LEAVES[kind]))

    def _call(self, function: Function) -> str:
        most = function.least + 2 if function.most is None else function.most
        count = self.random.randint(function.least, most) + self.chance(self._mistakes)
        kinds = [function.letter(place) if function.parameters else "." for place in range(count)]
        arguments = ", ".join(self.expression(kind) for kind in kinds)
        return f"{function.name}({arguments})"

    def fill(self, form: str) -> str:
        """A form with something in its slots."""
        return SLOT.sub(self._filling, form)

    def _filling(self, slot: re.Match[str]) -> str:
        if slot[2]:
            return self.one(words.FILLS[slot[2]]) if slot[2] in words.FILLS else slot[0]
        return _SLOTS[slot[1]](self) if slot[1] in _SLOTS else self.expression(slot[1])

    def column(self) -> str:
        """The name of a column of text, of numbers or of times."""
        return self.one(self._columns[self.one("sssit")])

    def text(self) -> str:
        """A literal."""
        return "'" + self.one(words.TEXTS).replace("'", "''") + "'"

    # --- mutations ---

    def mutated(self, sql: str) -> str:
        """The statement after a few accidents."""
        for _ in range(self.one((1, 1, 2, 3))):
            sql = self.one(_MUTATIONS)(self, TOKEN.findall(sql) or [" "])
        return sql

    def swap(self, tokens: list[str]) -> str:
        """Two tokens change places."""
        one, other = self.random.randrange(len(tokens)), self.random.randrange(len(tokens))
        tokens[one], tokens[other] = tokens[other], tokens[one]
        return "".join(tokens)

    def drop(self, tokens: list[str]) -> str:
        """A few tokens are left out."""
        start = self.random.randrange(len(tokens))
        del tokens[start : start + self.one((1, 2, 3))]
        return "".join(tokens)

    def repeat(self, tokens: list[str]) -> str:
        """A stretch stands there several times."""
        start = self.random.randrange(len(tokens))
        stretch = tokens[start : start + self.one((1, 2, 3, 6))]
        return "".join([*tokens[:start], *stretch * self.one((2, 2, 3, 50)), *tokens[start:]])

    def insert(self, tokens: list[str]) -> str:
        """A word from elsewhere comes in."""
        stranger = self.one(
            (self.one(words.STRANGERS), self.one(self.outsiders) + "(", self.one(words.NUMBERS), self.text())
        )
        tokens.insert(self.random.randrange(len(tokens) + 1), f" {stranger} ")
        return "".join(tokens)

    def replace(self, tokens: list[str]) -> str:
        """An expression takes a token's place."""
        tokens[self.random.randrange(len(tokens))] = f" {self.expression(self.one(KINDS))} "
        return "".join(tokens)

    def splice(self, tokens: list[str]) -> str:
        """The end of another statement."""
        other = TOKEN.findall(self.one(self.good)) if self.good else tokens
        return "".join([*tokens[: self.random.randrange(len(tokens))], *other[self.random.randrange(len(other)) :]])

    def flip(self, tokens: list[str]) -> str:
        """A character becomes another."""
        text = "".join(tokens)
        place = self.random.randrange(len(text))
        return text[:place] + self.one(words.CHARACTERS) + text[place + 1 :]


_MUTATIONS = (
    *(Sentences.swap, Sentences.drop, Sentences.repeat, Sentences.insert),
    *(Sentences.replace, Sentences.splice, Sentences.flip),
)
_SLOTS: dict[str, Callable[[Sentences], str]] = {
    "column": Sentences.column,
    "text": Sentences.text,
    "number": lambda made: made.one(words.NUMBERS),
    "whole": lambda made: str(made.one((0, 1, 2, 3, 10, 300, 99999))),
    "outsider": lambda made: made.one(made.outsiders),
    "query": lambda made: f"SELECT {made.column()} FROM trail z LIMIT 1",
}


def _columns() -> dict[str, tuple[str, ...]]:
    """The columns of a store as users write them, by the kind that they are of."""
    found: dict[str, list[str]] = {}
    for leaf in leaves("cloudtrail"):
        spelt = (key or name for key, name in zip(leaf.keys, leaf.path, strict=True))
        found.setdefault(_kind(leaf.type), []).append(".".join(spelt))
    return {kind: tuple(names) for kind, names in found.items()}


def _kind(type: Type) -> str:
    if isinstance(type, Array | Map):
        return "a" if isinstance(type, Array) else "m"
    known = {TIMESTAMP: "t", BOOLEAN: "b", INTEGER: "i", BIGINT: "i"} | {"varbinary": "x", "json": "j", "double": "n"}
    return next((kind for named, kind in known.items() if type == named or str(type) == named), "s")


def _giving(kind: str) -> tuple[Function, ...]:
    """The functions whose result is of a kind, as far as the tables say."""
    return tuple(
        function
        for function in FUNCTIONS.values()
        if function.kind == "scalar" and not callable(function.returns) and function.returns != UNKNOWN
        if _kind(function.returns) == kind and function.name not in words.PARTICULAR
    )
