SELECT eventID, r.type FROM trail LEFT JOIN UNNEST(resources) AS r ON TRUE WHERE eventName = 'GetObject' ORDER BY eventID, r.type
