"""The two heavy paths inside the real pipeline, against bare libraries in the same run.

A: from the opened source file to documents, chunks and request files on disk. B: from the result
files on disk to the immutable results Parquet, with every check but the canary. Then assembly and
index, apart. Each runs in processes of their own; the limits do the least that could be called the
same work and keep no promise.
"""

from benchmarks.paths.comparison import measure

__all__ = ["measure"]
