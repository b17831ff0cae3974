"""The two heavy paths as the flow runs them, against bare libraries in the same run.

A: from the opened source file to documents, chunks, and request files uploaded. B: from the download
of the result files to the immutable results Parquet, its key index and the closed job, canary
included. Then assembly and index, apart. Each runs in a process of its own. The limits do the least
that could be called the same work, over the same HTTP, and keep no promise.
"""

from benchmarks.paths.comparison import measure

__all__ = ["measure"]
