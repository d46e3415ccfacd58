SELECT k, v FROM trail CROSS JOIN UNNEST(requestParameters) AS t(k, v) WHERE eventID = 'e1' ORDER BY k
