"""The arguments of the tools: their names, limits and descriptions are what a client is shown."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from semantic_assets.model.search_filter import FIELDS, OPERATORS
from semantic_assets.model.search_options import Group, Mode

MAX_K, MAX_CHARS, MAX_AROUND, MAX_DATASETS = 50, 50_000, 5_000, 100

_Name = Annotated[str, Field(min_length=1, max_length=210)]
_Id = Annotated[str, Field(min_length=1, max_length=1_000)]
_Datasets = Annotated[
    list[_Name],
    Field(
        default=[],
        max_length=1_000,
        description="Projects (`acme`) or datasets (`acme/docs`); none: all that may be read.",
    ),
]


class Input(BaseModel):
    """Input of a tool; it has no others."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SearchInput(Input):
    question: str = Field(
        min_length=1, max_length=20_000, description="What is looked for, in any language."
    )
    datasets: _Datasets
    where: str | dict[str, Any] | Annotated[list[str], Field(max_length=100)] = Field(
        default={},
        description=(
            'Conditions that must all hold, as an object (`{"kind": ["pdf", "md"], "year": '
            '{">=": 2020}, "title": {"~": "pump"}}`) or as texts (`["kind=pdf|md", "year>=2020"]`). '
            f"Fields: {', '.join(FIELDS)}, and every metadata key that list_datasets names. "
            f"Operators: {' '.join(OPERATORS)}, where ~ is: contains."
        ),
    )
    mode: Mode = Field(
        default="hybrid",
        description="`words` finds the words themselves and costs nothing; `dense` finds by meaning.",
    )
    k: int = Field(default=8, ge=1, le=MAX_K, description="Passages, or documents if grouped.")
    offset: int = Field(default=0, ge=0, le=1_000, description="Hits to pass over: 8 for page 2.")
    group: Group = Field(default="passage", description="`document`: hits of a document together.")
    per_document: int | None = Field(
        default=None, ge=1, le=MAX_K, description="The most passages of one document."
    )
    floor: bool = Field(
        default=True, description="Return nothing where nothing is close to the question."
    )


class PassageInput(Input):
    dataset: _Name = Field(description="`project/dataset`, as a hit names it.")
    chunk_id: _Id | None = Field(default=None, description="The passage, as a hit names it.")
    document_id: _Id | None = Field(default=None, description="Without chunk_id: its document.")
    start_char: int = Field(default=0, ge=0, description="With document_id: the first character.")
    end_char: int = Field(default=0, ge=0, description="With document_id: the end of the passage.")
    around: int = Field(
        default=600, ge=0, le=MAX_AROUND, description="Characters shown before and after."
    )


class DocumentInput(Input):
    dataset: _Name = Field(description="`project/dataset`, as a hit names it.")
    document_id: _Id = Field(description="The document, as a hit names it.")
    offset: int = Field(default=0, ge=0, description="The first character: next_char to read on.")
    limit: int = Field(default=8_000, ge=1, le=MAX_CHARS, description="The most characters.")


class DatasetsInput(Input):
    offset: int = Field(default=0, ge=0, description="Datasets to pass over.")
    limit: int = Field(default=50, ge=1, le=MAX_DATASETS, description="The most datasets.")


class EstimateInput(Input):
    datasets: _Datasets
