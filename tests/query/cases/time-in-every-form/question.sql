SELECT eventID FROM trail
WHERE eventTime > '2024-05-01T10:01:00Z' AND eventTime < timestamp '2024-05-04 00:00:00'
  AND eventTime BETWEEN '2024-05-01' AND now() AND date(eventTime) != '2024-05-02'
ORDER BY eventTime
