"""What statements are made of in ``sentences``: words, literals, and forms with slots for expressions of a kind.

A kind is a letter as in ``functions.signature`` (``s`` varchar, ``i`` whole number, ``n`` number, ``t`` time, ``b``
boolean, ``j`` json, ``a`` array, ``m`` map, ``x`` varbinary, ``p`` ipaddress, ``.`` anything). ``<s>`` is a slot for
one, ``<column>``, ``<text>``, ``<number>``, ``<whole>``, ``<outsider>`` and ``<query>`` for what they say. Add a form
to a kind to have it tried.
"""

from __future__ import annotations

# fmt: off
STORES = ("trail", "second-trail")
TABLES = (*STORES, "trail", "elsewhere", "t0", "q0", '"/etc/passwd"', "'x.parquet'", "information_schema.tables")
UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")
TEXTS = (
    "a", "GetObject", "us-east-1", "", "%", "a_b%", "(a+)+$", "[", "\\", "true", "12", "1e9", "-1", "'", '"', "UTC",
    "2024-05-01", "2024-05-01T00:00:00Z", "9999-12-31 23:59:59", "10.0.0.0/8", "10.1.2.3", "::1", "2001:db8::/32",
    '{"a": [1, null, {"b": "c"}]}', "[1, 2]", "a=1;b=2", "https://u@h:1/p?q=1#f", "/etc/passwd", "é\u202e",
    "lake: no", "Europe/Vienna", "\U0001f600", "a\nb", "-", "//", "nan", "infinity", "\u0130", "4d2", "00ff", "====",
)
NUMBERS = (
    "0", "1", "2", "3", "7", "10", "-1", "1.5", "1e3", "0.0", "-0.0", "1e308", "2147483647", "2147483648",
    "9223372036854775807", "-9223372036854775807", "123456789012345678901234567890.5", "1e-300",
)
COMPARED = ("=", "<>", "!=", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM")
TIMES = ("'%Y-%m-%d'", "'%H:%i:%s'", "'%W %M %j'", "'%Q'")
JODA = ("'yyyy-MM-dd'", "'HH:mm:ss.SSS'", "'EEEE D Z'", "'''at'' h a'", "'qqq'")
PATHS = ("'$.a'", "'$.a[0].b'", "'$'", "'$[*]'", "'$..b'", "'$[''a b'']'", "'$['", "'$.requestParameters.policy'")

# The forms of each kind, beside columns, literals and the functions that the dialect's tables say give it.
FORMS: dict[str, tuple[str, ...]] = {
    "s": (
        "CAST(<.> AS varchar)", "(<s> || <s>)", "<m>['bucketName']", "element_at(split(<s>, <s>), <i>)",
        "typeof(<.>)", "trim(BOTH 'a' FROM <s>)", "json_extract_scalar(<j>, {path})", "date_format(<t>, {time})",
        "reverse(<s>)", "format_datetime(<t>, {joda})", "substring(<s> FROM <i> FOR <i>)",
        "format('%s %5d %.2f', <s>, <i>, <n>)", "CASE WHEN <b> THEN <s> ELSE <s> END", "if(<b>, <s>, <s>)",
        "coalesce(<s>, <s>)", "nullif(<s>, <s>)", "greatest(<s>, <s>)", "try(<s>)", "array_join(<a>, <s>)",
        "(SELECT max(eventName) FROM trail z)", "lower(<s>)",
        "reduce(ARRAY[<s>, <s>], '', (p, q) -> concat(p, q), p -> p)", "TRY_CAST(<.> AS varchar)", "(<query>)",
        "json_query(<j>, {path})", "regexp_extract(<s>, <text>, <whole>)",
    ),
    "i": (
        "(<i> + <i>)", "(<i> - <i>)", "(<i> * <i>)", "(<i> / <i>)", "(<i> % <i>)", "(- <i>)", "CAST(<n> AS bigint)",
        "CAST(<s> AS bigint)", "TRY_CAST(<s> AS integer)", "abs(<i>)", "mod(<i>, <i>)", "coalesce(<i>, <i>)",
        "EXTRACT({unit} FROM <t>)", "date_diff('{unit}', <t>, <t>)", "cardinality(<a>)", "cardinality(<m>)",
        "sign(<i>)", "(SELECT count(*) FROM trail z)", "CASE <s> WHEN <s> THEN <i> ELSE <i> END",
        "array_position(<a>, <s>)", "json_size(<j>, {path})", "element_at(sequence(<whole>, <i>), <i>)",
        "reduce(sequence(1, 5), 0, (p, q) -> p + q, p -> p)", "round(<i>)", "array_max(sequence(1, <whole>))",
        "if(<b>, <i>)",
    ),
    "n": (
        "(<n> + <n>)", "(<n> - <n>)", "(<n> * <n>)", "(<n> / <n>)", "(<n> % <n>)", "(- <n>)", "CAST(<s> AS double)",
        "CAST(<n> AS decimal(5, 2))", "TRY_CAST(<s> AS double)", "round(<n>, <i>)", "greatest(<n>, <i>)", "<i>",
        "e()", "truncate(<n>)", "ceil(<n>)", "floor(<n>)", "coalesce(<n>, <i>)", "infinity()", "nan()",
    ),
    "t": (
        "(<t> + interval '<whole>' {unit})", "(<t> - interval '<whole>' {unit})", "date_trunc('{unit}', <t>)",
        "date_add('{unit}', <i>, <t>)", "CAST(<s> AS timestamp)", "TRY_CAST(<s> AS timestamp)", "CAST(<t> AS date)",
        "date(<t>)", "date_parse(<s>, {time})", "parse_datetime(<s>, {joda})", "from_unixtime(<n>)",
        "if(<b>, <t>, <t>)", "<t> AT TIME ZONE 'Europe/Vienna'", "at_timezone(<t>, <text>)", "coalesce(<t>, now())",
        "from_iso8601_timestamp(<s>)", "element_at(sequence(<t>, <t>, interval '1' {unit}), 1)",
        "greatest(<t>, <t>)",
    ),
    "b": (
        "<s> {compared} <s>", "<i> {compared} <i>", "<n> {compared} <i>", "<t> {compared} <t>",
        "<t> {compared} <text>", "<s> IN (<s>, <text>, 'a')", "<i> NOT IN (<i>, 1)", "<t> BETWEEN <t> AND <t>",
        "<s> NOT BETWEEN <s> AND <s>", "<s> LIKE <text>", "<s> NOT LIKE <s> ESCAPE '!'", "<.> IS NULL",
        "<.> IS NOT NULL", "(<b> AND <b>)", "NOT (<b>)", "(<b> OR <b>)", "<s> IN (SELECT eventName FROM trail z)",
        "EXISTS (SELECT 1 FROM trail z WHERE z.eventID = <s>)", "any_match(<a>, p -> p = <s>)",
        "none_match(<a>, p -> p IS NULL)", "contains(<a>, <s>)", "<b> = <text>", "<p> = <p>",
        "contains('10.0.0.0/8', <p>)", "regexp_like(<s>, <text>)", "arrays_overlap(<a>, <a>)", "try(<b>)",
        "<j> = <s>", "<s> = ANY (SELECT eventName FROM trail z)", "<i> >= ALL (SELECT hour FROM trail z)",
        "CAST(<s> AS boolean)", "json_array_contains(<j>, <s>)", "json_exists(<j>, {path})", "coalesce(<b>, <b>)",
        "<a> = <a>", "<m> = <m>",
    ),
    "j": (
        "json_extract(<j>, {path})", "json_parse(<text>)", "json_array_get(<j>, <i>)", "CAST(<.> AS json)",
        "eventJson", "CAST(<m> AS json)", "CAST(<a> AS json)", "try(json_parse(<s>))",
        "json_extract(eventJson, {path})",
    ),
    "a": (
        "split(<s>, <text>)", "transform(<a>, p -> <s>)", "filter(<a>, p -> <b>)", "ARRAY[<s>, <s>]",
        "concat(<a>, <a>)", "regexp_extract_all(<s>, <text>)", "array_sort(<a>)", "array_distinct(<a>)",
        "array_union(<a>, <a>)", "array_except(<a>, <a>)", "array_intersect(<a>, <a>)", "slice(<a>, <i>, <i>)",
        "repeat(<s>, <whole>)", "map_keys(<m>)", "map_values(<m>)", "flatten(ARRAY[<a>, <a>])",
        "zip_with(<a>, <a>, (p, q) -> <s>)", "CAST(<j> AS array(varchar))", "array_remove(<a>, <s>)", "reverse(<a>)",
        "regexp_split(<s>, <text>)", "CASE WHEN <b> THEN <a> END", "transform(<a>, p -> coalesce(p, <s>))",
        "coalesce(<a>, ARRAY[])",
    ),
    "m": (
        "map(<a>, <a>)", "split_to_map(<s>, <text>, <text>)", "map_concat(<m>, <m>)",
        "CAST(<j> AS map(varchar, varchar))", "map_filter(<m>, (p, q) -> <b>)",
        "transform_values(<m>, (p, q) -> <s>)", "transform_keys(<m>, (p, q) -> <s>)",
        "map_from_entries(ARRAY[(<s>, <s>)])", "map_from_entries(map_entries(<m>))", "if(<b>, <m>, <m>)",
    ),
    "x": ("to_utf8(<s>)", "from_hex(<text>)", "from_base64(<text>)", "md5(<x>)", "CAST(<s> AS varbinary)"),
    "p": ("CAST(<s> AS ipaddress)", "TRY_CAST(<s> AS ipaddress)", "ipaddress '10.0.0.1'", "coalesce(<p>, <p>)"),
    ".": (
        "ROW(<.>, <.>)", "(<.>, <.>)", "interval '<whole>' {unit}", "userIdentity", "resources", "tlsDetails",
        "NULL", "<s>", "<i>", "<n>", "<t>", "<b>", "<j>", "<a>", "<m>", "<x>", "<p>",
        "CAST(<.> AS row(a varchar, b bigint))", "element_at(resources, <i>)", "CAST(<.> AS {type})",
        "TRY_CAST(<.> AS {type})", "<outsider>(<s>)", "x.eventName",
    ),
}
FILLS: dict[str, tuple[str, ...]] = {
    "path": PATHS, "time": TIMES, "joda": JODA, "unit": UNITS, "compared": COMPARED,
    "type": ("varchar", "bigint", "integer", "double", "boolean", "timestamp", "date", "json", "varbinary", "ipaddress",
             "array(varchar)", "map(varchar, json)", "decimal(5, 2)", "hugeint", "time", '"x"', "array(row(a json))"),
}
LEAVES: dict[str, tuple[str, ...]] = {
    "s": ("<text>",), "i": ("<whole>", "<whole>", "1", "0", "2147483647"), "n": ("<number>", "<whole>"),
    "t": ("now()", "timestamp '2024-05-01 10:00:00'", "date '2024-05-01'", "timestamp '9999-12-31 23:59:59'"),
    "b": ("true", "false", "NULL"), "j": ("json '[1, {\"a\": null}]'", "eventJson"), "p": ("ipaddress '::1'",),
    "a": ("ARRAY['a', NULL]", "ARRAY[<text>]", "ARRAY[]"), "m": ("map(ARRAY['a'], ARRAY['b'])", "requestParameters"),
    "x": ("X'00ff'",), ".": ("NULL", "<text>", "<number>"),
}
AGGREGATES = (
    "count(*)", "count(DISTINCT <s>)", "sum(<i>)", "avg(<n>)", "min(<.>)", "max(<s>, 3)", "max_by(<s>, <t>)",
    "count_if(<b>)", "array_agg(<s> ORDER BY <t>)", "approx_distinct(<s>)", "approx_percentile(<i>, 0.5)",
    "map_agg(<s>, <i>)", "histogram(<s>)", "listagg(<s>, ',') WITHIN GROUP (ORDER BY <t>)",
    "sum(<n>) FILTER (WHERE <b>)", "bool_or(<b>)", "arbitrary(<.>)", "stddev(<n>)", "corr(<n>, <i>)", "set_agg(<s>)",
    "grouping(<column>)", "count(<.>, <.>)", "geometric_mean(<n>)", "approx_percentile(<n>, ARRAY[0.1, 0.9])",
    "min_by(<.>, <i>, 2)", "bitwise_or_agg(<i>)",
)
WINDOWS = (
    "lag(<s>, <i>) OVER (ORDER BY <column>)", "row_number() OVER (ORDER BY <.>)",
    "ntile(<i>) OVER (ORDER BY <column>)", "sum(<i>) OVER (PARTITION BY <column>)", "avg(<n>) OVER ()",
    "max(<t>) OVER (ORDER BY <t> ROWS 2 PRECEDING)",
    "array_agg(<s>) OVER (ORDER BY <i> ROWS BETWEEN <whole> PRECEDING AND <whole> FOLLOWING)",
    "first_value(<s>) IGNORE NULLS OVER (PARTITION BY <s> ORDER BY <t>)",
    "count(*) OVER (ORDER BY <i> RANGE <i> PRECEDING)",
)
# Their arguments must be literals or lambdas: they stand among the forms only.
PARTICULAR = frozenset({
    "transform", "filter", "any_match", "all_match", "none_match", "reduce", "zip_with", "map_filter",
    "transform_keys", "transform_values", "json_extract", "json_extract_scalar", "json_value", "json_query",
    "json_exists", "json_size", "date_format", "date_parse", "format_datetime", "parse_datetime", "date_trunc",
    "date_add", "date_diff", "format",
})
STRANGERS = (
    "SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "UNION", "WITH x AS (", "LATERAL", "UNNEST(", "VALUES",
    "JOIN", "ON", "USING (", "OVER (", "FILTER (WHERE", "CASE", "WHEN", "END", "NOT", "IS", "NULL", "BETWEEN",
    "LIKE", "ESCAPE", "CAST(", "AS", "DISTINCT", "ALL", "ANY", "EXISTS (", "IN (", "ARRAY[", "MAP(", "ROW(",
    "INTERVAL '1' DAY", "->", "=>", "--", "/*", "*/", ";", "DELETE FROM trail", "COPY", "ATTACH", "PIVOT", "QUALIFY",
    "TABLESAMPLE", "RECURSIVE", "EXCLUDE", "REPLACE (", "COLUMNS(", "::", "$$", "E'", "U&'", "X'", "lambda x:",
    "{'a':", "t0", "lake_ip(", "c0", "TABLE", "INTO", "FOR UPDATE", "GROUPING SETS (", "ROLLUP (", "WINDOW w AS (",
    "FETCH FIRST", "OFFSET", "WITHIN GROUP (", "IGNORE NULLS", "ONLY", "AT",
)
CHARACTERS = "()[]{}'\"`;,.*%-+/<>=!@#$:?|&^~\\ \n\taZ0_\u200b\u00a0\uff07\u0435\x00\x1b\U0001f600\u0130"
# fmt: on
