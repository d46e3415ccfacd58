SELECT userIdentity.sessionContext.sessionIssuer.ARN, COUNT(*) AS n
FROM trail
GROUP BY useridentity.sessioncontext.sessionissuer.arn
ORDER BY N DESC, 1
