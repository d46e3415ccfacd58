"""What Trino has and the engine lacks, as macros that a worker creates when a statement first needs them.

All names begin with ``lake_``; only the dialect writes them. Macros are text substitution: an argument may be
evaluated more than once, and the engine merges equal expressions. A macro refuses a value by a cast that fails of a
text that begins with ``lake:``; ``query.failures`` shows the user what follows.
"""

from __future__ import annotations

import re

# ::ffff:0.0.0.0, where IPv4 addresses lie among IPv6 ones (RFC 4291, 2.5.5.2).
_IPV4 = "281470681743360::UHUGEINT"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"

_TEXT = (
    "lake_regexp_extract(s, p, g) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END",
    "lake_split_limit(s, d, n) AS CASE WHEN n < 1 "
    "THEN [CAST(CAST('lake: the limit of split is 1 or more, not ' || n AS INTEGER) AS VARCHAR)] "
    "WHEN len(string_split(s, d)) <= n THEN string_split(s, d) "
    "ELSE list_append(string_split(s, d)[1:n - 1], substr(s, 1 + (n - 1) * length(d) + coalesce(CAST(list_sum("
    "list_transform(string_split(s, d)[1:n - 1], lambda p: length(p))) AS BIGINT), 0))) END",
    "lake_split_part(s, d, n) AS CASE WHEN n < 1 THEN NULL "
    "WHEN n <= len(string_split(s, d)) THEN string_split(s, d)[n] END",
    "lake_substr(s, n) AS CASE WHEN n = 0 OR -n > length(s) THEN '' ELSE substr(s, n) END",
    "lake_substr_length(s, n, l) AS CASE WHEN n = 0 OR -n > length(s) OR l <= 0 THEN '' ELSE substr(s, n, l) END",
    "lake_width(n) AS CAST(CASE WHEN n BETWEEN 0 AND 1000000 THEN CAST(n AS VARCHAR) "
    "ELSE 'lake: a width is 0 to 1000000, not ' || n END AS INTEGER)",
    # The engine's own cannot be interrupted; bounded texts end it within a moment.
    "lake_levenshtein(a, b) AS CASE WHEN length(a) > 4096 OR length(b) > 4096 "
    "THEN CAST('lake: levenshtein_distance takes texts of at most 4096 characters, not ' || length(a) AS BIGINT) "
    "ELSE levenshtein(left(a, 4096), left(b, 4096)) END",
    "lake_url_part(u, n) AS nullif(regexp_extract(u, "
    "'^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://(?:[^@/?#]*@)?(\\[[^\\]]*\\]|[^:/?#]*)(?::([0-9]*))?)?([^?#]*)"
    "(?:\\?([^#]*))?(?:#(.*))?$', n), '')",
    # The engine's own cast puts texts with commas, braces and the like in quotes, and escapes quotes in them.
    "lake_map_text(m) AS '{' || array_to_string(list_transform(map_entries(m), lambda e: "
    "CAST(e.key AS VARCHAR) || '=' || coalesce(CAST(e.value AS VARCHAR), 'null')), ', ') || '}'",
    "lake_url_parameter(u, k) AS url_decode(list_extract(list_transform(list_filter(string_split("
    "lake_url_part(u, 5), '&'), lambda p: split_part(p, '=', 1) = k), lambda p: substr(p, length(k) + 2)), 1))",
)

_TIME = (
    # A zone is honoured; without one the text is UTC. (The engine's own cast reads past an offset.)
    "lake_timestamp(s) AS CASE WHEN regexp_matches(s, ':[0-9.]+\\s*[+-][0-9]{2}(:?[0-9]{2})?\\s*$') "
    "THEN timezone('UTC', CAST(s AS TIMESTAMPTZ)) ELSE CAST(s AS TIMESTAMP) END",
    "lake_zone(t, z) AS timezone(z, timezone('UTC', t))",
)

_JSON = (
    "lake_json(s) AS CASE WHEN json_valid(s) THEN CAST(s AS JSON) END",
    "lake_json_text(j) AS json_extract_string(j, '$')",
    "lake_json_scalar(j) AS CASE WHEN json_type(j) NOT IN ('OBJECT', 'ARRAY') THEN json_extract_string(j, '$') END",
    "lake_json_items(j) AS CASE WHEN json_type(j) = 'ARRAY' THEN CAST(j AS JSON[]) END",
    "lake_json_array_get(j, n) AS lake_json_items(j)[CASE WHEN n >= 0 THEN n + 1 ELSE n END]",
    "lake_json_array_texts(j) AS list_transform(list_filter(lake_json_items(j), lambda e: json_type(e) = 'VARCHAR'), "
    "lambda e: json_extract_string(e, '$'))",
    "lake_json_array_numbers(j) AS list_transform(list_filter(lake_json_items(j), "
    "lambda e: json_type(e) IN ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT')), lambda e: CAST(e AS DOUBLE))",
    "lake_json_array_booleans(j) AS list_transform(list_filter(lake_json_items(j), "
    "lambda e: json_type(e) = 'BOOLEAN'), lambda e: CAST(e AS BOOLEAN))",
    "lake_json_size(j) AS CASE json_type(j) WHEN 'OBJECT' THEN len(json_keys(j)) "
    "WHEN 'ARRAY' THEN json_array_length(j) WHEN NULL THEN NULL ELSE CASE WHEN j IS NOT NULL THEN 0 END END",
)

_COLLECTIONS = (
    "lake_any(t) AS CASE WHEN list_contains(t, TRUE) THEN TRUE "
    "WHEN len(list_filter(t, lambda e: e IS NULL)) > 0 THEN NULL WHEN t IS NOT NULL THEN FALSE END",
    "lake_all(t) AS CASE WHEN list_contains(t, FALSE) THEN FALSE "
    "WHEN len(list_filter(t, lambda e: e IS NULL)) > 0 THEN NULL WHEN t IS NOT NULL THEN TRUE END",
    "lake_distinct(a) AS list_filter(a, lambda e, n: coalesce(list_position(a, e) = n, FALSE))",
    "lake_remove(a, v) AS list_filter(a, lambda e: e != v)",
    "lake_except(a, b) AS lake_distinct(list_filter(a, lambda e: NOT list_contains(b, e)))",
    "lake_join(a, d) AS array_to_string(list_filter(CAST(a AS VARCHAR[]), lambda e: e IS NOT NULL), d)",
    # For a separator that differs from row to row, which the engine's own does not take.
    "lake_join_by(a, d) AS substr(list_reduce(list_filter(CAST(a AS VARCHAR[]), lambda e: e IS NOT NULL), "
    "lambda x, y: x || d || y, ''), length(d) + 1)",
    "lake_join_nulls(a, d, n) AS array_to_string(list_transform(CAST(a AS VARCHAR[]), lambda e: coalesce(e, n)), d)",
    "lake_slice(a, n, l) AS CASE WHEN n > 0 THEN a[n:n + l - 1] WHEN n < 0 AND -n <= len(a) "
    "THEN a[len(a) + n + 1:len(a) + n + l] ELSE [] END",
    "lake_repeat(e, n) AS list_transform(range(CASE WHEN n > 10000 "
    "THEN CAST('lake: repeat gives at most 10000 elements, not ' || n AS BIGINT) ELSE n END), lambda i: e)",
    "lake_sequence(a, b, s) AS generate_series(a, CASE WHEN (b - a) / nullif(s, 0) >= 10000 "
    "THEN CAST('lake: sequence gives at most 10000 elements, not to ' || b AS BIGINT) ELSE b END, nullif(s, 0))",
    "lake_dates(a, b, s) AS generate_series(CAST(a AS TIMESTAMP), CASE WHEN b > a + s * 10000 "
    "THEN CAST('lake: sequence gives at most 10000 elements, not to ' || b AS TIMESTAMP) "
    "ELSE CAST(b AS TIMESTAMP) END, s)",
    # Of equal keys the first value is kept; NULL keys are left out.
    # The list is named first: an aggregate cannot stand in the body of a lambda.
    "lake_map(l) AS list_transform([l], lambda a: map_from_entries(list_filter(a, lambda e, n: e.k IS NOT NULL AND "
    "coalesce(list_position(list_transform(a, lambda o: o.k), e.k) = n, FALSE))))[1]",
    "lake_split_to_map(s, d, e) AS map_from_entries(list_transform(string_split(s, d), "
    "lambda p: {'k': split_part(p, e, 1), 'v': substr(p, length(split_part(p, e, 1)) + length(e) + 1)}))",
)

_ADDRESSES = (
    f"lake_ipv4(s) AS CASE WHEN regexp_full_match(s, '{_OCTET}(\\.{_OCTET}){{3}}') THEN {_IPV4} + list_reduce("
    "list_transform(string_split(s, '.'), lambda e: CAST(e AS UHUGEINT)), lambda a, e: a * 256 + e) END",
    # The groups of an IPv6 address without :: , or of one side of it.
    "lake_ipv6_groups(s) AS CASE WHEN s = '' THEN []::UHUGEINT[] ELSE list_transform(string_split(s, ':'), "
    "lambda e: CASE WHEN regexp_full_match(e, '[0-9A-Fa-f]{1,4}') THEN CAST('0x' || e AS UHUGEINT) END) END",
    "lake_ipv6_fill(a, b) AS list_concat(list_concat(a, list_transform(range(8 - len(a) - len(b)), "
    "lambda e: 0::UHUGEINT)), b)",
    "lake_ipv6_all(s) AS CASE WHEN contains(s, '::') THEN CASE WHEN len(string_split(s, '::')) = 2 THEN "
    "lake_ipv6_fill(lake_ipv6_groups(split_part(s, '::', 1)), lake_ipv6_groups(split_part(s, '::', 2))) END "
    "ELSE lake_ipv6_groups(s) END",
    "lake_ipv6_number(g) AS CASE WHEN len(g) = 8 AND len(list_filter(g, lambda e: e IS NULL)) = 0 "
    "THEN list_reduce(g, lambda a, e: a * 65536 + e) END",
    # ::ffff:192.0.2.1: the dotted end as two groups.
    "lake_ipv6_plain(s) AS CASE WHEN contains(s, '.') THEN regexp_extract(s, '^(.*:)[^:]*$', 1) || "
    f"format('{{:x}}:{{:x}}', CAST((lake_ipv4(regexp_extract(s, '[^:]*$')) - {_IPV4}) // 65536 AS BIGINT), "
    f"CAST((lake_ipv4(regexp_extract(s, '[^:]*$')) - {_IPV4}) % 65536 AS BIGINT)) ELSE s END",
    # list_transform([x], lambda v: ...)[1] names a value: each step is evaluated, and written, once.
    "lake_ipv6(s) AS list_transform(list_transform(list_transform([s], lambda x: lake_ipv6_plain(x)), "
    "lambda x: lake_ipv6_all(x)), lambda x: lake_ipv6_number(x))[1]",
    "lake_try_ip(s) AS list_transform([s], lambda x: CASE WHEN contains(x, ':') THEN lake_ipv6(x) "
    "ELSE lake_ipv4(x) END)[1]",
    "lake_ip(s) AS list_transform([{'s': s, 'n': lake_try_ip(s)}], lambda r: CASE WHEN r.s IS NOT NULL AND r.n IS NULL "
    "THEN CAST('lake: this is no IP address: ' || r.s AS UHUGEINT) ELSE r.n END)[1]",
    "lake_ipv4_text(n) AS concat_ws('.', n // 16777216, (n // 65536) % 256, (n // 256) % 256, n % 256)",
    "lake_power(n) AS [1::UHUGEINT, 65536::UHUGEINT, 4294967296::UHUGEINT, 281474976710656::UHUGEINT, "
    "18446744073709551616::UHUGEINT, 1208925819614629174706176::UHUGEINT, "
    "79228162514264337593543950336::UHUGEINT, 5192296858534827628530496329220096::UHUGEINT][n + 1]",
    # RFC 5952: the longest run of zero groups becomes ::, the first one of equals.
    "lake_ipv6_short(s) AS list_transform([s], lambda x: coalesce("
    + ", ".join(f"nullif(regexp_replace(x, '(^|:)0(:0){{{n}}}(:|$)', '::'), x)" for n in range(7, 0, -1))
    + ", x))[1]",
    f"lake_ip_text(a) AS list_transform([a], lambda v: CASE WHEN v >= {_IPV4} AND v < {_IPV4} + 4294967296 "
    f"THEN lake_ipv4_text(CAST(v - {_IPV4} AS BIGINT)) ELSE lake_ipv6_short(array_to_string(list_transform("
    "[1, 2, 3, 4, 5, 6, 7, 8], lambda n: format('{:x}', CAST((v // lake_power(8 - n)) % 65536 AS BIGINT))), ':')) "
    "END)[1]",
    # Network and address are compared after the bits beyond the prefix are divided away.
    "lake_bits(c) AS CASE WHEN regexp_full_match(c, '[^/:]+/([0-9]|[12][0-9]|3[0-2])') "
    "THEN 96 + CAST(split_part(c, '/', 2) AS INTEGER) "
    "WHEN regexp_full_match(c, '[^/]*:[^/]*/([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8])') "
    "THEN CAST(split_part(c, '/', 2) AS INTEGER) "
    "WHEN c IS NOT NULL THEN CAST('lake: this is no network such as 10.0.0.0/8: ' || c AS INTEGER) END",
    "lake_two(n) AS list_reduce(list_prepend(1::UHUGEINT, list_transform(range(n), lambda e: 2::UHUGEINT)), "
    "lambda a, e: a * e)",
    "lake_in_network(c, a) AS list_transform([{'n': lake_ip(split_part(c, '/', 1)), "
    "'d': lake_two(128 - greatest(lake_bits(c), 1)), 'all': lake_bits(c) = 0, 'a': a}], "
    "lambda r: CASE WHEN r.all THEN r.a IS NOT NULL ELSE r.n // r.d = r.a // r.d END)[1]",
)

_DECLARED = (*_TEXT, *_TIME, *_JSON, *_COLLECTIONS, *_ADDRESSES)

# In the order in which they must be run: a macro may use those before it.
MACROS: tuple[str, ...] = tuple(f"CREATE OR REPLACE MACRO {declared}" for declared in _DECLARED)
_BY_NAME = {declared.partition("(")[0]: statement for declared, statement in zip(_DECLARED, MACROS, strict=True)}
_NAMES = re.compile(r"\blake_\w+")


def macros_of(sql: str) -> dict[str, str]:
    """The macros that engine SQL uses, and those that they use: name -> statement, in the order to run them."""
    needed = set(_NAMES.findall(sql))
    for name in reversed(_BY_NAME):
        if name in needed:
            needed.update(_NAMES.findall(_BY_NAME[name]))
    return {name: statement for name, statement in _BY_NAME.items() if name in needed}
