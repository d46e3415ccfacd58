SELECT sourceIPAddress FROM trail
WHERE contains('10.1.2.0/30', TRY_CAST(sourceIPAddress AS ipaddress)) OR contains('2001:db8::/64', TRY_CAST(sourceIPAddress AS ipaddress))
ORDER BY 1
