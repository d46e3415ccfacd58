SELECT eventID FROM trail WHERE readOnly = 'true' AND sessionCredentialFromConsole = true
