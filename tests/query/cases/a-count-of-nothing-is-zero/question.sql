SELECT count_if(errorCode = 'NoSuchCode') AS unequal, count_if(CAST(NULL AS boolean)) AS unknown,
  count_if(readOnly) FILTER (WHERE eventID = 'none') AS filtered
FROM trail
