SELECT eventID FROM trail WHERE eventTime >= ALL (SELECT eventTime FROM second-trail)
