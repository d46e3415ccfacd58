"""Questions in English, and the queries that answer them: a library of samples, a search in it, a generator over it."""
