"""The searches of a core."""

from collections.abc import Sequence
from typing import Unpack

from semantic_assets.api.core import Datasets
from semantic_assets.api.hits import Hits
from semantic_assets.model.keys import Scope
from semantic_assets.model.search_options import SearchArguments, options_of
from semantic_assets.pipeline.search.gathering import Gathering
from semantic_assets.pipeline.search.search import Asked


class Searching:
    """What answers questions; those of several threads go together."""

    gathering: Gathering

    def search(
        self,
        question: str,
        *,
        dataset: Datasets = None,
        space: str | None = None,
        **options: Unpack[SearchArguments],
    ) -> Hits:
        """Return the passages that answer a question best.

        Args:
            dataset: names of datasets, or of projects, which have no slash; default: all.
            space: refuse an index of another embedding space.
            options: `k` passages (10) behind the first `offset`; `mode` "hybrid", "dense" or
                "words"; `where`, as {"kind": "pdf", "year": {">=": 2020}} or ["year>=2020"];
                `group` "document" and passages `per_document`; `floor` False returns passages
                where nothing is close, too.

        Raises:
            NotFound: there is no index yet.
            ConfigError: the index is of another embedding space, or an option cannot be read.
        """
        return self.search_many([question], dataset=dataset, space=space, **options)[0]

    def search_many(
        self,
        questions: Sequence[str],
        *,
        dataset: Datasets = None,
        space: str | None = None,
        **options: Unpack[SearchArguments],
    ) -> list[Hits]:
        """Search for each of several questions, as `search`; they are embedded 100 a call."""
        asked = Asked(
            questions=tuple(questions),
            scope=Scope.parse([dataset] if isinstance(dataset, str) else dataset or ()),
            options=options_of(**options),
            space_id=space,
        )
        return [*map(Hits.of, self.gathering.ask(asked))]
