SELECT CAST(requestParameters AS varchar) AS p FROM trail WHERE CAST(requestParameters AS varchar) LIKE '%key=a%'
