SELECT eventName, rank() OVER (ORDER BY count(*) DESC) AS place, sum(count(*)) OVER () AS total
FROM trail GROUP BY eventName ORDER BY place, eventName LIMIT 2
