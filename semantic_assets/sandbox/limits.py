"""What the reading of one file may take, by its size: processor, patience, memory and output.

Honest files take a fraction of it: text and records 0.02 CPU seconds a MB, PDF 0.3 to 1, HTML 0.5
to 1.5.
"""

from dataclasses import dataclass

from semantic_assets.parsing.records import MAX_TEXT_BYTES

_MB = 1 << 20
_CPU_SECONDS, _CPU_SECONDS_A_MB = 5, 4
#: A reader that waits and does not compute, as for a network drive, gets longer.
_WALL_SECONDS, _WALL_OF_CPU = 60, 5
_MEMORY_BYTES, _MEMORY_BYTES_A_BYTE = 512 * _MB, 24
#: A machine with 4 GB reads every file that a larger one reads.
_MAX_MEMORY_BYTES = 4 << 30
#: One text of the longest kind, escaped; beyond it as much as gzip may unpack to.
_OUTPUT_BYTES, OUTPUT_RATIO = 4 * MAX_TEXT_BYTES, 200
#: Records that are not packed say no more than their file, but for the names of columns, which each
#: record repeats: 2 MB of CSV with 500 long names gave 656 MB, and took two minutes of a refresh.
_RECORDS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
_RECORD_BYTES, _RECORD_RATIO = 16 * _MB, 32
#: Text in gzip or an archive is ten times its file.
_PACKED_RATIO = 10
_PACKED = (".gz", ".tgz", ".zip", ".bz2", ".tbz2", ".xz", ".txz")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one reading; those of memory and processor are the child's own."""

    cpu_seconds: int
    wall_seconds: int
    memory_bytes: int
    output_bytes: int
    #: How often the file's size is in it, at most.
    output_ratio: int


def limits_for(name: str, size: int) -> Limits:
    """Return the limits for a file of this name and size in bytes."""
    # In whole MB, so that small files have one limit, which is then set once.
    content = -(-size // _MB) * _MB * (_PACKED_RATIO if name.lower().endswith(_PACKED) else 1)
    base, ratio = _OUTPUT_BYTES, OUTPUT_RATIO
    if name.lower().endswith(_RECORDS):
        base, ratio = _RECORD_BYTES, _RECORD_RATIO
    cpu = _CPU_SECONDS + content * _CPU_SECONDS_A_MB // _MB
    return Limits(
        cpu_seconds=cpu,
        wall_seconds=_WALL_SECONDS + _WALL_OF_CPU * cpu,
        memory_bytes=min(_MEMORY_BYTES + content * _MEMORY_BYTES_A_BYTE, _MAX_MEMORY_BYTES),
        output_bytes=base + size * ratio,
        output_ratio=ratio,
    )
