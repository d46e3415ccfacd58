-- Statements that the dialect may well let through, and that must then be answered within the limits of a query, or end with an error: add yours anywhere, one
-- a line; refused.sql says how lines are written. What comes to its time limit costs a second each time the suite runs.
-- Strings of gigabytes.
SELECT length(array_join(repeat('a', 1000000000), ''))
SELECT length(lpad('x', 2000000000, 'ab'))
SELECT length(rpad('x', 2147483647, 'ab'))
SELECT length(lpad('x', 1000000, 'ab'))
SELECT length(lpad('x', -1, 'ab'))
SELECT length(lpad('x', 10, ''))
SELECT length(lpad(lpad('x', 1000000, 'a'), 1000000, 'b'))
SELECT length(array_join(repeat(rpad('x', 1000000, 'y'), 10000), ''))
SELECT length(array_join(transform(sequence(1, 10000), x -> rpad('x', 1000000, 'y')), ','))
SELECT length(replace(rpad('x', 1000000, 'x'), 'x', rpad('y', 1000000, 'y')))
SELECT length(regexp_replace(rpad('x', 1000000, 'x'), 'x', rpad('y', 1000, 'y')))
SELECT length(replace(rpad('x', 1000000, 'x'), 'x', rpad('y', 100, 'y')))
SELECT length(translate(rpad('x', 1000000, 'x'), 'x', rpad('y', 1000000, 'y')))
SELECT length(reduce(sequence(1, 60), 'ab', (s, x) -> s || s, s -> s))
SELECT length(reduce(sequence(1, 10000), '', (s, x) -> s || rpad('x', 1000000, 'y'), s -> s))
SELECT length(format('%1000s', 'x'))
SELECT format('%2000000000d', 1)
SELECT format('%.2000000000f', 1e0)
SELECT format('%*d', 2000000000, 1)
SELECT format('<%1000s x 500>', <'x',  x 499>'x')
SELECT length(url_encode(rpad('x', 1000000, '/')))
SELECT length(to_hex(to_utf8(rpad('x', 1000000, '/'))))
SELECT length(to_base64(to_utf8(array_join(repeat(rpad('x', 1000000, 'y'), 1000), ''))))
SELECT length(<concat( x 30>'a'<, rpad('x', 1000000, 'y')) x 30>)
SELECT length(concat(<rpad('x', 1000000, 'y'), x 300>'z'))
SELECT listagg(rpad('x', 1000000, 'y'), ',') FROM trail a, trail b, trail c
SELECT listagg(a.eventJson, ',') FROM trail a, trail b
SELECT length(upper(array_join(repeat(rpad('x', 1000000, 'y'), 10000), '')))
SELECT length(reverse(array_join(repeat(rpad('x', 1000000, 'y'), 10000), '')))
SELECT length(normalize(array_join(repeat(rpad('x', 1000000, 'y'), 10000), '')))
SELECT md5(to_utf8(array_join(repeat(rpad('x', 1000000, 'y'), 10000), '')))
SELECT length(trim(array_join(repeat(rpad(' ', 1000000, ' '), 10000), '')))
-- Arrays and maps without end.
SELECT cardinality(sequence(1, 9223372036854775807))
SELECT cardinality(sequence(1, 10001))
SELECT cardinality(sequence(1, 10000))
SELECT sequence(1, 10, 0)
SELECT sequence(-9223372036854775807, 9223372036854775807, 9223372036854775807)
SELECT sequence(timestamp '0001-01-01', timestamp '9999-12-31', interval '1' second)
SELECT sequence(date '0001-01-01', date '9999-12-31')
SELECT sequence(timestamp '2024-01-01', timestamp '2024-01-02', interval '0' second)
SELECT sequence(timestamp '2024-01-01', timestamp '2020-01-02', interval '-1' day)
SELECT repeat('a', 10001)
SELECT repeat('a', -1)
SELECT cardinality(flatten(repeat(sequence(1, 10000), 10000)))
SELECT cardinality(flatten(repeat(flatten(repeat(sequence(1, 10000), 10000)), 10000)))
SELECT cardinality(<concat( x 25>sequence(1, 10000)<, sequence(1, 10000)) x 25>)
SELECT cardinality(reduce(sequence(1, 40), ARRAY[1, 2], (s, x) -> concat(s, s), s -> s))
SELECT cardinality(transform(sequence(1, 10000), x -> sequence(1, 10000)))
SELECT cardinality(transform(sequence(1, 10000), x -> transform(sequence(1, 10000), y -> transform(sequence(1, 10000), z -> z))))
SELECT cardinality(array_distinct(flatten(transform(sequence(1, 10000), x -> sequence(1, 10000)))))
SELECT cardinality(array_except(sequence(1, 10000), sequence(2, 10000)))
SELECT cardinality(array_distinct(sequence(1, 10000)))
SELECT cardinality(array_intersect(sequence(1, 10000), sequence(1, 10000)))
SELECT cardinality(array_sort(flatten(transform(sequence(1, 10000), x -> sequence(1, 10000)))))
SELECT cardinality(map(sequence(1, 10000), sequence(1, 10000)))
SELECT cardinality(map_concat(<map(sequence(1, 10000), sequence(1, 10000)),  x 100>map()))
SELECT map(ARRAY[1, 1], ARRAY[1, 2])
SELECT map(ARRAY[1], ARRAY[1, 2])
SELECT map(ARRAY[NULL], ARRAY[1])
SELECT cardinality(split(rpad('x', 1000000, 'x'), ''))
SELECT cardinality(split(rpad('x', 1000000, ','), ','))
SELECT cardinality(split_to_map(array_join(transform(sequence(1, 10000), x -> CAST(x AS varchar)), '=1;'), ';', '='))
SELECT cardinality(regexp_extract_all(rpad('x', 1000000, 'x'), '.'))
SELECT cardinality(regexp_split(rpad('x', 1000000, 'x'), ''))
SELECT array_agg(a.eventJson) FROM trail a, trail b, trail c
SELECT cardinality(array_agg(a.eventJson)) FROM trail a, trail b, trail c, trail d
SELECT map_agg(a.eventID, b.eventJson) FROM trail a, trail b, trail c
SELECT cardinality(histogram(a.eventID || b.eventID || c.eventID || d.eventID)) FROM trail a, trail b, trail c, trail d
SELECT cardinality(set_agg(random())) FROM trail a, trail b, trail c, trail d
SELECT max(a.eventJson, 1000000) FROM trail a, trail b, trail c
SELECT min_by(a.eventJson, b.eventID, 2000000000) FROM trail a, trail b
SELECT max(eventName, -1) FROM trail
SELECT max(eventName, 9223372036854775807) FROM trail
SELECT approx_percentile(hour, ARRAY[<0.5, x 1500>0.5]) FROM trail
SELECT approx_percentile(hour, 2) FROM trail
SELECT array_agg(a.eventJson) OVER () FROM trail a, trail b
SELECT listagg(a.eventJson) WITHIN GROUP (ORDER BY b.eventID) FROM trail a, trail b, trail c
SELECT element_at(ARRAY[1], 9223372036854775807)
SELECT element_at(ARRAY[1], -9223372036854775807)
SELECT slice(ARRAY[1], 9223372036854775807, 9223372036854775807)
SELECT slice(ARRAY[1], -9223372036854775807, 1)
SELECT array_join(ARRAY[1], NULL)
SELECT ARRAY[<'a', x 2400>'b']
SELECT cardinality(zip_with(sequence(1, 10000), sequence(1, 10000), (x, y) -> rpad('x', 1000000, 'y')))
SELECT cardinality(transform_values(map(sequence(1, 10000), sequence(1, 10000)), (k, v) -> rpad('x', 1000000, 'y')))
-- Joins, sorts and windows without end.
SELECT count(*) FROM trail a, trail b, trail c, trail d, trail e, trail f, trail g
SELECT count(*) FROM <trail,  x 30>trail
SELECT a.eventJson FROM trail a, trail b, trail c, trail d ORDER BY random()
SELECT DISTINCT a.eventID || b.eventID || c.eventID || d.eventID FROM trail a, trail b, trail c, trail d
SELECT count(*) FROM trail a, UNNEST(sequence(1, 10000)) AS x(n), UNNEST(sequence(1, 10000)) AS y(m), UNNEST(sequence(1, 10000)) AS z(o)
SELECT sum(a.n * b.n) FROM UNNEST(sequence(1, 10000)) AS a(n), UNNEST(sequence(1, 10000)) AS b(n), UNNEST(sequence(1, 10000)) AS c(n) GROUP BY a.n, b.n, c.n
SELECT rank() OVER (ORDER BY a.eventJson, b.eventJson, c.eventJson) FROM trail a, trail b, trail c
SELECT sum(hour) OVER (ORDER BY hour RANGE BETWEEN 1000000000 PRECEDING AND 1000000000 FOLLOWING) FROM trail
SELECT count(*) FROM trail a WHERE EXISTS (SELECT 1 FROM trail b, trail c, trail d, trail e WHERE b.eventID > a.eventID AND c.eventName || d.eventName = e.eventID)
SELECT (SELECT max(b.eventJson || c.eventJson || d.eventJson) FROM trail b, trail c, trail d WHERE b.eventID <> a.eventID) FROM trail a
WITH a AS (SELECT 1 AS n FROM trail), b AS (SELECT 1 AS n FROM a, a x), c AS (SELECT 1 AS n FROM b, b x), d AS (SELECT 1 AS n FROM c, c x) SELECT count(*) FROM d
WITH a AS (SELECT x.eventJson AS j FROM trail x, trail y, trail z) SELECT count(DISTINCT p.j || q.j) FROM a p, a q
SELECT * FROM trail a, trail b, trail c, trail d
SELECT a.eventJson || b.eventJson || c.eventJson FROM trail a, trail b, trail c, trail d
SELECT eventName FROM trail UNION ALL <SELECT eventName FROM trail UNION ALL  x 60>SELECT eventName FROM trail
SELECT <eventName,  x 700>1 FROM trail
SELECT <*,  x 300>1 FROM trail
SELECT count(*) FROM trail GROUP BY CUBE (eventName, eventSource, awsRegion, eventID, requestID, userAgent, errorCode, sourceIPAddress, hour, calendarday, readOnly, eventType)
SELECT count(*) FROM trail GROUP BY CUBE (<eventName,  x 70>eventName)
SELECT count(*) FROM trail GROUP BY GROUPING SETS (<(eventName),  x 700>(eventName))
SELECT eventName FROM trail WHERE <eventName = 'a' OR  x 500>true
SELECT eventName FROM trail WHERE eventName IN (<'abc', x 1600>'a')
SELECT eventName FROM trail WHERE eventName IN (<lower('a'), x 900>'a')
SELECT eventName FROM trail WHERE eventName LIKE '<%a x 2000>'
SELECT count(*) FROM trail WHERE rpad(eventName, 1000000, 'a') LIKE '<%a x 2000>b'
SELECT CASE <WHEN true THEN 1  x 550>END
SELECT coalesce(<NULL,  x 1500>1)
SELECT greatest(<1,  x 3000>1)
SELECT <'a' ||  x 1400>'b'
SELECT <1 +  x 20>1
SELECT 1 FROM trail LIMIT 9223372036854775807 OFFSET 9223372036854775807
SELECT 1 FROM trail OFFSET 9223372036854775807
VALUES <(1),  x 1900>(1)
SELECT * FROM (VALUES <(1, 'a'),  x 900>(1, 'b')) AS v(a, b)
SELECT * FROM trail t1, trail t2, trail t3 WHERE t1.eventID = t2.eventID
SELECT eventName FROM trail ORDER BY <eventName,  x 900>1
SELECT sum(1) OVER (PARTITION BY <eventName,  x 900>1) FROM trail
-- Functions that take their time.
SELECT levenshtein_distance(rpad('a', 1000000, 'a'), rpad('b', 1000000, 'b'))
SELECT levenshtein_distance(rpad('a', 4096, 'a'), rpad('b', 4096, 'b'))
SELECT sum(levenshtein_distance(rpad(a.eventJson, 4096, 'a'), rpad(b.eventID, 4096, 'b'))) FROM trail a, trail b
SELECT hamming_distance(rpad('a', 1000000, 'a'), rpad('b', 1000000, 'b'))
SELECT regexp_like(rpad('a', 1000000, 'a'), '(a+)+$')
SELECT regexp_like(rpad('a', 1000000, 'a') || 'b', '^(a|aa)+$')
SELECT regexp_like(rpad('a', 100000, 'a'), '(.*a){20}b')
SELECT regexp_like('a', '<( x 900>a<)* x 900>')
SELECT regexp_like('a', '<(a x 1000>')
SELECT regexp_like('a', '(((a{1000}){1000}){1000}){1000}')
SELECT regexp_like('a', 'a{1000}{1000}')
SELECT regexp_like(rpad('a', 1000000, 'a'), '(x{0,999}){0,999}y')
SELECT regexp_like('a', '[<a-z x 1000>]')
SELECT regexp_like('a', '\p{L}<\pL x 900>')
SELECT regexp_like('a', '(?=a)')
SELECT regexp_like('a', '(a)\1')
SELECT regexp_like('a', '<a| x 2000>')
SELECT regexp_replace(rpad('a', 1000000, 'a'), '(a*)*', '$1$1$1$1')
SELECT regexp_replace('a', '(a)', '$9')
SELECT regexp_replace('a', '(a)', '\1\2\9')
SELECT regexp_extract('a', '(a)', 9)
SELECT regexp_count(rpad('a', 1000000, 'a'), '')
SELECT strpos(rpad('a', 1000000, 'a'), rpad('a', 999999, 'a') || 'b')
SELECT sum(strpos(rpad(a.eventJson, 1000000, 'a'), rpad('a', 500000, 'a') || 'b')) FROM trail a, trail b
SELECT contains('10.0.0.0/99', '10.0.0.1')
SELECT contains('10.0.0.0/-1', '10.0.0.1')
SELECT contains('10.0.0.0/2147483648', '10.0.0.1')
SELECT contains('::/999999999', '::1')
SELECT contains('10.0.0.0', '10.0.0.1')
SELECT contains('x/8', '10.0.0.1')
SELECT CAST('<1. x 900>1' AS ipaddress)
SELECT CAST('<: x 3000>' AS ipaddress)
SELECT CAST('1::2::3' AS ipaddress)
SELECT power(10, 400)
SELECT power(-1, 0.5)
SELECT power(0, -1)
SELECT exp(1000)
SELECT sqrt(-1)
SELECT ln(0)
SELECT ln(-1)
SELECT log(0, 0)
SELECT log(1, 5)
SELECT cbrt(-27)
SELECT asin(2)
SELECT tan(1e308)
SELECT round(1.5, 2147483647)
SELECT round(1.5, -2147483648)
SELECT round(123456789, 9223372036854775807)
SELECT bitwise_left_shift(1, 9223372036854775807)
SELECT bitwise_left_shift(-1, 1)
SELECT bitwise_right_shift(1, -1)
SELECT bit_count(-1, 64)
SELECT chr(-1)
SELECT chr(1114112)
SELECT chr(55296)
SELECT chr(9223372036854775807)
SELECT chr(0)
SELECT codepoint('')
SELECT random(0)
SELECT random(-5)
SELECT random(9223372036854775807)
SELECT uuid() FROM trail
SELECT from_utf8(X'ff')
SELECT from_hex('zz')
SELECT from_hex('a')
SELECT from_base64('=')
SELECT from_base64('aaaaa')
SELECT url_decode('%zz')
SELECT url_decode('%')
SELECT url_decode('%ff')
SELECT url_extract_port('http://a:99999999999999999999/')
SELECT url_extract_parameter('<?a=1& x 900>', 'a')
SELECT translate('a', 'a', '')
SELECT normalize('<U+0065><U+0301>')
SELECT split('a', 'b', 0)
SELECT split('a', 'b', -9223372036854775807)
SELECT split_part('a', 'b', 9223372036854775807)
SELECT substr('a', 9223372036854775807, 9223372036854775807)
SELECT substr('a', -9223372036854775807)
SELECT concat_ws(NULL, 'a')
SELECT length(from_utf8(from_hex(rpad('4', 1000000, '41'))))
SELECT json_size('[]', '$')
SELECT approx_distinct(eventName, 1000) FROM trail
SELECT geometric_mean(-1) FROM trail
SELECT stddev(1e308) FROM trail
SELECT avg(1e308) FROM trail
SELECT sum(9223372036854775807) FROM trail
SELECT sum(1e308) FROM trail
SELECT sum(CAST('nan' AS double)) FROM trail
SELECT corr(1, 1) FROM trail
SELECT kurtosis(infinity()) FROM trail
SELECT ntile(0) OVER () FROM trail
SELECT ntile(-1) OVER () FROM trail
SELECT lag(eventName, -9223372036854775807) OVER (ORDER BY eventID) FROM trail
SELECT nth_value(eventName, 0) OVER (ORDER BY eventID) FROM trail
SELECT sum(1) OVER (ORDER BY eventID ROWS BETWEEN 9223372036854775807 PRECEDING AND 9223372036854775807 FOLLOWING) FROM trail
SELECT sum(1) OVER (ORDER BY eventID ROWS BETWEEN -1 PRECEDING AND CURRENT ROW) FROM trail
SELECT sum(1) OVER (ORDER BY hour RANGE BETWEEN eventName PRECEDING AND CURRENT ROW) FROM trail
-- JSON that is deep, wide or none.
SELECT json_parse('<[ x 2000>')
SELECT json_parse('<[ x 2000><] x 2000>')
SELECT json_parse('<{"a": x 900>1<} x 900>')
SELECT json_extract('<[ x 2000><] x 2000>', '$<[0] x 1500>')
SELECT json_extract(eventJson, '$<.a x 2000>') FROM trail
SELECT json_extract(eventJson, '$<..a x 500>') FROM trail
SELECT json_extract(eventJson, '$<[*] x 900>') FROM trail
SELECT json_extract(eventJson, '$[99999999999999999999]') FROM trail
SELECT json_extract(eventJson, '$[-99999999999999999999]') FROM trail
SELECT json_extract(eventJson, '$.<U+0027><U+0027>') FROM trail
SELECT json_extract_scalar('{"a": "\u0000"}', '$.a')
SELECT json_extract_scalar('{"a": "\ud800"}', '$.a')
SELECT json_extract('{"a": 1e999}', '$.a')
SELECT json_extract('{"a": 123456789012345678901234567890}', '$.a')
SELECT json_parse('nan')
SELECT json_parse('')
SELECT json_parse('1 2')
SELECT CAST(json_parse('{"a": 1, "a": 2}') AS map(varchar, varchar))
SELECT CAST(json_parse('[1, "a", {}]') AS array(bigint))
SELECT CAST(json_parse('{"a": {"b": 1}}') AS row(a row(b row(c bigint))))
SELECT CAST(json_parse('1') AS <array( x 30>bigint<) x 30>)
SELECT json_parse(array_join(repeat('[', 10000), '') || array_join(repeat(']', 10000), ''))
SELECT json_format(reduce(sequence(1, 10000), json '1', (s, x) -> CAST(ARRAY[s] AS json), s -> s))
SELECT json_parse('[' || array_join(repeat('1', 10000), ',') || ']')
SELECT json_extract(rpad('[', 1000000, '['), '$[0]')
SELECT json_array_contains(rpad('[', 1000000, '1,') || '1]', 1)
SELECT json_array_length('{}')
SELECT json_array_get('[1]', 9223372036854775807)
SELECT CAST(CAST(userIdentity AS json) AS varchar) FROM trail
SELECT CAST(requestParameters AS json) FROM trail
-- Times at their ends, divisions and casts that trap.
SELECT timestamp '9999-12-31 23:59:59.999999' + interval '1' second
SELECT timestamp '0001-01-01 00:00:00' - interval '1' day
SELECT now() + interval '999999999' year
SELECT now() - interval '9999999999999999' second
SELECT now() + interval '2147483647' month
SELECT interval '9223372036854775807' second
SELECT interval '9223372036854775807' millisecond * 9223372036854775807
SELECT eventTime + interval '300000' year FROM trail
SELECT date_add('year', 9223372036854775807, eventTime) FROM trail
SELECT date_add('millisecond', -9223372036854775807, eventTime) FROM trail
SELECT date_add('quarter', 2147483647, eventTime) FROM trail
SELECT date_add('day', hour * 9999999999, eventTime) FROM trail
SELECT date_diff('millisecond', timestamp '0001-01-01 00:00:00', timestamp '9999-12-31 23:59:59')
SELECT from_unixtime(9223372036854775807)
SELECT from_unixtime(-9223372036854775807)
SELECT from_unixtime(1e308)
SELECT from_unixtime(nan())
SELECT from_unixtime(hour * 9223372036854775) FROM trail
SELECT from_unixtime(0, 'Nowhere/Land')
SELECT from_unixtime(0, '../../../../etc/passwd')
SELECT at_timezone(eventTime, '/etc/passwd') FROM trail
SELECT at_timezone(eventTime, eventName) FROM trail
SELECT eventTime AT TIME ZONE '+99:99' FROM trail
SELECT to_unixtime(timestamp '9999-12-31 23:59:59')
SELECT date_trunc('day', timestamp '0001-01-01 00:00:00')
SELECT date_trunc('week', date '0001-01-01')
SELECT last_day_of_month(date '9999-12-31')
SELECT date_format(eventTime, '<%W x 3000>') FROM trail
SELECT date_format(eventTime, '%') FROM trail
SELECT date_parse('99999-99-99', '%Y-%m-%d')
SELECT date_parse('', '')
SELECT date_parse(eventName, '<%Y x 900>') FROM trail
SELECT parse_datetime('2024', 'yyyy')
SELECT format_datetime(eventTime, '<y x 900>') FROM trail
SELECT from_iso8601_timestamp('2024-02-30T00:00:00Z')
SELECT from_iso8601_timestamp(eventName) FROM trail
SELECT CAST('2024-05-01 24:00:00' AS timestamp)
SELECT CAST('999999-01-01' AS date)
SELECT CAST('-0001-01-01' AS date)
SELECT CAST(eventName AS timestamp) FROM trail
SELECT eventTime > '9999-12-31' FROM trail
SELECT eventTime > timestamp '0001-01-01 00:00:00' FROM trail
SELECT eventName FROM trail WHERE date(eventTime) <= date '9999-12-31'
SELECT eventName FROM trail WHERE calendarday = 99999999
SELECT eventName FROM trail WHERE calendarday IN (0, -1, 20240501)
SELECT 1 / 0
SELECT 1 % 0
SELECT 1.0 / 0
SELECT 1e0 / 0
SELECT 0e0 / 0e0
SELECT mod(1, 0)
SELECT hour / (hour - hour) FROM trail
SELECT -9223372036854775808
SELECT -(-9223372036854775807 - 1)
SELECT abs(-9223372036854775807 - 1)
SELECT (-9223372036854775807 - 1) / -1
SELECT (-9223372036854775807 - 1) % -1
SELECT 9223372036854775807 + 1
SELECT 9223372036854775807 * 9223372036854775807
SELECT hour * 9223372036854775807 FROM trail
SELECT 2147483647 + 1
SELECT CAST(9223372036854775807 AS integer)
SELECT CAST(1e308 AS bigint)
SELECT CAST(nan() AS bigint)
SELECT CAST(infinity() AS integer)
SELECT CAST('1e400' AS double)
SELECT CAST('<9 x 400>' AS bigint)
SELECT CAST('<9 x 400>' AS double)
SELECT CAST('<9 x 400>' AS decimal(38, 0))
SELECT CAST(1 AS decimal(0, 0))
SELECT CAST(1 AS decimal(99, 99))
SELECT CAST(123456 AS decimal(3, 2))
SELECT CAST('x' AS boolean)
SELECT CAST(eventName AS boolean) FROM trail
SELECT CAST(eventJson AS bigint) FROM trail
SELECT CAST(eventJson AS double) FROM trail
SELECT CAST(rpad('x', 1000000, 'y') AS bigint)
SELECT CAST(X'00ff' AS varchar)
SELECT CAST(ARRAY[1] AS varchar)
SELECT CAST(resources AS varchar) FROM trail
SELECT CAST(ROW(1, 'a') AS row(a varchar, b bigint))
SELECT CAST(NULL AS row(a varchar))
SELECT <9 x 300>
SELECT 1e308 * 10
SELECT <9 x 300>.<9 x 300>
SELECT 1e-400
SELECT 99999999999999999999999999999999999999999999999999999999
SELECT time '25:00'
SELECT ipaddress 'getenv'
SELECT interval '1 day'
-- Names that look like something else, and text that stays text.
SELECT 'SELECT * FROM read_text(''{canary}'')'
SELECT '{canary}'
SELECT eventName AS "getenv('HOME')" FROM trail
SELECT eventName AS "'; DROP VIEW t0; --" FROM trail
SELECT 1 AS "t0", 2 AS "c0", 3 AS "__x"
SELECT 1 AS """"
SELECT x.eventName FROM trail AS "read_text('{canary}')", trail x
SELECT "read_text".eventName FROM trail AS read_text
SELECT "glob".eventName FROM trail AS "glob"
WITH t0 AS (SELECT 1 AS a) SELECT * FROM t0
WITH "{canary}" AS (SELECT 1 AS a) SELECT * FROM "{canary}"
WITH read_text AS (SELECT 1 AS a) SELECT * FROM read_text
WITH trail AS (SELECT 1 AS a) SELECT * FROM trail
WITH duckdb_settings AS (SELECT 1 AS name) SELECT * FROM duckdb_settings
SELECT t0.eventName FROM trail t0
SELECT s0.n FROM (SELECT 1 AS n) AS s0
SELECT transform(ARRAY[1], t0 -> t0 + 1)
SELECT transform(ARRAY[1], "getenv('x')" -> "getenv('x')")
SELECT transform(ARRAY[1], p0_0 -> transform(ARRAY[2], p1_0 -> p0_0 + p1_0))
SELECT 'lake: nobody said this', CAST('lake: nobody said this' AS bigint)
SELECT CAST('0x1F' AS bigint)
SELECT '<U+202E>txt.exe', '<U+200B>', '<U+FEFF>'
SELECT '<U+000A><U+000D><U+0009><U+001B>[2J'
SELECT '\', '\''', '\n'
SELECT '$1', '?', ':x', '${x}', '{{ x }}', '%s', '{}'
SELECT eventName FROM trail -- ; DROP VIEW t0
SELECT eventName /* ; DROP VIEW t0 */ FROM trail
SELECT eventName FROM trail;
SELECT eventName FROM TRAIL
SELECT eventName FROM "trail"
SELECT "EVENTNAME" FROM trail
SELECT eventName FROM trail WHERE eventName = 'x' OR 1 = 1 --'
SELECT eventName FROM trail WHERE eventName = '{canary}'
SELECT eventName FROM trail WHERE eventName LIKE '\' ESCAPE '\'
SELECT eventName FROM trail WHERE eventName LIKE 'a' ESCAPE ''
SELECT eventName FROM trail WHERE eventName LIKE 'a' ESCAPE 'ab'
SELECT eventName FROM trail WHERE eventName LIKE '!' ESCAPE '!'
SELECT deliveryid, deliveryordinal, calendarday, hour, eventidconflict FROM trail
SELECT * FROM unnest(ARRAY[1])
SELECT row(1, 2) = row(1, 2, 3)
SELECT typeof(userIdentity), typeof(NULL), typeof(ARRAY[]) FROM trail
SELECT format('%%d %s', 'x')
SELECT format('{}', 1)
SELECT eventName FROM trail LIMIT 0
SELECT count(*) FROM "second-trail"
SELECT 1 AS "<a x 9000>"
SELECT '<a x 9900>'
-- What the parser would read twice at each level.
SELECT <ARRAY[ x 31>1<] x 31>
SELECT <ROW( x 31>1<) x 31>
SELECT <ARRAY[ROW( x 15>1<)] x 15> FROM trail WHERE <ARRAY[ x 20>1<] x 20> IS NOT NULL
SELECT CAST(NULL AS <ROW(a ARRAY( x 15>INTEGER<)) x 15>)
SELECT TRY_CAST(eventName AS <ARRAY( x 30>VARCHAR<) x 30>) FROM trail
-- Names of a row's fields are the user's, and stay names.
SELECT CAST(NULL AS row("a"" integer)) AS x, getenv('CANARY') AS y, CAST(NULL AS STRUCT(""b" integer))
SELECT CAST(CAST(ROW(1) AS row("a'), getenv('CANARY'), struct_extract(row_(1), 'x" integer)) AS row(b varchar))
SELECT * FROM UNNEST(CAST(ARRAY[ROW(1, 2)] AS array(row("a') AS c, (SELECT content FROM read_text('{canary}')) AS d, ('" integer, "b""" integer))))
SELECT CAST(ROW(1) AS row("a' b"" c" integer))."a' b"" c"
SELECT CAST(ROW(1) AS row("\" integer))
-- Types that do not go together, seen by the engine alone.
SELECT contains(array_except(concat(ARRAY[], eventContext.tagContext.resourceTags), map_keys(requestParameters)), TRUE) FROM trail
-- What is mentioned several times is not written several times at each level; nor is what the engine does so waited for.
SELECT <CAST( x 20>ROW(1, 2, 3)< AS row(a bigint, b bigint, c bigint)) x 20>
SELECT <CAST( x 24>MAP(ARRAY['a'], ARRAY[ROW(1)])< AS map(varchar, row(a bigint))) x 24>
SELECT CAST(ROW(ROW(ROW(ROW(1, 2), 3), 4), 5) AS row(a row(b row(c row(d varchar, e varchar), f varchar), g varchar), h varchar))
SELECT <CASE  x 30>eventName< WHEN 'x' THEN 'a' WHEN 'y' THEN 'b' END x 30> FROM trail
SELECT CASE <nullif( x 12>eventName<, 'x') x 12>< WHEN 'a' THEN 'b' x 300> END FROM trail
SELECT <nullif( x 31>eventName<, 'x') x 31> FROM trail
SELECT <greatest( x 30>eventName<, 'x') x 30> FROM trail
SELECT <CAST( x 30>eventName< BETWEEN 'a' AND 'b' AS varchar) x 30> FROM trail
SELECT <CAST( x 30>eventName< IN ('a', 'b') AS varchar) x 30> FROM trail
SELECT <split_part( x 31>eventName<, 'x', 1) x 31> FROM trail
SELECT <split( x 15>eventName<, 'x', 3)[1] x 15> FROM trail
SELECT <sum(1) OVER w, x 600>1 FROM trail WINDOW w AS (PARTITION BY <nullif( x 11>eventName<, 'x') x 11>)
-- Stars of stars, and rows of rows: columns and fields in the millions.
SELECT * FROM (SELECT <*, x 400>1 FROM (SELECT <*, x 400>1 FROM (SELECT <*, x 400>1 FROM trail) AS a) AS b) AS c
SELECT <*, x 4000>1 FROM trail
SELECT <t.*, x 1500>1 FROM trail AS t
WITH a AS (SELECT ROW(1, 2) AS x), b AS (SELECT ROW(x, x, x, x, x, x, x, x) AS x FROM a), c AS (SELECT ROW(x, x, x, x, x, x, x, x) AS x FROM b), d AS (SELECT ROW(x, x, x, x, x, x, x, x) AS x FROM c), e AS (SELECT ROW(x, x, x, x, x, x, x, x) AS x FROM d), f AS (SELECT ROW(x, x, x, x, x, x, x, x) AS x FROM e), g AS (SELECT ROW(x, x, x, x, x, x, x, x) AS x FROM f), h AS (SELECT ROW(x, x, x, x, x, x, x, x) AS x FROM g), i AS (SELECT ROW(x, x, x, x, x, x, x, x) AS x FROM h) SELECT x, x = x, CAST(x AS varchar) FROM i
WITH a AS (SELECT ROW(1, 2) AS x), b AS (SELECT MAP(ARRAY[1], ARRAY[ROW(x, x, x, x, x, x, x, x)]) AS x FROM a), c AS (SELECT MAP(ARRAY[1], ARRAY[ROW(x, x, x, x, x, x, x, x)]) AS x FROM b), d AS (SELECT MAP(ARRAY[1], ARRAY[ROW(x, x, x, x, x, x, x, x)]) AS x FROM c), e AS (SELECT MAP(ARRAY[1], ARRAY[ROW(x, x, x, x, x, x, x, x)]) AS x FROM d), f AS (SELECT MAP(ARRAY[1], ARRAY[ROW(x, x, x, x, x, x, x, x)]) AS x FROM e) SELECT x = x FROM f
