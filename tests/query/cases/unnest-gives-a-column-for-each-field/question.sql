SELECT e.eventID, r.arn, place
FROM trail e CROSS JOIN UNNEST(e.resources) WITH ORDINALITY AS r(accountid, type, arn, arnprefix, place)
ORDER BY place
