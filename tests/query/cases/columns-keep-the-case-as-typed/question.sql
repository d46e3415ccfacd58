SELECT EVENTNAME, eventName AS "What Happened", userIdentity.ACCESSKEYID, count(*), requestParameters['key']
FROM trail
WHERE eventID = 'e1'
GROUP BY 1, 2, 3, 5
