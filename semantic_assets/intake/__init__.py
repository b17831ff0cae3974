"""Documents handed over by a call: kept as sources of their dataset, in its folder `_ingested`.

Texts are lines of segments (JSON Lines of a few megabytes), everything else a file of its own. A
call that returned is on disk; `discover` then finds them as it finds all other files.
"""
