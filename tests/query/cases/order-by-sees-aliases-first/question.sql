SELECT lower(eventName) AS eventName FROM trail ORDER BY eventName DESC LIMIT 2
