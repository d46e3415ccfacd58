SELECT CAST(map(ARRAY['plain', 'json', 'none'], ARRAY['a, b', '{"k":"it''s"}', CAST(NULL AS varchar)]) AS varchar) AS text,
  CAST(map(ARRAY['n'], ARRAY[1]) AS varchar) AS numbers
