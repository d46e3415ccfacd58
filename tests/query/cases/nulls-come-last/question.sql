SELECT eventID, errorCode FROM trail WHERE eventID IN ('e1', 'e2', 'e6') ORDER BY errorCode DESC, eventID DESC
