"""Search hits as a list that a notebook shows as a table."""

from html import escape
from typing import Self

from semantic_assets.pipeline.search.search_hit import Answer, SearchHit


class Hits(Answer):
    """The hits of one question, best first; `has_more` says that others follow."""

    @classmethod
    def of(cls, answer: Answer) -> Self:
        made = cls(answer)
        made.has_more, made.told = answer.has_more, answer.told
        return made

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{hit.score:.3f}</td><td>{escape(hit.title or hit.file_name)}"
            f"<br><small>{escape(hit.uri)} [{hit.start_char}:{hit.end_char}]</small></td>"
            f"<td>{_shown(hit)}</td></tr>"
            for hit in self
        )
        return f"<table><tr><th>score</th><th>document</th><th>passage</th></tr>{rows}</table>"


def _shown(hit: SearchHit) -> str:
    """Return the sentence that matches best, the question's words in it marked."""
    if hit.sentence is None:
        return ""
    text, end, shown = hit.sentence.text, 0, ""
    for start, stop in hit.sentence.marks:
        shown += f"{escape(text[end:start])}<mark>{escape(text[start:stop])}</mark>"
        end = stop
    return shown + escape(text[end:])
