"""The backends of an index, by name, and which one an index version gets."""

AUTO, EXACT, FAISS, QDRANT, LANCE = "auto", "exact", "faiss", "qdrant", "lance"
#: What the setting may say.
CHOICES = (AUTO, EXACT, FAISS, QDRANT, LANCE)
#: An index version of these is outside its directory, and no part of it is taken over from another.
BUILT_WHOLE = (QDRANT, LANCE)
#: Up to here a query reads all vectors: 12 ms and 154 MB of page cache at 50,000 rows of 768,
#: where FAISS reads 5 MB in 0.9 ms; but its codes cost 0.5 CPU seconds, and its import 0.3.
EXACT_ROWS = 50_000


def backend_for(choice: str, rows: int) -> str:
    """The backend of an index version of so many rows."""
    if choice != AUTO:
        return choice
    return EXACT if rows <= EXACT_ROWS else FAISS
