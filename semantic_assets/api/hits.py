"""Search hits as a list that a notebook shows as a table."""

from html import escape

from semantic_assets.pipeline.search.search_hit import SearchHit

_SHOWN_CHARS = 400


class Hits(list[SearchHit]):
    """A list of search hits, best first."""

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{hit.score:.3f}</td><td>{escape(hit.title or hit.file_name)}"
            f"<br><small>{escape(hit.uri)} [{hit.start_char}:{hit.end_char}]</small></td>"
            f"<td>{escape(hit.text[:_SHOWN_CHARS])}</td></tr>"
            for hit in self
        )
        return f"<table><tr><th>score</th><th>document</th><th>passage</th></tr>{rows}</table>"
