SELECT e.eventID FROM arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/0a1b2c3d-0000-4000-8000-000000000001 e
ORDER BY e.eventTime DESC LIMIT 1
