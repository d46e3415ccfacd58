SELECT readOnly, count(*), grouping(readOnly) FROM trail GROUP BY ROLLUP (readOnly) ORDER BY 3, 1
