"""Tell the model what its last answer lacked when a request is sent again.

At temperature 0 a model answers the same request the same way. The note is part of the manifest, so
the request that is sent is the one that was made durable.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import pyarrow as pa

from semantic_assets.batching.generation_answers import CUT_OFF, EMPTY, INVALID_JSON, SCHEMA
from semantic_assets.batching.grouping import PendingTexts
from semantic_assets.lake import layout
from semantic_assets.model.task import GenerationTask
from semantic_assets.store import Store

_NOTES = {
    INVALID_JSON: "Your answer before this was not valid JSON. Answer with JSON alone.",
    SCHEMA: "Your answer before this did not fit the schema ({why}). Keep to the schema.",
    CUT_OFF: "Your answer before this was too long and was cut off. Answer more briefly.",
    EMPTY: "Your answer before this was empty. Answer the request above.",
}


def with_repairs(
    store: Store,
    task: GenerationTask,
    chosen: PendingTexts,
    pieces: Iterable[pa.Table],
) -> Iterator[pa.Table]:
    """Yield the manifest's rows; requests sent again carry a note on their last answer."""
    notes = _notes(store, task, chosen)
    for piece in pieces:
        if not notes:
            yield piece
            continue
        pairs = zip(piece["text_hash"].to_pylist(), piece["vector_text"].to_pylist(), strict=True)
        texts = [f"{text}\n\n{notes[key]}" if key in notes else text for key, text in pairs]
        place = piece.column_names.index("vector_text")
        field = piece.schema.field(place)
        yield piece.set_column(place, field, pa.array(texts, field.type))


def _notes(store: Store, task: GenerationTask, chosen: PendingTexts) -> dict[str, str]:
    """Map request keys to their notes; each results file with a last error is read once."""
    rows: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for place, (job_id, position) in chosen.last_error.items():
        rows[job_id].append((position, chosen.keys[place].as_py()))
    found: dict[str, str] = {}
    for job_id, places in rows.items():
        path = layout.results(task.task_id, job_id)
        errors = store.lake.read(path, ["error_code", "error_message"]).take(
            pa.array([position for position, _ in places])
        )
        for (_, key), row in zip(places, errors.to_pylist(), strict=True):
            if note := _NOTES.get(row["error_code"]):
                found[key] = note.format(why=row["error_message"])
    return found
