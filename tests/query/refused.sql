-- Statements that must be refused before any engine sees them, one a line: add yours anywhere. What gets through the dialect and has to be held by limits
-- stands in limited.sql. <U+0000> is that character, <TEXT x 9> is TEXT nine times, and {canary} (a file outside), {inside} (a file in the lake that no
-- table names), {data} (a data file), {lake} and {port} (somebody listens there) are places that the test fills in. A line that begins with -- is a comment.
-- A first hand of everything.
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
-- Reading files: by the functions of the engine, wherever an expression or a table can stand.
SELECT * FROM read_text('{canary}')
SELECT * FROM read_blob('{canary}')
SELECT * FROM read_csv('{canary}')
SELECT * FROM read_csv_auto('{canary}')
SELECT * FROM read_json('{canary}')
SELECT * FROM read_json_auto('{canary}')
SELECT * FROM read_json_objects('{canary}')
SELECT * FROM read_ndjson('{canary}')
SELECT * FROM read_ndjson_objects('{canary}')
SELECT * FROM read_parquet('{canary}')
SELECT * FROM parquet_scan('{canary}')
SELECT * FROM parquet_metadata('{canary}')
SELECT * FROM parquet_file_metadata('{canary}')
SELECT * FROM parquet_kv_metadata('{canary}')
SELECT * FROM parquet_schema('{canary}')
SELECT * FROM parquet_bloom_probe('{canary}')
SELECT * FROM sniff_csv('{canary}')
SELECT * FROM glob('{canary}')
SELECT * FROM read_duckdb('{canary}')
SELECT * FROM arrow_scan('{canary}')
SELECT * FROM arrow_scan_dumb('{canary}')
SELECT * FROM pandas_scan('{canary}')
SELECT * FROM seq_scan('{canary}')
SELECT * FROM iceberg_scan('{canary}')
SELECT * FROM iceberg_metadata('{canary}')
SELECT * FROM delta_scan('{canary}')
SELECT * FROM sqlite_scan('{canary}')
SELECT * FROM postgres_scan('{canary}')
SELECT * FROM mysql_query('{canary}')
SELECT * FROM st_read('{canary}')
SELECT * FROM read_xlsx('{canary}')
SELECT * FROM read_avro('{canary}')
SELECT * FROM read_lance('{canary}')
SELECT read_text('{canary}')
SELECT * FROM read_text(ARRAY['{canary}', '{inside}'])
SELECT x FROM trail, LATERAL (SELECT * FROM read_text(eventName)) x
SELECT (SELECT content FROM read_text('{canary}'))
SELECT eventName FROM trail WHERE EXISTS (SELECT 1 FROM read_text('{inside}'))
SELECT read_blob('{canary}')
SELECT * FROM read_blob(ARRAY['{canary}', '{inside}'])
SELECT x FROM trail, LATERAL (SELECT * FROM read_blob(eventName)) x
SELECT (SELECT content FROM read_blob('{canary}'))
SELECT eventName FROM trail WHERE EXISTS (SELECT 1 FROM read_blob('{inside}'))
SELECT read_csv('{canary}')
SELECT * FROM read_csv(ARRAY['{canary}', '{inside}'])
SELECT x FROM trail, LATERAL (SELECT * FROM read_csv(eventName)) x
SELECT (SELECT content FROM read_csv('{canary}'))
SELECT eventName FROM trail WHERE EXISTS (SELECT 1 FROM read_csv('{inside}'))
SELECT glob('{canary}')
SELECT * FROM glob(ARRAY['{canary}', '{inside}'])
SELECT x FROM trail, LATERAL (SELECT * FROM glob(eventName)) x
SELECT (SELECT content FROM glob('{canary}'))
SELECT eventName FROM trail WHERE EXISTS (SELECT 1 FROM glob('{inside}'))
SELECT parquet_metadata('{canary}')
SELECT * FROM parquet_metadata(ARRAY['{canary}', '{inside}'])
SELECT x FROM trail, LATERAL (SELECT * FROM parquet_metadata(eventName)) x
SELECT (SELECT content FROM parquet_metadata('{canary}'))
SELECT eventName FROM trail WHERE EXISTS (SELECT 1 FROM parquet_metadata('{inside}'))
SELECT read_parquet('{canary}')
SELECT * FROM read_parquet(ARRAY['{canary}', '{inside}'])
SELECT x FROM trail, LATERAL (SELECT * FROM read_parquet(eventName)) x
SELECT (SELECT content FROM read_parquet('{canary}'))
SELECT eventName FROM trail WHERE EXISTS (SELECT 1 FROM read_parquet('{inside}'))
SELECT sniff_csv('{canary}')
SELECT * FROM sniff_csv(ARRAY['{canary}', '{inside}'])
SELECT x FROM trail, LATERAL (SELECT * FROM sniff_csv(eventName)) x
SELECT (SELECT content FROM sniff_csv('{canary}'))
SELECT eventName FROM trail WHERE EXISTS (SELECT 1 FROM sniff_csv('{inside}'))
SELECT * FROM '{canary}'
SELECT * FROM "{canary}"
SELECT * FROM '{inside}'
SELECT * FROM "{inside}"
SELECT * FROM '{data}'
SELECT * FROM "{data}"
SELECT * FROM '{lake}/lake.db'
SELECT * FROM "{lake}/lake.db"
SELECT * FROM '{lake}/../outside/canary.txt'
SELECT * FROM "{lake}/../outside/canary.txt"
SELECT * FROM '../canary.txt'
SELECT * FROM "../canary.txt"
SELECT * FROM '~/.bashrc'
SELECT * FROM "~/.bashrc"
SELECT * FROM '~root/.ssh/id_rsa'
SELECT * FROM "~root/.ssh/id_rsa"
SELECT * FROM '/etc/passwd'
SELECT * FROM '/proc/self/environ'
SELECT * FROM "/proc/self/environ"
SELECT * FROM '/proc/self/maps'
SELECT * FROM "/proc/self/maps"
SELECT * FROM '/proc/1/root/etc/passwd'
SELECT * FROM "/proc/1/root/etc/passwd"
SELECT * FROM '/dev/stdin'
SELECT * FROM "/dev/stdin"
SELECT * FROM '/dev/fd/0'
SELECT * FROM "/dev/fd/0"
SELECT * FROM '/sys/fs/cgroup'
SELECT * FROM "/sys/fs/cgroup"
SELECT * FROM 'file://{canary}'
SELECT * FROM "file://{canary}"
SELECT * FROM 'file:/etc/passwd'
SELECT * FROM "file:/etc/passwd"
SELECT * FROM 'http://127.0.0.1:{port}/'
SELECT * FROM "http://127.0.0.1:{port}/"
SELECT * FROM 'https://127.0.0.1:{port}/x.parquet'
SELECT * FROM "https://127.0.0.1:{port}/x.parquet"
SELECT * FROM 's3://bucket/key.parquet'
SELECT * FROM "s3://bucket/key.parquet"
SELECT * FROM 'gcs://b/k'
SELECT * FROM "gcs://b/k"
SELECT * FROM 'az://c/b'
SELECT * FROM "az://c/b"
SELECT * FROM 'hf://datasets/x/y'
SELECT * FROM "hf://datasets/x/y"
SELECT * FROM 'r2://b/k'
SELECT * FROM "r2://b/k"
SELECT * FROM 'ftp://127.0.0.1:{port}/x'
SELECT * FROM "ftp://127.0.0.1:{port}/x"
SELECT * FROM '{lake}/warehouse/**'
SELECT * FROM "{lake}/warehouse/**"
SELECT * FROM '{lake}/warehouse/*/*/*.parquet'
SELECT * FROM "{lake}/warehouse/*/*/*.parquet"
SELECT * FROM '/etc/*'
SELECT * FROM "/etc/*"
SELECT * FROM 'a.csv'
SELECT * FROM "a.csv"
SELECT * FROM 'a.json'
SELECT * FROM "a.json"
SELECT * FROM 'a.duckdb'
SELECT * FROM "a.duckdb"
SELECT * FROM 'a.parquet?x=1'
SELECT * FROM "a.parquet?x=1"
SELECT * FROM ':memory:'
SELECT * FROM ":memory:"
SELECT * FROM main."{canary}"
SELECT * FROM memory.main."{canary}"
SELECT "{canary}".* FROM "{canary}"
SELECT eventName FROM trail JOIN "{canary}" x ON true
SELECT eventName FROM trail WHERE eventName IN (TABLE "{canary}")
WITH x AS (SELECT * FROM "{canary}") SELECT * FROM x
SELECT * FROM (TABLE "{canary}")
TABLE "{canary}"
SELECT * FROM trail UNION SELECT * FROM '{canary}'
SELECT * FROM main."{data}"
SELECT * FROM memory.main."{data}"
SELECT "{data}".* FROM "{data}"
SELECT eventName FROM trail JOIN "{data}" x ON true
SELECT eventName FROM trail WHERE eventName IN (TABLE "{data}")
WITH x AS (SELECT * FROM "{data}") SELECT * FROM x
SELECT * FROM (TABLE "{data}")
TABLE "{data}"
SELECT * FROM trail UNION SELECT * FROM '{data}'
SELECT * FROM main."/etc/passwd"
SELECT * FROM memory.main."/etc/passwd"
SELECT "/etc/passwd".* FROM "/etc/passwd"
SELECT eventName FROM trail JOIN "/etc/passwd" x ON true
SELECT eventName FROM trail WHERE eventName IN (TABLE "/etc/passwd")
WITH x AS (SELECT * FROM "/etc/passwd") SELECT * FROM x
SELECT * FROM (TABLE "/etc/passwd")
TABLE "/etc/passwd"
SELECT * FROM trail UNION SELECT * FROM '/etc/passwd'
-- Writing, and everything that is no SELECT.
COPY (SELECT 1) TO '{data}'
COPY trail TO '{lake}/out.csv'
COPY trail FROM '{canary}'
COPY FROM DATABASE memory TO x
EXPORT DATABASE '{lake}/export'
IMPORT DATABASE '{lake}'
ATTACH '{data}' AS x
ATTACH ':memory:' AS x
ATTACH 'http://127.0.0.1:{port}/x.db'
ATTACH IF NOT EXISTS '{lake}/new.db' (READ_ONLY)
DETACH memory
USE memory
CHECKPOINT
FORCE CHECKPOINT
VACUUM
VACUUM ANALYZE trail
ANALYZE
REINDEX
TRUNCATE trail
MERGE INTO trail USING trail b ON true WHEN MATCHED THEN DELETE
REPLACE INTO trail VALUES (1)
UPDATE trail SET eventName = 'x'
INSERT INTO trail (eventName) VALUES ('x')
INSERT OR REPLACE INTO trail SELECT * FROM trail
DELETE FROM trail USING trail b
ALTER TABLE trail RENAME TO x
ALTER VIEW t0 RENAME TO x
CREATE VIEW x AS SELECT 1
CREATE OR REPLACE TEMP VIEW t0 AS SELECT 1
CREATE TABLE x (a int)
CREATE SCHEMA x
CREATE SEQUENCE x
CREATE INDEX x ON trail (eventName)
CREATE TYPE x AS ENUM ('a')
CREATE MACRO x(a) AS getenv(a)
CREATE OR REPLACE TEMP MACRO lake_ip(s) AS getenv(s)
CREATE FUNCTION x(a) AS 1
CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')
CREATE PERSISTENT SECRET s (TYPE s3)
DROP SECRET s
DROP VIEW t0
DROP SCHEMA main CASCADE
DROP MACRO lake_ip
COMMENT ON TABLE trail IS 'x'
BEGIN
START TRANSACTION
COMMIT
ROLLBACK
ABORT
PREPARE x AS SELECT 1
EXECUTE x
DEALLOCATE x
DECLARE c CURSOR FOR SELECT 1
LISTEN x
GRANT ALL ON trail TO x
REVOKE ALL ON trail FROM x
SET ROLE x
LOCK trail
SIGNAL x
KILL QUERY 1
SUMMARIZE trail
PIVOT trail ON eventName
UNPIVOT trail ON eventName
REFRESH MATERIALIZED VIEW x
SHOW ALL TABLES
SHOW CREATE TABLE trail
DESC trail
EXPLAIN (FORMAT json) SELECT 1
EXPLAIN COPY (SELECT 1) TO '{data}'
CALL pragma_database_size()
CALL x()
DO $$ BEGIN END $$
HELP
FROM trail SELECT eventName
FROM '{canary}'
FROM read_text('{canary}')
WITH x AS MATERIALIZED (DELETE FROM trail RETURNING *) SELECT 1
SELECT * FROM (DELETE FROM trail RETURNING *)
SELECT (DELETE FROM trail RETURNING *)
SELECT eventName FROM trail WHERE eventName IN (DELETE FROM trail RETURNING *)
SELECT 1 UNION ALL DELETE FROM trail RETURNING *
WITH x AS (INSERT INTO trail SELECT * FROM trail RETURNING *) SELECT * FROM x
WITH x AS MATERIALIZED (INSERT INTO trail SELECT * FROM trail RETURNING *) SELECT 1
SELECT * FROM (INSERT INTO trail SELECT * FROM trail RETURNING *)
SELECT (INSERT INTO trail SELECT * FROM trail RETURNING *)
SELECT eventName FROM trail WHERE eventName IN (INSERT INTO trail SELECT * FROM trail RETURNING *)
SELECT 1 UNION ALL INSERT INTO trail SELECT * FROM trail RETURNING *
WITH x AS MATERIALIZED (UPDATE trail SET eventName = 'x' RETURNING *) SELECT 1
SELECT * FROM (UPDATE trail SET eventName = 'x' RETURNING *)
SELECT (UPDATE trail SET eventName = 'x' RETURNING *)
SELECT eventName FROM trail WHERE eventName IN (UPDATE trail SET eventName = 'x' RETURNING *)
SELECT 1 UNION ALL UPDATE trail SET eventName = 'x' RETURNING *
WITH x AS (COPY (SELECT 1) TO '{data}') SELECT * FROM x
WITH x AS MATERIALIZED (COPY (SELECT 1) TO '{data}') SELECT 1
SELECT * FROM (COPY (SELECT 1) TO '{data}')
SELECT (COPY (SELECT 1) TO '{data}')
SELECT eventName FROM trail WHERE eventName IN (COPY (SELECT 1) TO '{data}')
SELECT 1 UNION ALL COPY (SELECT 1) TO '{data}'
WITH x AS (CREATE TABLE y AS SELECT 1) SELECT * FROM x
WITH x AS MATERIALIZED (CREATE TABLE y AS SELECT 1) SELECT 1
SELECT * FROM (CREATE TABLE y AS SELECT 1)
SELECT (CREATE TABLE y AS SELECT 1)
SELECT eventName FROM trail WHERE eventName IN (CREATE TABLE y AS SELECT 1)
SELECT 1 UNION ALL CREATE TABLE y AS SELECT 1
WITH x AS (ATTACH '{data}') SELECT * FROM x
WITH x AS MATERIALIZED (ATTACH '{data}') SELECT 1
SELECT * FROM (ATTACH '{data}')
SELECT (ATTACH '{data}')
SELECT eventName FROM trail WHERE eventName IN (ATTACH '{data}')
SELECT 1 UNION ALL ATTACH '{data}'
WITH x AS (PRAGMA database_list) SELECT * FROM x
WITH x AS MATERIALIZED (PRAGMA database_list) SELECT 1
SELECT * FROM (PRAGMA database_list)
SELECT (PRAGMA database_list)
SELECT eventName FROM trail WHERE eventName IN (PRAGMA database_list)
SELECT 1 UNION ALL PRAGMA database_list
WITH x AS (MERGE INTO trail USING trail b ON true WHEN MATCHED THEN DELETE RETURNING *) SELECT * FROM x
WITH x AS MATERIALIZED (MERGE INTO trail USING trail b ON true WHEN MATCHED THEN DELETE RETURNING *) SELECT 1
SELECT * FROM (MERGE INTO trail USING trail b ON true WHEN MATCHED THEN DELETE RETURNING *)
SELECT (MERGE INTO trail USING trail b ON true WHEN MATCHED THEN DELETE RETURNING *)
SELECT eventName FROM trail WHERE eventName IN (MERGE INTO trail USING trail b ON true WHEN MATCHED THEN DELETE RETURNING *)
SELECT 1 UNION ALL MERGE INTO trail USING trail b ON true WHEN MATCHED THEN DELETE RETURNING *
-- Settings, pragmas, extensions, secrets, network.
SET allowed_paths = ['/']
SET allowed_directories = ['/']
SET enable_external_access = true
SET lock_configuration = false
SET memory_limit = '100GB'
SET threads = 64
SET temp_directory = '/tmp'
SET home_directory = '/'
SET extension_directory = '{lake}'
SET allow_unsigned_extensions = true
SET autoload_known_extensions = true
SET custom_extension_repository = 'http://127.0.0.1:{port}'
SET log_query_path = '{lake}/log'
SET profiling_output = '{lake}/profile'
SET python_enable_replacements = true
SET VARIABLE x = 1
SET SESSION AUTHORIZATION x
SET TIME ZONE 'UTC'
SET GLOBAL threads = 1
RESET memory_limit
RESET lock_configuration
RESET ALL
PRAGMA enable_profiling
PRAGMA version
PRAGMA show_tables
PRAGMA memory_limit='1TB'
PRAGMA table_info('trail')
PRAGMA import_database('{lake}')
PRAGMA disable_verification
FORCE INSTALL httpfs FROM community
INSTALL '{canary}'
LOAD '{canary}'
UPDATE EXTENSIONS
SELECT * FROM duckdb_secrets()
SELECT * FROM which_secret('s3://x', 's3')
SELECT * FROM load_aws_credentials()
SELECT http_get('http://127.0.0.1:{port}/')
SELECT * FROM read_csv('http://127.0.0.1:{port}/x.csv')
SELECT url_fetch('http://127.0.0.1:{port}/')
SELECT * FROM postgres_query('host=127.0.0.1 port={port}', 'SELECT 1')
SELECT dblink('host=127.0.0.1', 'SELECT 1')
-- The environment, the engine's own knowledge of itself, its catalogs.
SELECT getenv('TRAILMERE_CANARY') FROM trail
SELECT getenv('PATH') FROM trail
SELECT current_setting('allowed_paths') FROM trail
SELECT current_setting('temp_directory') FROM trail
SELECT getvariable('x') FROM trail
SELECT current_database() FROM trail
SELECT current_schema() FROM trail
SELECT current_schemas(true) FROM trail
SELECT current_user() FROM trail
SELECT session_user() FROM trail
SELECT user() FROM trail
SELECT current_role() FROM trail
SELECT current_query() FROM trail
SELECT current_query_id() FROM trail
SELECT current_connection_id() FROM trail
SELECT current_transaction_id() FROM trail
SELECT txid_current() FROM trail
SELECT version() FROM trail
SELECT pg_backend_pid() FROM trail
SELECT pg_typeof(1) FROM trail
SELECT pg_conf_load_time() FROM trail
SELECT pg_postmaster_start_time() FROM trail
SELECT has_table_privilege('t0', 'select') FROM trail
SELECT obj_description(1, 'x') FROM trail
SELECT format_type(1, 2) FROM trail
SELECT in_search_path('a', 'b') FROM trail
SELECT get_block_size('memory') FROM trail
SELECT stats(eventName) FROM trail
SELECT vector_type(eventName) FROM trail
SELECT nextval('x') FROM trail
SELECT currval('x') FROM trail
SELECT setseed(0.5) FROM trail
SELECT hash('x') FROM trail
SELECT md5_number('x') FROM trail
SELECT error('x') FROM trail
SELECT assert(false) FROM trail
SELECT write_log('x') FROM trail
SELECT parse_path('/a/b') FROM trail
SELECT parse_filename('/a') FROM trail
SELECT json_serialize_sql('SELECT 1') FROM trail
SELECT json_execute_serialized_sql('x') FROM trail
SELECT add_parquet_key('k', 'x') FROM trail
SELECT create_sort_key('a', 'ASC') FROM trail
SELECT encrypt('a', 'b') FROM trail
SELECT invoke(x -> x, 1) FROM trail
SELECT constant_or_null(1, 2) FROM trail
SELECT alias(eventName) FROM trail
SELECT typeof_raw(1) FROM trail
SELECT enum_range(NULL) FROM trail
SELECT list_aggregate(ARRAY[1], 'sum') FROM trail
SELECT array_apply(ARRAY[1], x -> x) FROM trail
SELECT list_reduce(ARRAY[1], x -> x) FROM trail
SELECT apply(ARRAY[1], x -> x) FROM trail
SELECT struct_pack(a := 1) FROM trail
SELECT row_to_json(trail) FROM trail
SELECT to_json(trail) FROM trail
SELECT json_object('a', 1) FROM trail
SELECT json_transform('1', '1') FROM trail
SELECT bar(1, 0, 9) FROM trail
SELECT formatReadableSize(1) FROM trail
SELECT string_split('a', 'b') FROM trail
SELECT regexp_full_match('a', 'b') FROM trail
SELECT strftime(now(), '%Y') FROM trail
SELECT strptime('a', '%Y') FROM trail
SELECT epoch_ms(1) FROM trail
SELECT make_date(1, 1, 1) FROM trail
SELECT age(now()) FROM trail
SELECT date_part('year', now()) FROM trail
SELECT datesub('day', now(), now()) FROM trail
SELECT greatest_common_divisor(1, 2) FROM trail
SELECT factorial(200000) FROM trail
SELECT gamma(1e308) FROM trail
SELECT list_value(1) FROM trail
SELECT map_extract(MAP(), 1) FROM trail
SELECT generate_series(1, 1000000000) FROM trail
SELECT range(1000000000) FROM trail
SELECT unnest(ARRAY[1]) FROM trail
SELECT quantile(1, 0.5) FROM trail
SELECT first(eventName) FROM trail
SELECT string_agg(eventName, '') FROM trail
SELECT group_concat(eventName) FROM trail
SELECT array_to_string(ARRAY['a'], '') FROM trail
SELECT printf('%s', 'x') FROM trail
SELECT sha512('x') FROM trail
SELECT crc32(to_utf8('x')) FROM trail
SELECT xxhash64(to_utf8('x')) FROM trail
SELECT bin(1) FROM trail
SELECT ascii('a') FROM trail
SELECT ord('a') FROM trail
SELECT unicode('a') FROM trail
SELECT left('a', 1) FROM trail
SELECT right('a', 1) FROM trail
SELECT instr('a', 'b') FROM trail
SELECT contains_string('a') FROM trail
SELECT jaccard('a', 'b') FROM trail
SELECT mismatches('a', 'b') FROM trail
SELECT editdist3('a', 'b') FROM trail
SELECT like_escape('a', 'b', 'c') FROM trail
SELECT ilike_escape('a', 'b', 'c') FROM trail
SELECT not_ilike_escape('a', 'b', 'c') FROM trail
SELECT prefix('a', 'b') FROM trail
SELECT suffix('a', 'b') FROM trail
SELECT getbit('1', 0) FROM trail
SELECT bitstring('1', 9) FROM trail
SELECT set_bit('1', 0, 1) FROM trail
SELECT sleep_ms(10000) FROM trail
SELECT pg_sleep(10000) FROM trail
SELECT benchmark(1000000000, 1) FROM trail
SELECT * FROM duckdb_functions()
SELECT * FROM duckdb_extensions()
SELECT * FROM duckdb_logs()
SELECT * FROM duckdb_memory()
SELECT * FROM duckdb_tables()
SELECT * FROM duckdb_views()
SELECT * FROM duckdb_columns()
SELECT * FROM duckdb_databases()
SELECT * FROM duckdb_temporary_files()
SELECT * FROM duckdb_variables()
SELECT * FROM duckdb_secret_types()
SELECT * FROM duckdb_prepared_statements()
SELECT * FROM duckdb_external_file_cache()
SELECT * FROM pragma_database_size()
SELECT * FROM pragma_storage_info('t0')
SELECT * FROM pragma_table_info('t0')
SELECT * FROM pragma_user_agent()
SELECT * FROM pragma_platform()
SELECT * FROM summary(trail)
SELECT * FROM query_table('t0')
SELECT * FROM query_table('/etc/passwd')
SELECT * FROM test_all_types()
SELECT * FROM repeat('a', 1000000000)
SELECT * FROM repeat_row(1, num_rows=1000000000)
SELECT * FROM range(1000000000)
SELECT * FROM generate_series(1, 1000000000)
SELECT * FROM sql_auto_complete('SELECT')
SELECT * FROM json_execute_serialized_sql('x')
SELECT * FROM checkpoint()
SELECT * FROM force_checkpoint('memory')
SELECT * FROM enable_logging()
SELECT * FROM truncate_duckdb_logs()
SELECT * FROM histogram(trail, eventName)
SELECT * FROM histogram_values(trail, eventName)
SELECT * FROM json_each('[1]')
SELECT * FROM json_tree('[1]')
SELECT * FROM from_substrait('x')
SELECT * FROM explain_substrait('x')
SELECT * FROM icu_calendar_names()
SELECT * FROM pg_timezone_names()
SELECT * FROM storage_info('t0')
SELECT * FROM lake_ip('1.1.1.1')
SELECT * FROM lake_sequence(1, 2, 1)
SELECT * FROM information_schema.columns
SELECT * FROM information_schema.schemata
SELECT * FROM pg_catalog.pg_tables
SELECT * FROM pg_catalog.pg_class
SELECT * FROM pg_tables
SELECT * FROM pg_settings
SELECT * FROM pg_stat_activity
SELECT * FROM pg_shadow
SELECT * FROM sqlite_schema
SELECT * FROM sqlite_temp_master
SELECT * FROM duckdb_tables
SELECT * FROM duckdb_views
SELECT * FROM duckdb_columns
SELECT * FROM duckdb_secrets
SELECT * FROM system.main.duckdb_settings
SELECT * FROM temp.t0
SELECT * FROM memory.main.t0
SELECT * FROM main.trail
SELECT * FROM x.trail
SELECT * FROM temp.main.t0
SELECT * FROM t1
SELECT * FROM s0
SELECT * FROM q0
SELECT * FROM u0
SELECT * FROM v0
SELECT * FROM p0_0
SELECT * FROM c0
SELECT * FROM all_t0
SELECT * FROM _
SELECT * FROM pragma_database_list
SELECT * FROM df
SELECT * FROM sys
SELECT * FROM os
SELECT * FROM connection
SELECT * FROM json_serialize_plan
SELECT * FROM lake_tables
SELECT * FROM iceberg_tables
SELECT * FROM event_data_stores
SELECT * FROM lake_files
SELECT * FROM trail$snapshots
SELECT * FROM trail$files
SELECT * FROM "trail.metadata"
SELECT * FROM "trail@123"
SELECT * FROM system.runtime.nodes
SELECT * FROM system.jdbc.tables
SELECT * FROM jmx.current.x
SELECT * FROM hive.default.x
SELECT rowid FROM trail x
SELECT filename FROM trail x
SELECT file_row_number FROM trail x
SELECT file_index FROM trail x
SELECT hive_partition FROM trail x
SELECT _row_id FROM trail x
SELECT t0 FROM trail x
SELECT x.rowid FROM trail x
SELECT useridentity__arn FROM trail x
SELECT t0.eventname FROM trail x
SELECT eventname_1 FROM trail x
SELECT c0 FROM trail x
SELECT _col0 FROM trail x
SELECT ctid FROM trail x
SELECT tableoid FROM trail x
SELECT oid FROM trail x
SELECT xmin FROM trail x
SELECT current_catalog FROM trail x
SELECT session_user FROM trail x
SELECT SYSDATE FROM trail x
SELECT user FROM trail x
SELECT localtime FROM trail x
SELECT current_role FROM trail x
SELECT current_schema FROM trail x
SELECT current_path FROM trail x
SELECT "x"."y"."z" FROM trail x
SELECT trail.rowid FROM trail x
SELECT eventjson__x FROM trail x
SELECT $path FROM trail x
SELECT x.$path FROM trail x
SELECT delivery FROM trail x
SELECT __internal FROM trail x
-- Macros of our own by name: only the dialect may write them.
SELECT lake_ip('1.1.1.1')
SELECT lake_levenshtein('a', 'b')
SELECT lake_repeat('a', 9)
SELECT lake_sequence(1, 9, 1)
SELECT lake_map(ARRAY[1])
SELECT lake_two(128)
SELECT LAKE_IP('1.1.1.1')
SELECT "lake_ip"('1.1.1.1')
SELECT lake_timestamp('x')
SELECT lake_split_to_map('a', 'b', 'c')
SELECT temp.lake_ip('1.1.1.1')
SELECT lake_in_network('10.0.0.0/8', '1.1.1.1')
SELECT transform(ARRAY['1.1.1.1'], x -> lake_ip(x))
-- Functions by other names: quoted, in another case, with a schema, in look-alike letters.
SELECT "getenv"('HOME') FROM trail
SELECT GETENV('HOME') FROM trail
SELECT "GetEnv"('HOME') FROM trail
SELECT main.getenv('HOME') FROM trail
SELECT system.main.getenv('HOME') FROM trail
SELECT "main"."getenv"('HOME') FROM trail
SELECT getenv ('HOME') FROM trail
SELECT getenv/**/('HOME') FROM trail
SELECT getenv--<U+000A>('HOME') FROM trail
SELECT ɡetenv('HOME') FROM trail
SELECT gеtenv('HOME') FROM trail
SELECT ｇｅｔｅｎｖ('HOME') FROM trail
SELECT get<U+200B>env('HOME') FROM trail
SELECT getenv<U+00A0>('HOME') FROM trail
SELECT <U+FEFF>getenv('HOME') FROM trail
SELECT getenv<U+FF08>'HOME'<U+FF09> FROM trail
SELECT getenv(<U+2019>HOME<U+2019>) FROM trail
SELECT get<U+0065><U+0301>nv('HOME') FROM trail
SELECT \u0067etenv('HOME') FROM trail
SELECT U&"\0067etenv"('HOME') FROM trail
SELECT `getenv`('HOME') FROM trail
SELECT [getenv]('HOME') FROM trail
SELECT getenv!('HOME') FROM trail
SELECT x.getenv('HOME') FROM trail
SELECT ('HOME').getenv() FROM trail
SELECT 'HOME'.getenv() FROM trail
SELECT eventName.getenv() FROM trail
SELECT COALESCE(NULL, getenv('HOME')) FROM trail
SELECT EXECUTE IMMEDIATE 'SELECT 1' FROM trail
SELECT getenv(name := 'HOME') FROM trail
SELECT getenv(name => 'HOME') FROM trail
SELECT system.getenv('HOME') FROM trail
SELECT fn:getenv('HOME') FROM trail
SELECT {fn getenv('HOME')} FROM trail
SELECT TRY(getenv('HOME')) FROM trail
SELECT CAST(getenv('HOME') AS json) FROM trail
SELECT getenv('HOME')::varchar FROM trail
SELECT getenv('HOME') COLLATE nocase FROM trail
SELECT row(getenv('HOME'))[1] FROM trail
SELECT map(ARRAY['a'], ARRAY[getenv('HOME')])['a'] FROM trail
-- Several statements, comments that hide them, quotes that do not end.
SELECT 1;; SELECT 2
SELECT 1; -- x<U+000A>DROP TABLE trail
SELECT 1 /* ; */ ; COPY (SELECT 1) TO '{data}'
SELECT 1 /* /* nested */ ; DROP TABLE trail -- */
SELECT 1 /* /* */ */ ; DROP VIEW t0
SELECT 1 --<U+000D>; DROP VIEW t0
SELECT 1 -- <U+2028>; DROP VIEW t0<U+000A>; DROP VIEW t0
SELECT 1 #comment<U+000A>; DROP VIEW t0
SELECT '1'';' ; DROP VIEW t0
SELECT "a"";" ; DROP VIEW t0
SELECT 'a\'; DROP VIEW t0 --'
SELECT E'a\'; DROP VIEW t0 --'
SELECT e'\x41'
SELECT B'101'
SELECT N'x'
SELECT $$ ; DROP VIEW t0 $$
SELECT $a$ ' $a$; DROP VIEW t0
SELECT $name
SELECT ?1
SELECT :name
SELECT @name
SELECT @@global
SELECT ${x}
SELECT {{ x }}
SELECT <store>
SELECT 1 \; SELECT 2
SELECT 1 \g /tmp/x
\copy trail to x
.shell id
.read {canary}
.open {lake}/x.db
.import {canary} x
SELECT 1<U+0000>; DROP VIEW t0
SELECT '<U+0000>'
SELECT<U+0000> 1
<U+001B>[2J SELECT
SELECT 'unfinished
SELECT "unfinished
SELECT /* unfinished
SELECT 1 */
SELECT (1
SELECT 1)
SELECT ARRAY[1
SELECT 1,
SELECT
<U+000A>
<U+0020><U+0009>
/* only a comment */
;
()
(SELECT 1
((SELECT 1)
SELECT 1 FROM
SELECT 1 WHERE
WITH x AS SELECT 1
WITH SELECT 1
WITH x AS (SELECT 1)
SELECT 1 AS
SELECT * FROM trail x y
SELECT 1 FROM trail,,trail
SELECT 1 1
SELECT 1 2 3
SELECT a b c d FROM trail
SELECT <U+D83D>
SELECT 💩 FROM trail
SELECT '1' '2'
SELECT 0x1F
SELECT 0b11
SELECT 1_000
SELECT 1e999999
SELECT 1e
SELECT .
SELECT ..
SELECT 1..2
-- What other dialects have and this one has not.
SELECT * FROM trail LIMIT ALL OFFSET ALL
SELECT TOP 5 * FROM trail
SELECT eventName FROM trail LIMIT -1
SELECT eventName FROM trail LIMIT 1e3
SELECT eventName FROM trail LIMIT '5'
SELECT eventName FROM trail LIMIT 99999999999999999999
SELECT eventName FROM trail LIMIT 10%
SELECT eventName FROM trail OFFSET (SELECT 1)
SELECT * FROM trail USING SAMPLE 10%
SELECT * FROM trail TABLESAMPLE RESERVOIR (10 ROWS)
SELECT * FROM trail POSITIONAL JOIN trail b
SELECT * FROM trail ANTI JOIN trail b ON true
SELECT * FROM trail LEFT SEMI JOIN trail b ON true
SELECT * FROM (trail JOIN trail b ON true)
SELECT * FROM trail b CROSS APPLY (SELECT 1)
SELECT * FROM trail LATERAL VIEW explode(resources) r
SELECT * FROM trail MATCH_RECOGNIZE (PATTERN (A) DEFINE A AS true)
SELECT * FROM trail VERSION AS OF 1
SELECT * FROM trail FOR TIMESTAMP AS OF now()
SELECT * FROM trail AT (VERSION => 1)
SELECT * FROM ONLY trail
SELECT trail FROM trail
SELECT trail.* EXCEPT (eventName) FROM trail
SELECT * RENAME (eventName AS x) FROM trail
SELECT *, * REPLACE (1 AS eventName) FROM trail
SELECT COLUMNS(*) FROM trail
SELECT *COLUMNS('x') FROM trail
SELECT COLUMNS(c -> c LIKE 'e%') FROM trail
SELECT eventName, COUNT(*) FROM trail GROUP BY ALL
SELECT eventName FROM trail ORDER BY ALL
SELECT eventName FROM trail ORDER BY eventName USING >
SELECT eventName FROM trail ORDER BY eventName COLLATE de
SELECT eventName COLLATE nocase FROM trail
SELECT eventName FROM trail WHERE eventName ~ 'a'
SELECT eventName FROM trail WHERE eventName GLOB '*'
SELECT eventName FROM trail WHERE eventName ILIKE 'a'
SELECT eventName FROM trail WHERE eventName SIMILAR TO 'a'
SELECT eventName FROM trail WHERE eventName REGEXP 'a'
SELECT eventName FROM trail WHERE eventName RLIKE 'a'
SELECT eventName FROM trail WHERE (eventName, 1) OVERLAPS (eventName, 2)
SELECT eventName[1:2] FROM trail
SELECT ARRAY[1,2,3][1:2]
SELECT ARRAY[1][1][1]
SELECT #1
SELECT eventName#>>'a' FROM trail
SELECT eventJson->'a' FROM trail
SELECT eventJson->>'a' FROM trail
SELECT eventJson:a FROM trail
SELECT CAST(1 AS enum('a'))
SELECT CAST('x' AS uuid)
SELECT CAST('x' AS regclass)
SELECT CAST('t0' AS oid)
SELECT CAST('1' AS bit)
SELECT CAST(1 AS union(a int))
SELECT CAST(1 AS "t0")
SELECT CAST(1 AS main.int)
SELECT 1::hugeint
SELECT CAST(1 AS geometry)
SELECT CONVERT(1, char)
SELECT 1 ** 2
SELECT 1 // 2
SELECT 2 ^ 3
SELECT 1 & 2
SELECT 1 | 2
SELECT ~1
SELECT 1 << 2
SELECT @ -1
SELECT |/ 4
SELECT 5!
SELECT NOT 1
SELECT 'a' + 1
SELECT 'a' AND true
SELECT -eventName FROM trail
SELECT -'a'
SELECT sum(eventName) FROM trail
SELECT count(*) FROM trail WHERE sum(1) > 0
SELECT eventName FROM trail GROUP BY sum(1)
SELECT sum(sum(1)) FROM trail
SELECT sum(1) OVER (ORDER BY sum(1)) , eventName FROM trail
SELECT row_number() FROM trail
SELECT eventName FROM trail HAVING true
SELECT eventName FROM trail QUALIFY true
SELECT eventName INTO OUTFILE '{lake}/x' FROM trail
SELECT eventName FROM trail INTO DUMPFILE '{lake}/x'
SELECT eventName FROM trail FOR XML PATH
SELECT eventName FROM trail FOR SHARE
SELECT eventName FROM trail FOR UPDATE OF trail NOWAIT
SELECT eventName FROM trail OPTION (RECOMPILE)
SELECT eventName FROM trail FORMAT JSON
SELECT eventName FROM trail SETTINGS max_threads = 1
SELECT /*+ HINT */ * EXCLUDE (eventName) FROM trail
SELECT ANY (SELECT 1)
SELECT 1 = ALL (1)
SELECT 1 IN 1
SELECT 1 IN ()
SELECT 1 BETWEEN 1
SELECT CASE END
SELECT CASE WHEN 1 THEN 1 END
SELECT CAST(1)
SELECT CAST(1 AS)
SELECT EXTRACT(x FROM now())
SELECT EXTRACT(epoch FROM now())
SELECT interval '1' fortnight
SELECT interval 1 day + getenv('x')
SELECT timestamp 'never'
SELECT date '2024-13-45'
SELECT date '0000-00-00'
SELECT X'zz'
SELECT X'0'
SELECT json getenv('x')
SELECT varchar 'x' 'y'
SELECT row_number() OVER (ROWS BETWEEN getenv('x') PRECEDING AND CURRENT ROW) FROM trail
SELECT sum(1) OVER (ORDER BY 1 ROWS BETWEEN UNBOUNDED FOLLOWING AND 1 PRECEDING) EXCLUDE TIES FROM trail
SELECT nth_value(1, 1) FROM FIRST OVER () FROM trail
-- Lambdas and names inside of them.
SELECT transform(ARRAY[1], x -> getenv('x'))
SELECT transform(ARRAY[1], x -> (SELECT eventName FROM trail LIMIT 1))
SELECT filter(ARRAY[1], x -> EXISTS (SELECT 1 FROM glob('/etc/*')))
SELECT transform(ARRAY[1], (x, y, z) -> x)
SELECT transform(ARRAY[1], () -> 1)
SELECT transform(ARRAY[1], x)
SELECT transform(x -> x, ARRAY[1])
SELECT x -> x
SELECT (x -> x)(1)
SELECT transform(ARRAY[1], x -> y -> x)
SELECT transform(ARRAY[1], p0_0 -> p0_0 + q0)
SELECT transform(ARRAY[1], x -> x.rowid)
SELECT transform(ARRAY[1], getenv -> getenv('x'))
SELECT transform(ARRAY[1], lambda x : x)
SELECT lambda x : x
SELECT reduce(ARRAY[1], 0, (s, x) -> getenv('x'), s -> s)
SELECT reduce(ARRAY[1], 0, s -> s)
SELECT sum(1) FILTER (WHERE transform(ARRAY[1], x -> x))
SELECT transform(trail, x -> x) FROM trail
SELECT any_match(ARRAY[1], x -> x) FROM trail
SELECT map_filter(requestParameters, k -> true) FROM trail
SELECT zip_with(ARRAY[1], ARRAY[2], x -> x)
SELECT transform(ARRAY[1], x -> sum(x)) FROM trail
SELECT transform(ARRAY[1], x -> row_number() OVER ()) FROM trail
-- Recursion and depth.
SELECT count(*) FROM <trail,  x 64>trail
SELECT eventName FROM trail <UNION ALL SELECT eventName FROM trail  x 64>
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT * FROM r
WITH RECURSIVE r AS (SELECT 1 AS n UNION SELECT n + 1 FROM r) SELECT max(n) FROM r
WITH r AS (SELECT * FROM r) SELECT * FROM r
WITH a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM a
SELECT <( x 4900>1<) x 4900>
SELECT <( x 33>1<) x 33>
SELECT <ARRAY[ x 100>1<] x 100>
SELECT <CASE WHEN TRUE THEN  x 200>1< END x 200>
SELECT <-  x 4000>1
SELECT <NOT  x 2400>TRUE
SELECT <1+ x 4900>1
SELECT <abs( x 500>1<) x 500>
SELECT * FROM <(SELECT * FROM  x 300>trail<) x x 300>
SELECT 1 WHERE 1 IN (<1, x 4990>1)
SELECT '<a x 10001>'
SELECT 1 AS "<a x 10001>"
SELECT <[ x 5000>
SELECT <{ x 5000>
SELECT <'' x 3000>'
SELECT <transform(ARRAY[1], x ->  x 40>1<) x 40>
SELECT <EXISTS (SELECT  x 200>1<) x 200>
SELECT <1 UNION SELECT  x 640>2 FROM nowhere
<SELECT 1 UNION ( x 300>SELECT 1<) x 300>
<( x 3000>SELECT 1<) x 3000>
<WITH a AS ( x 300>SELECT 1<) SELECT * FROM a x 300>
SELECT <CAST( x 200>1< AS bigint) x 200>
SELECT <a. x 2000>b FROM trail
SELECT trail<.x x 2000> FROM trail
SELECT <trail. x 500>eventName FROM trail
SELECT * FROM <a. x 1000>b
SELECT <interval '1' day +  x 700>nothing
-- Half of a surrogate pair is no character: no engine takes it.
SELECT '<U+D800>' FROM trail
SELECT eventName AS "<U+DFFF>" FROM trail
SELECT 1 -- <U+DC80>
<U+DCFF>SELECT 1
SELECT 1 AS "" FROM trail
SELECT substring(eventName) FROM trail
SELECT trim() FROM trail
SELECT "" FROM trail
SELECT x."" FROM trail x
-- What the parser would read twice at each level, and so for ever.
SELECT * FROM trail<  JOIN trail x 60>
SELECT * FROM trail<  LEFT JOIN trail x 60>
SELECT eventName FROM trail<  JOIN trail JOIN trail ON true x 30>
SELECT * FROM trail<  STRAIGHT_JOIN trail x 60>
SELECT * FROM trail<  LEFT SEMI JOIN trail x 60>
SELECT * FROM trail<  JOIN trail x 60> 1 2
SELECT * FROM<  trail JOIN x 30> trail<  ON true x 29> 1
-- What ends in the parser's own mistakes.
SELECT MAP { :}
SELECT {: 1}
SELECT 'a'{: 1}
SELECT * FROM trail MATCH_RECOGNIZE (ORDER BY eventTime MEASURES 1 AS x PATTERN ( ) DEFINE A AS true)
SELECT CAST(NULL AS row(a row()))
SELECT CAST(NULL AS row( ipaddress '10.0.0.1' varchar, b bigint))
SELECT sum(1) OVER (ORDER BY 1 ROWS BETWEEN UNBOUNDED FOLLOWING AND 1 PRECEDING) FROM trail
SELECT sum(1) OVER (ORDER BY 1 ROWS BETWEEN CURRENT ROW AND 1 PRECEDING) FROM trail
SELECT sum(1) OVER (ORDER BY 1 ROWS BETWEEN 1 FOLLOWING AND CURRENT ROW) FROM trail
SELECT sum(1) OVER (ORDER BY 1 ROWS BETWEEN 1 PRECEDING AND UNBOUNDED PRECEDING) FROM trail
SELECT sum(1) OVER (ORDER BY 1 ROWS 1 FOLLOWING) FROM trail
