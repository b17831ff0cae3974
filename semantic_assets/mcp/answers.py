"""What the tools answer: as structured content, and as text that is read in its order.

Text of documents is data, whatever it says. Each of its lines begins with `> `, which no document
can leave, and its control and format characters are seen. Structured content is exact.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from semantic_assets.model.wording import counted
from semantic_assets.pipeline.costs.estimate import Estimate
from semantic_assets.pipeline.documents.document_window import DocumentWindow, PassageWindow
from semantic_assets.pipeline.reports.dataset_overview import DatasetOverview
from semantic_assets.pipeline.search.search_hit import Answer, SearchHit
from semantic_assets.text.foreign import visible, visible_lines

#: The characters of all passages of one answer, about 10,000 tokens.
MAX_ANSWER_CHARS = 40_000
_SHOWN_KEYS = 40
#: A passage of so many is read at a glance.
_GLANCE_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """Hits, best first; `cut` names those, from 1 on, whose text read_passage shows in full."""

    hits: list[SearchHit]
    cut: list[int]
    #: More hits follow: ask on with a larger offset.
    has_more: bool
    #: Why there are none, with the remedy; empty: it needs no word.
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetsAnswer:
    """A part of the list of datasets, and how many there are in all."""

    datasets: list[DatasetOverview]
    total: int


def bounded(found: Answer) -> SearchAnswer:
    """Return hits whose texts are at most MAX_ANSWER_CHARS in all: those behind are cut short."""
    left, cut, kept = MAX_ANSWER_CHARS, list[int](), list[SearchHit]()
    for number, hit in enumerate(found, 1):
        room = max(0, min(len(hit.text), left))
        left -= room
        if room < len(hit.text):
            cut.append(number)
            hit = replace(hit, text=hit.text[:room])
        kept.append(hit)
    return SearchAnswer(hits=kept, cut=cut, has_more=found.has_more, told=found.told)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in visible_lines(text).split("\n"))


def _lines(write: Callable[..., Iterator[str]]) -> Callable[..., str]:
    return lambda answer: "\n".join(write(answer))


@_lines
def search_text(answer: SearchAnswer) -> Iterator[str]:
    if not answer.hits:
        yield visible(answer.told) or "Nothing is close to this question."
    for number, hit in enumerate(answer.hits, 1):
        yield f"{number}. {visible(hit.title or hit.file_name)}"
        yield f"   {_place(hit)}, score {hit.score:.3f}{_found_by(hit)}"
        yield f"   document_id {hit.document_id}, chunk_id {hit.chunk_id}, {_span(hit)}"
        if hit.metadata:
            yield f"   {visible(', '.join(f'{k}={v}' for k, v in sorted(hit.metadata.items())))}"
        if hit.sentence is not None and (number in answer.cut or len(hit.text) > _GLANCE_CHARS):
            yield from ("   best sentence:", _quoted(hit.sentence.text), "   passage:")
        yield _quoted(hit.text) + (" ... (cut)" if number in answer.cut else "")
        yield ""
    if answer.has_more:
        yield "More hits follow: ask again with a larger offset."


def _found_by(hit: SearchHit) -> str:
    ranks = {"meaning": hit.scores.cosine_rank, "words": hit.scores.words_rank}
    found = [f"{rank} by {what}" for what, rank in ranks.items() if rank is not None]
    return f" (number {', '.join(found)})" if found else ""


def _place(hit: SearchHit | PassageWindow) -> str:
    parts = [f"{hit.dataset}: {visible(hit.uri)}"]
    parts += [f"page {hit.page}"] if hit.page is not None else []
    parts += [f"under {visible(hit.heading_path)}"] if hit.heading_path else []
    return ", ".join(parts)


def _span(found: SearchHit | DocumentWindow) -> str:
    return f"characters {found.start_char} to {found.end_char}"


@_lines
def passage_text(passage: PassageWindow) -> Iterator[str]:
    yield visible(passage.title or passage.uri)
    yield f"{_place(passage)}, {_span(passage)} of {passage.total_chars}"
    if passage.before:
        yield from ("before:", _quoted(passage.before))
    yield from ("passage:", _quoted(passage.text))
    if passage.after:
        yield from ("after:", _quoted(passage.after))


@_lines
def document_text(document: DocumentWindow) -> Iterator[str]:
    yield visible(document.title or document.uri)
    if document.metadata:
        yield visible(", ".join(f"{k}={v}" for k, v in sorted(document.metadata.items())))
    more = "" if document.next_char is None else f"; read on with offset {document.next_char}"
    yield (
        f"{document.dataset}: {visible(document.uri)}, {_span(document)} of "
        f"{document.total_chars}{more}"
    )
    yield _quoted(document.text)


@_lines
def datasets_text(answer: DatasetsAnswer) -> Iterator[str]:
    yield f"{len(answer.datasets)} of {counted(answer.total, 'dataset')}"
    for one in answer.datasets:
        kinds = ", ".join(f"{count} {visible(kind)}" for kind, count in one.kinds.items())
        yield f"{one.dataset}: {counted(one.documents, 'document')} ({kinds}), {counted(one.passages, 'passage')}"
        if keys := one.metadata_keys[:_SHOWN_KEYS]:
            yield f"   metadata keys: {visible(', '.join(keys))}"
        yield from _waiting(one)


def _waiting(one: DatasetOverview) -> Iterator[str]:
    counts = {
        ("document", "to read or split"): one.documents_to_chunk,
        ("chunk", "to embed"): one.chunks_to_embed,
        ("vector", "to index"): one.vectors_to_index,
    }
    named = [f"{counted(count, what)} {left}" for (what, left), count in counts.items() if count]
    if named:
        yield f"   not in search yet: {', '.join(named)}: `semantic-assets refresh` brings them in"
    failed = {"documents": one.documents_failed, "chunks": one.chunks_failed}
    if named := [f"{count} {what}" for what, count in failed.items() if count]:
        yield f"   FAILED, not in search: {', '.join(named)}: `semantic-assets failures` says why"


@_lines
def estimate_text(quote: Estimate) -> Iterator[str]:
    if quote.is_free:
        yield "Nothing is charged: the emulator answers."
    yield (
        f"A refresh now costs about {quote.usd:.6f} USD by batch (between {quote.usd_low:.6f} and "
        f"{quote.usd_high:.6f}), {quote.realtime_usd:.6f} in real time: {counted(quote.texts, 'text')}, "
        f"{counted(quote.tokens, 'token')}."
    )
    if quote.unread_files:
        yield f"{quote.unread_files} files are listed and not read yet; the figures count them."
    if quote.files:
        yield visible(quote.files)
    if quote.other_service:
        yield f"The other service of Google: {quote.other_service}."
