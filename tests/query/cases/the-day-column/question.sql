SELECT calendarday, count(*) AS n FROM trail WHERE calendarday >= 20240503 GROUP BY calendarday ORDER BY calendarday
