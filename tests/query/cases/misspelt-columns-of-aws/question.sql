SELECT userIdentity.inScopeOf.credentiaisissuedto, useridentity.inscopeof.credentialsIssuedTo FROM trail WHERE userIdentity.type = 'Root'
