"""The names of the index backends, and the choice of one for an index version."""

AUTO, EXACT, FAISS, QDRANT, LANCE = "auto", "exact", "faiss", "qdrant", "lance"
#: The values of the setting.
CHOICES = (AUTO, EXACT, FAISS, QDRANT, LANCE)
#: These backends keep a version outside its directory and take over no part of another version.
BUILT_WHOLE = (QDRANT, LANCE)
#: Up to this many rows a query reads all vectors: 12 ms and 154 MB of page cache at 50,000 rows of
#: 768, where FAISS reads 5 MB in 0.9 ms; but its codes cost 0.5 CPU seconds, and its import 0.3.
EXACT_ROWS = 50_000


def backend_for(choice: str, rows: int) -> str:
    """Return the backend for an index version of `rows` rows."""
    if choice != AUTO:
        return choice
    return EXACT if rows <= EXACT_ROWS else FAISS
