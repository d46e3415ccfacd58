SELECT a.eventID FROM trail a JOIN second-trail b USING (eventID) WHERE b.eventName = 'GetObject'
EXCEPT
SELECT eventID FROM second-trail WHERE errorCode IS NOT NULL
UNION ALL
SELECT 'end'
ORDER BY eventID
