SELECT array_join(transform(resources, r -> r.type), ','), count(*) AS n
FROM trail
GROUP BY 1
HAVING array_join(transform(resources, x -> x.type), ',') IS NOT NULL OR count(*) > 1
ORDER BY n
