"""Text, regular expressions, URLs, encodings and hashes."""

from __future__ import annotations

import re

from trailmere.events.types import BIGINT, BOOLEAN, VARCHAR, Array, Map, Type
from trailmere.query.dialect.binder import shown_type
from trailmere.query.dialect.functions.signature import Builder, Call, Function
from trailmere.query.dialect.types import JSON, NUMERIC, UNKNOWN, VARBINARY, fits
from trailmere.query.dialect.values import Value, text

_FORMAT = re.compile(r"%(?P<flags>[-+ 0,]*)(?P<width>\d{0,6})(?:\.(?P<digits>\d{1,3}))?(?P<kind>[sdfxXeE%])|(?P<bad>%)")


def _replace_pattern(call: Call) -> Value:
    """``regexp_replace(text, pattern [, replacement])``: $1 in the replacement is a group."""
    values = call.values()
    replacement = text("") if len(values) == 2 else values[2]
    if isinstance(replacement.constant, str):
        escaped = replacement.constant.replace("\\$", "\0").replace("\\", "\\\\")
        replacement = text(re.sub(r"\$(\d)", r"\\\1", escaped).replace("\0", "$"))
    return Value(f"regexp_replace({values[0].sql}, {values[1].sql}, {replacement.sql}, 'g')", VARCHAR)


def _format(call: Call) -> Value:
    """``format('%s has %d', ...)``: the pattern must be a literal, its widths bounded."""
    values = call.values()
    pattern = values[0].constant
    if not isinstance(pattern, str):
        raise call.binder.fault(call.arguments[0], "the pattern of format must be a literal")
    kinds = []
    for match in _FORMAT.finditer(pattern):
        if match["bad"] or int(match["width"] or 0) > 1000:
            raise call.binder.fault(
                call.arguments[0], f"format cannot read the pattern near {pattern[match.start() :][:10]}"
            )
        if match["kind"] != "%":
            kinds.append(match["kind"])
    if len(kinds) > len(values) - 1:
        raise call.binder.fault(call.node, f"the pattern takes {len(kinds)} values, and {len(values) - 1} were given")
    arguments = [values[0].sql.replace("%,d", "%d")]
    for kind, value in zip(kinds, values[1:], strict=False):
        target = {"s": "VARCHAR", "d": "BIGINT", "x": "BIGINT", "X": "BIGINT"}.get(kind, "DOUBLE")
        arguments.append(f"CAST({value.sql} AS {target})")
    return Value(f"printf({', '.join(arguments)})", VARCHAR)


def _concat(call: Call) -> Value:
    """``concat`` and ``||``: of texts, of arrays, of an array and elements. NULL makes NULL."""
    values = [call.binder.bind(argument, call.scope) for argument in call.arguments]
    kinds = [value.type for value in values]
    arrays = [kind for kind in kinds if isinstance(kind, Array)]
    if arrays:
        parts = [value.sql if isinstance(value.type, Array) else f"[{value.sql}]" for value in values]
        for value, node in zip(values, call.arguments, strict=True):
            if not fits(arrays[0], value.type if isinstance(value.type, Array) else Array(value.type)):
                shown = f"{shown_type(arrays[0])} and {shown_type(value.type)}"
                raise call.binder.fault(node, f"concat cannot bring together {shown}")
        sql = parts[0]
        for part in parts[1:]:
            sql = f"list_concat({sql}, {part})"
        return Value(sql, arrays[0])
    parts = []
    for value, node in zip(values, call.arguments, strict=True):
        if value.type == JSON:
            parts.append(f"lake_json_text({value.sql})")
        elif value.type in (VARCHAR, UNKNOWN):
            parts.append(value.sql)
        elif value.type in (BOOLEAN, *NUMERIC):
            parts.append(f"CAST({value.sql} AS VARCHAR)")
        elif value.type == VARBINARY:
            parts.append(value.sql)
        else:
            shown = call.binder.shown(node)
            raise call.binder.fault(
                node, f"concat takes text, and {shown} is of another type", f"CAST({shown} AS varchar)"
            )
    kind = VARBINARY if VARBINARY in kinds else VARCHAR
    return Value(_joined(parts), kind)


def _joined(parts: list[str]) -> str:
    """``a || b || ...`` as a balanced tree: the engine takes a chain of a thousand for nesting."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_joined(parts[:middle])} || {_joined(parts[middle:])})"


def _of_group(template: str, returns: Type) -> Builder:
    """A regular expression and one of its groups; the engine has to know the group beforehand."""

    def build(call: Call) -> Value:
        values = call.values()
        group = values[2].constant if len(values) == 3 else 0
        if not isinstance(group, int) or not 0 <= group <= 9:
            raise call.binder.fault(call.arguments[2], f"the group of {call.function.name} is a number from 0 to 9")
        return Value(template.format(values[0].sql, values[1].sql, group), returns)

    return build


def _padded(side: str) -> str:
    return f"{side}({{0}}, lake_width({{1}}), {{2}})"


def _bytes_of(name: str) -> str:
    return f"unhex({name}({{0}}))"


FUNCTIONS = (
    Function("lower", "s", VARCHAR, "lower({0})"),
    Function("upper", "s", VARCHAR, "upper({0})"),
    Function("length", "s", BIGINT, "length({0})"),
    Function("char_length", "s", BIGINT, "length({0})"),
    Function("trim", "s?s", VARCHAR, {1: "trim({0})", 2: "trim({0}, {1})"}),
    Function("ltrim", "s?s", VARCHAR, {1: "ltrim({0})", 2: "ltrim({0}, {1})"}),
    Function("rtrim", "s?s", VARCHAR, {1: "rtrim({0})", 2: "rtrim({0}, {1})"}),
    Function("substr", "si?i", VARCHAR, {2: "lake_substr({0}, {1})", 3: "lake_substr_length({0}, {1}, {2})"}),
    Function("substring", "si?i", VARCHAR, {2: "lake_substr({0}, {1})", 3: "lake_substr_length({0}, {1}, {2})"}),
    Function("replace", "ss?s", VARCHAR, {2: "replace({0}, {1}, '')", 3: "replace({0}, {1}, {2})"}),
    Function("strpos", "ss", BIGINT, "strpos({0}, {1})"),
    Function("position", "ss", BIGINT, "strpos({1}, {0})"),
    Function("starts_with", "ss", BOOLEAN, "starts_with({0}, {1})"),
    Function("ends_with", "ss", BOOLEAN, "ends_with({0}, {1})"),
    Function("split", "ss?i", Array(VARCHAR), {2: "string_split({0}, {1})", 3: "lake_split_limit({0}, {1}, {2})"}),
    Function("split_part", "ssi", VARCHAR, "lake_split_part({0}, {1}, {2})"),
    Function("split_to_map", "sss", Map(), "lake_split_to_map({0}, {1}, {2})"),
    Function("concat", "..*", VARCHAR, _concat),
    Function("concat_ws", "ss*", VARCHAR, "concat_ws({all})"),
    Function("lpad", "sis", VARCHAR, _padded("lpad")),
    Function("rpad", "sis", VARCHAR, _padded("rpad")),
    Function("format", "s.*", VARCHAR, _format),
    Function("chr", "i", VARCHAR, "chr(CAST({0} AS INTEGER))"),
    Function("codepoint", "s", BIGINT, "unicode({0})"),
    Function("translate", "sss", VARCHAR, "translate({0}, {1}, {2})"),
    Function("normalize", "s", VARCHAR, "nfc_normalize({0})"),
    Function("levenshtein_distance", "ss", BIGINT, "lake_levenshtein({0}, {1})"),
    Function("hamming_distance", "ss", BIGINT, "hamming({0}, {1})"),
    Function("regexp_like", "ss", BOOLEAN, "regexp_matches({0}, {1})"),
    Function("regexp_extract", "ss?i", VARCHAR, _of_group("lake_regexp_extract({0}, {1}, {2})", VARCHAR)),
    Function(
        "regexp_extract_all", "ss?i", Array(VARCHAR), _of_group("regexp_extract_all({0}, {1}, {2})", Array(VARCHAR))
    ),
    Function("regexp_replace", "ss?s", VARCHAR, _replace_pattern),
    Function("regexp_split", "ss", Array(VARCHAR), "regexp_split_to_array({0}, {1})"),
    Function("regexp_count", "ss", BIGINT, "len(regexp_extract_all({0}, {1}))"),
    Function("url_extract_protocol", "s", VARCHAR, "lake_url_part({0}, 1)"),
    Function("url_extract_host", "s", VARCHAR, "lake_url_part({0}, 2)"),
    Function("url_extract_port", "s", BIGINT, "CAST(lake_url_part({0}, 3) AS BIGINT)"),
    Function("url_extract_path", "s", VARCHAR, "lake_url_part({0}, 4)"),
    Function("url_extract_query", "s", VARCHAR, "lake_url_part({0}, 5)"),
    Function("url_extract_fragment", "s", VARCHAR, "lake_url_part({0}, 6)"),
    Function("url_extract_parameter", "ss", VARCHAR, "lake_url_parameter({0}, {1})"),
    Function("url_encode", "s", VARCHAR, "url_encode({0})"),
    Function("url_decode", "s", VARCHAR, "url_decode({0})"),
    Function("to_utf8", "s", VARBINARY, "encode({0})"),
    Function("from_utf8", "x", VARCHAR, "decode({0})"),
    Function("to_base64", "x", VARCHAR, "to_base64({0})"),
    Function("from_base64", "s", VARBINARY, "from_base64({0})"),
    Function("to_hex", "x", VARCHAR, "hex({0})"),
    Function("from_hex", "s", VARBINARY, "unhex({0})"),
    Function("md5", "x", VARBINARY, _bytes_of("md5")),
    Function("sha1", "x", VARBINARY, _bytes_of("sha1")),
    Function("sha256", "x", VARBINARY, _bytes_of("sha256")),
)
