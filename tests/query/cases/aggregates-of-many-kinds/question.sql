SELECT count(DISTINCT eventName) AS names, count_if(readOnly) AS r, max_by(errorCode, eventTime) AS last,
  array_join(array_agg(DISTINCT eventName ORDER BY eventName), '|') AS all_names,
  listagg(eventID, ',') WITHIN GROUP (ORDER BY eventID DESC) AS ids, count(*) FILTER (WHERE errorCode IS NULL) AS ok,
  element_at(map_agg(eventID, eventName), 'e4') AS e4
FROM trail
