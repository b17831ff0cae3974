"""What a green partition of each asset means, and what it does not: the end of its description."""

GREEN = {
    "documents": "Green: the files of this shard were read as they were then. A yellow check names those "
    "that could not be read; the others go on.",
    "generation_jobs": "Green: what the window had room for is sent. The answers may still be out.",
    "generations": "Green: the answers that had come in are stored; `documents_pending` says how many "
    "are out. A red check counts those that FAILED.",
    "chunks": "Green: every readable document is split, but for those that wait for a task's answer. "
    "Nothing was sent and nothing was paid.",
    "batch_jobs": "Green: the texts were sent, or wait for room, as `texts_in_flight` and "
    "`texts_waiting` say. It does not mean that vectors are there: that is `embeddings`. Later "
    "observations tell how each job goes and how it ended.",
    "embeddings": "Green: every chunk of the shard has its outcome. The check `no_missing_vectors` is "
    "red where some FAILED; `chunks_failed` counts them.",
    "vector_index": "Green: search answers from this version. `coverage_indexed` is 1 when every chunk "
    "of the dataset is in it.",
    "retrieval_quality": "Green: the serving version was measured. `trend` draws nDCG@10 over the "
    "versions, and plots have it as `ndcg_at_10`. A red check says that it fell.",
}
