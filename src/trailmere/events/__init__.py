"""Vocabulary: what an event is. Columns, formats, identity, selectors, key layout. No I/O of any kind."""
