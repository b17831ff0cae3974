"""Documents passed in by a call: kept as sources of their dataset, in its folder `_ingested`.

Texts are lines of segments (JSON Lines of a few megabytes), everything else is a separate file.
When the call returns they are on disk; `discover` then finds them like all other files.
"""
