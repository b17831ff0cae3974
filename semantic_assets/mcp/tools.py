"""The tools: what each is called, takes and answers, and the one function it calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from semantic_assets.api.semantic_core import SemanticCore
from semantic_assets.mcp import answers
from semantic_assets.mcp.answers import DatasetsAnswer, SearchAnswer, bounded
from semantic_assets.mcp.inputs import (
    DatasetsInput,
    DocumentInput,
    EstimateInput,
    Input,
    PassageInput,
    SearchInput,
)
from semantic_assets.mcp.visitor import Visitor
from semantic_assets.model.search_options import SearchArguments, options_of
from semantic_assets.pipeline.costs.estimate import Estimate
from semantic_assets.pipeline.costs.estimate_sources import estimate_of_scope
from semantic_assets.pipeline.documents.document_window import (
    DocumentWindow,
    PassageWindow,
    read_document,
    read_passage,
)
from semantic_assets.pipeline.reports.dataset_overview import dataset_overviews
from semantic_assets.pipeline.search.search import Asked

#: Of the arguments of a search, those that are options in the library too.
_OPTIONS = set(SearchArguments.__annotations__)
_A = TypeVar("_A", bound=Input)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Tool(Generic[_A, _T]):
    """A tool that reads; its answer is shown as text and as structured content."""

    title: str
    description: str
    takes: type[_A]
    answers: type[_T]
    call: Callable[[SemanticCore, Visitor, _A], _T]
    text: Callable[[_T], str]

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        return self.takes.model_json_schema()

    @cached_property
    def output_schema(self) -> dict[str, Any]:
        return self._adapter.json_schema(mode="serialization")

    @cached_property
    def _adapter(self) -> TypeAdapter[_T]:
        return TypeAdapter(self.answers)

    def answer(
        self, core: SemanticCore, visitor: Visitor, arguments: Mapping[str, Any]
    ) -> tuple[str, Any]:
        """Return the text and the structured content of a call.

        Raises:
            ValidationError: the arguments do not fit.
            SemanticAssetsError: what they name is not there, or cannot be answered now.
        """
        found = self.call(core, visitor, self.takes.model_validate(arguments))
        return self.text(found), self._adapter.dump_python(found, mode="json")


def _search(core: SemanticCore, visitor: Visitor, given: SearchInput) -> SearchAnswer:
    asked = Asked(
        questions=(given.question,),
        scope=visitor.scope(given.datasets),
        options=options_of(**given.model_dump(include=_OPTIONS)),
    )
    (found,) = core.gathering.ask(asked)
    return bounded(found)


def _read_passage(core: SemanticCore, visitor: Visitor, given: PassageInput) -> PassageWindow:
    return read_passage(
        core.reader,
        visitor.dataset(given.dataset),
        chunk=given.chunk_id,
        document=given.document_id,
        start=given.start_char,
        end=given.end_char,
        around=given.around,
    )


def _read_document(core: SemanticCore, visitor: Visitor, given: DocumentInput) -> DocumentWindow:
    dataset = visitor.dataset(given.dataset)
    return read_document(
        core.reader, dataset, given.document_id, start=given.offset, limit=given.limit
    )


def _list_datasets(core: SemanticCore, visitor: Visitor, given: DatasetsInput) -> DatasetsAnswer:
    found = dataset_overviews(core.reader, visitor.project)
    shown = found[given.offset : given.offset + given.limit]
    return DatasetsAnswer(datasets=shown, total=len(found))


def _estimate(core: SemanticCore, visitor: Visitor, given: EstimateInput) -> Estimate:
    scope = visitor.scope(given.datasets)
    return estimate_of_scope(core.reader, scope, project=visitor.project)


TOOLS: dict[str, Tool[Any, Any]] = {
    "search": Tool(
        "Search the documents",
        "Find the passages that answer a question, best first, each with its document, place, "
        "metadata and best sentence. Filter by `where`, page by `offset`. Unless mode is `words`, "
        "the question is embedded by the Gemini API, which may cost a fraction of a cent; "
        '`mode="words"` costs nothing.',
        SearchInput,
        SearchAnswer,
        _search,
        answers.search_text,
    ),
    "read_passage": Tool(
        "Read a passage",
        "Read one passage with the text before and after it, by the chunk_id of a hit, or by "
        "document_id, start_char and end_char. Costs nothing.",
        PassageInput,
        PassageWindow,
        _read_passage,
        answers.passage_text,
    ),
    "read_document": Tool(
        "Read a document",
        "Read a document by parts: `limit` characters from `offset` on; next_char of the answer is "
        "the offset of the next part. Costs nothing.",
        DocumentInput,
        DocumentWindow,
        _read_document,
        answers.document_text,
    ),
    "list_datasets": Tool(
        "List the datasets",
        "List the datasets with their documents, passages, kinds of files and metadata keys for "
        "`where`, and what of them cannot be found yet. Costs nothing.",
        DatasetsInput,
        DatasetsAnswer,
        _list_datasets,
        answers.datasets_text,
    ),
    "estimate": Tool(
        "Estimate a refresh",
        "Quote what it would cost now to bring new and changed documents into search. It sends "
        "nothing and costs nothing.",
        EstimateInput,
        Estimate,
        _estimate,
        answers.estimate_text,
    ),
}
