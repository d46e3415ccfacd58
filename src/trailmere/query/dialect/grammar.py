"""Trino's grammar as sqlglot reads it, kept literal.

sqlglot's own dialect turns functions into nodes of its own and moves array subscripts; here a function stays what the
user wrote, so that ``functions`` alone says which ones exist and what they mean.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, ClassVar, NoReturn

from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.trino import TrinoParser
from sqlglot.tokenizer_core import TokenType

from trailmere.errors import QueryLimitExceeded, StatementInvalid, StatementNotAllowed

if TYPE_CHECKING:
    from sqlglot import exp

    from trailmere.query.dialect.text import Source

# Functions with words between their arguments: only the parser can read them.
_SPELLED = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "POSITION", "SUBSTRING", "LISTAGG")


# What cannot be the end of a statement.
_GO_ON = frozenset(
    {
        "SELECT",
        "FROM",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "ON",
        "BY",
        "IN",
        "LIKE",
        "BETWEEN",
        "IS",
        "HAVING",
        "JOIN",
        "LIMIT",
    }
    | {"=", "<", ">", "<=", ">=", "!=", "<>", "+", "-", "*", "/", "||"}
)


# Tokens that may be read again because what was begun turned out to be something else; and so many more for each token
# of the statement. Good statements need fewer than a hundred. What sqlglot reads twice at each level of nesting (JOINs
# without ON) would take for ever.
_READ_AGAIN, _READ_AGAIN_EACH = 20_000, 4
_CONSTRUCTORS = {
    TokenType.ARRAY: (TokenType.L_BRACKET,),
    TokenType.STRUCT: (TokenType.L_PAREN,),
    TokenType.MAP: (TokenType.L_PAREN,),
}


class _Parser(TrinoParser):
    _again = 0

    FUNCTIONS: ClassVar = {}
    FUNCTION_PARSERS: ClassVar = {name: TrinoParser.FUNCTION_PARSERS[name] for name in _SPELLED}
    NO_PAREN_FUNCTION_PARSERS: ClassVar = {
        name: parse for name, parse in TrinoParser.NO_PAREN_FUNCTION_PARSERS.items() if name in ("ANY", "CASE", "IF")
    }

    def reset(self) -> None:
        super().reset()
        self._again = 0

    def _retreat(self, index: int) -> None:
        self._again += max(0, self._index - index)
        if self._again > _READ_AGAIN + _READ_AGAIN_EACH * self._tokens_size:
            raise QueryLimitExceeded(
                "the statement can be read in too many ways",
                limit="query_nesting",
                hint="flatten it; see that each JOIN has its ON or USING",
            )
        super()._retreat(index)

    def _parse_types(
        self,
        check_func: bool = False,
        schema: bool = False,
        allow_identifiers: bool = True,
        with_collation: bool = False,
    ) -> exp.Expr | None:
        """As sqlglot's, which tries ``ARRAY[...]`` and ``ROW(...)`` as a type first, and so reads each level twice."""
        in_expression = check_func and not allow_identifiers
        if in_expression and self._next.token_type in _CONSTRUCTORS.get(self._curr.token_type, ()):
            return None
        return super()._parse_types(check_func, schema, allow_identifiers, with_collation)


class _Grammar(Trino):
    INDEX_OFFSET = 0
    Parser = _Parser


# It warns of what it cannot read in literals; whoever wants to hear that sets up a handler.
logging.getLogger("sqlglot").addHandler(logging.NullHandler())

# sqlglot looks dialects up by name only for those it ships; an instance serves without registration.
_GRAMMAR = _Grammar()


def parse(source: Source) -> exp.Expr:
    """The tree of the one query in the text.

    Raises ``StatementInvalid`` with the place of the fault, ``StatementNotAllowed`` for several statements or none
    that is a query, ``QueryLimitExceeded`` for nesting that the parser cannot follow.
    """
    parser = _GRAMMAR.parser()
    try:
        read = parser.parse(_GRAMMAR.tokenize(source.parsed), source.parsed)
        found = [tree for tree in read if tree is not None]
    except ParseError as error:
        _unreadable(source, error)
    except TokenError as error:
        raise StatementInvalid(f"the statement cannot be read: {error}", line=1, column=1) from None
    except RecursionError:
        raise too_deep() from None
    except (ValueError, AttributeError, TypeError, LookupError) as error:  # sqlglot, of parts that it took for granted
        last = parser._prev
        line, column = source.line_and_column(_beginning(source, last.line, last.col, last.text))
        raise StatementInvalid(
            f"the statement cannot be read after {last.text[:40] or 'its beginning'}",
            line=line,
            column=column,
            hint="something is missing between brackets or braces",
        ) from error
    if len(found) != 1:
        raise StatementNotAllowed(
            f"one statement can be run at a time, and there are {len(found)}",
            hint="run them one by one; a single ; may end a statement",
        )
    return found[0]


def too_deep() -> QueryLimitExceeded:
    """The error for a tree that is too deep to walk."""
    return QueryLimitExceeded("the statement is nested too deeply", limit="query_nesting", hint="flatten it")


def _beginning(source: Source, line: int, column: int, token: str) -> int:
    """Where a token begins: sqlglot gives the column of its last character."""
    return source.offset(line, column) - max(len(token) - 1, 0)


def _unreadable(source: Source, error: ParseError) -> NoReturn:
    detail = error.errors[0] if error.errors else {}
    found = str(detail.get("highlight") or "").strip()
    offset = _beginning(source, detail.get("line") or 1, detail.get("col") or 1, found)
    line, column = source.line_and_column(offset)
    shown = f"unexpected {found}" if found else "the statement ends too early"
    if found.upper() in _GO_ON and source.parsed[offset + len(found) :].strip(" \t\r\n;") == "":
        shown = f"it ends after {found}"
    raise StatementInvalid(
        f"the statement cannot be read: {shown}",
        line=line,
        column=column,
        hint="look just before this place for a missing comma, quote, operator or keyword",
    ) from None
