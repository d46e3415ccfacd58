-- One attempt a line. All of them must be refused before any engine sees them.
SELECT * FROM read_text('/etc/passwd')
SELECT * FROM 'file.parquet'
SELECT * FROM "/etc/passwd"
SELECT * FROM read_csv('x') AS t
SELECT * FROM TABLE(read_csv('x'))
SELECT getenv('HOME')
SELECT current_setting('memory_limit')
SELECT * FROM duckdb_settings()
SELECT * FROM duckdb_settings
SELECT * FROM information_schema.tables
SELECT * FROM pragma_version()
SELECT * FROM glob('*')
WITH x AS (DELETE FROM trail RETURNING *) SELECT * FROM x
WITH x AS (INSERT INTO trail VALUES (1)) SELECT * FROM x
WITH x AS (UPDATE trail SET eventName = 'x' RETURNING *) SELECT * FROM x
WITH RECURSIVE x AS (SELECT 1 UNION ALL SELECT 1 FROM x) SELECT * FROM x
DELETE FROM trail
INSERT INTO trail SELECT * FROM trail
CREATE TABLE x AS SELECT 1
DROP TABLE trail
COPY trail TO '/tmp/x'
COPY (SELECT 1) TO '/tmp/x'
ATTACH '/tmp/x'
EXPORT DATABASE '/tmp/x'
INSTALL httpfs
LOAD httpfs
SET memory_limit = '1GB'
PRAGMA database_list
CALL pragma_version()
EXPLAIN SELECT 1
EXPLAIN ANALYZE SELECT 1
SHOW TABLES
DESCRIBE trail
SELECT 1; DROP TABLE trail
SELECT 1; SELECT 2
SELECT * INTO x FROM trail
SELECT * FROM trail FOR UPDATE
SELECT * FROM trail TABLESAMPLE BERNOULLI (10)
SELECT pg_sleep(10)
SELECT sleep(10)
SELECT lake_json('x')
SELECT list_transform([1], x -> x)
SELECT nextval('x')
SELECT query('SELECT 1')
SELECT * FROM query('SELECT 1')
SELECT * FROM query_table('trail')
SELECT printf('%2000000000d', 1)
SELECT format('%2000000d', 1)
SELECT eval('x')
SELECT "read_text"('/etc/passwd')
SELECT main.read_text('/etc/passwd')
SELECT system.main.getenv('x')
SELECT x.getenv('x') FROM trail x
SELECT COLUMNS('.*') FROM trail
SELECT * EXCLUDE (eventName) FROM trail
SELECT * REPLACE (1 AS eventName) FROM trail
SELECT eventName::varchar COLLATE nocase FROM trail
SELECT $1
SELECT ?
SELECT :x
SELECT @x
SELECT @@version
SELECT #1 FROM trail
SELECT eventName FROM trail QUALIFY row_number() OVER () = 1
SELECT * FROM trail PIVOT (count(*) FOR eventName IN ('a'))
SELECT * FROM trail ORDER BY ALL
SELECT eventName FROM trail GROUP BY ALL
FROM trail
SELECT * FROM trail AT (TIMESTAMP => now())
SELECT * FROM trail FOR VERSION AS OF 1
SELECT * FROM trail MATCH_RECOGNIZE (ORDER BY eventTime MEASURES 1 AS x PATTERN (A) DEFINE A AS true)
SELECT CAST(1 AS hugeint)
SELECT CAST('x' AS "read_text('x')")
SELECT '''' || getenv('x') || ''''
SELECT E'\'' 
SELECT $$x$$
SELECT U&'\0041'
SELECT {'a': 1}
SELECT MAP {'a': 1}
SELECT x -> 1
SELECT lambda x: x
SELECT interval '1; drop' day
SELECT date 'x'
SELECT extract(epoch FROM now())
SELECT CURRENT_USER
SELECT current_catalog
SELECT version()
SELECT * FROM trail WHERE eventName = getenv('HOME')
SELECT transform(ARRAY['x'], x -> getenv(x))
SELECT eventName FROM trail ORDER BY read_text('/etc/passwd')
SELECT count(*) FILTER (WHERE getenv('x') = 'y') FROM trail
SELECT sum(1) OVER (ORDER BY getenv('x')) FROM trail
SELECT CASE WHEN getenv('x') = 'y' THEN 1 END
SELECT * FROM UNNEST(glob('/etc/*')) AS t(x)
SELECT * FROM (SELECT * FROM read_text('/etc/passwd')) x
SELECT * FROM trail, LATERAL (SELECT getenv('x')) y
SELECT * FROM trail JOIN read_text('/etc/passwd') r ON true
SELECT * FROM trail UNION ALL SELECT content FROM read_text('/etc/passwd')
SELECT EXISTS (SELECT 1 FROM glob('/etc/*'))
SELECT * FROM trail WHERE eventName IN (SELECT content FROM read_text('/etc/passwd'))
VALUES (getenv('HOME'))
SELECT CAST(getenv('HOME') AS varchar)
SELECT try(getenv('HOME'))
SELECT 'a' || getenv('HOME')
SELECT eventName FROM trail GROUP BY getenv('HOME')
SELECT eventName FROM trail LIMIT (SELECT 5)
SELECT * FROM sqlite_master
SELECT * FROM t0
SELECT * FROM main.t0
SELECT * FROM "all_t0"
SELECT rowid FROM trail
SELECT filename FROM trail
SELECT t0.eventName FROM trail x
SELECT eventName FROM trail WHERE 'a' SIMILAR TO 'b'
SELECT list(eventName) FROM trail
SELECT string_agg(eventName) FROM trail
SELECT pg_read_file('/etc/passwd')
SELECT parquet_metadata('x')
SELECT write_log('x')
SELECT error('x')
SELECT eventName FROM trail NATURAL JOIN trail b
SELECT eventName FROM trail ASOF JOIN trail b ON true
SELECT eventName FROM trail SEMI JOIN trail b ON true
SELECT DISTINCT ON (eventName) eventName FROM trail
SELECT eventName FROM trail LIMIT 5 PERCENT
SELECT eventName FROM trail FETCH FIRST 5 ROWS WITH TIES
WITH FUNCTION f(x bigint) RETURNS bigint RETURN x SELECT f(1)
