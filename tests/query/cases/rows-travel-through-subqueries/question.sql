WITH who AS (SELECT userIdentity AS person, eventTime AS at FROM trail)
SELECT person.type, PERSON.sessioncontext.sessionIssuer.arn AS role
FROM who
WHERE at >= '2024-05-02' AND person.sessionContext.sessionIssuer.arn LIKE '%Writer'
