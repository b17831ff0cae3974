"""The word index: which words each row of an index version has, ranked by BM25."""
