SELECT json_extract_scalar(eventJson, '$.eventName') AS name FROM trail WHERE eventTime >= '2024-05-03' ORDER BY eventTime
