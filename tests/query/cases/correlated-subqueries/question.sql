SELECT eventName, (SELECT count(*) FROM trail b WHERE b.eventName = a.eventName) AS n
FROM trail a
WHERE EXISTS (SELECT 1 FROM second-trail c WHERE c.eventID = a.eventID AND c.errorCode = 'AccessDenied')
ORDER BY 1
