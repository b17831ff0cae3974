"""What lies in a scenario's sources, and the generation tasks it is processed by."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from tests.chaos.scenarios import Scenario
from tests.emulator.drawn import png

_LETTERS = "etaoinshrdlucm"
#: More than a note on a bad answer has: the emulator answers from the longest paragraph.
_LONG, _SENTENCE = 60, 6


@dataclass(frozen=True, slots=True)
class Corpus:
    """The sources, and what an edit makes of them; None: the file is removed."""

    files: Mapping[str, str | bytes]
    edits: Mapping[str, str | bytes | None]


def corpus_of(scenario: Scenario) -> Corpus:
    if scenario.is_of_two:
        return _OF_TWO
    return _with_tasks(scenario) if scenario.tasks else _PLAIN


def documents(dataset: str, numbers: range) -> dict[str, str]:
    """One-chunk documents of different lengths; numbers shared by datasets share their text."""
    return {
        f"acme/{dataset}/{n:02d}.txt": f"Number {n}. {' '.join(_words(n, 5 + (n * 7) % 60))}"
        for n in numbers
    }


def long_documents(dataset: str, numbers: range) -> dict[str, str]:
    """As `documents`, in sentences, for a model to sum up."""
    return {f"acme/{dataset}/{n:02d}.txt": f"Number {n}. {_prose(n)}" for n in numbers}


def _words(n: int, count: int) -> list[str]:
    # Unlike each other: a swap of texts that are nearly the same is no swap to a vector.
    rng = random.Random(n)
    return ["".join(rng.choices(_LETTERS, k=6)) for _ in range(count)]


def _prose(n: int) -> str:
    words = _words(n, _LONG + (n * 11) % 100)
    starts = range(0, len(words), _SENTENCE)
    return " ".join(f"{' '.join(words[at : at + _SENTENCE])}." for at in starts)


_ANEW = "Number 5 was written anew. " + "tide " * 40
_PLAIN = Corpus(
    files=documents("one", range(24)) | documents("two", range(12, 30)),
    edits={
        "acme/one/03.txt": None,
        **documents("one", range(40, 46)),
        "acme/one/05.txt": _ANEW,
    },
)

#: A text of both would be paid for once in each space.
_OF_TWO = Corpus(
    files={
        **documents("one", range(12)),
        **documents("two", range(20, 30)),
        "acme/two/dataset.toml": 'backend = "agent-platform"\n',
    },
    edits={
        "acme/one/03.txt": None,
        **documents("one", range(40, 43)),
        **documents("two", range(50, 53)),
    },
)

#: What is on each picture: (color, shape, background).
PICTURES: dict[str, tuple[str, str, str]] = {
    "acme/one/70.png": ("red", "circle", "white"),
    "acme/one/71.png": ("blue", "square", "black"),
    "acme/two/72.png": ("green", "triangle", "white"),
}
#: The same name with another picture.
_REDRAWN: dict[str, tuple[str, str, str]] = {"acme/one/71.png": ("yellow", "stripes", "black")}


def pictured(scenario: Scenario) -> dict[str, tuple[str, str, str]]:
    """What is on the pictures in the end."""
    if "describe" not in scenario.tasks:
        return {}
    return PICTURES | (_REDRAWN if scenario.edit else {})


def _with_tasks(scenario: Scenario) -> Corpus:
    # Token counts say something from 30 rows on.
    ends = (24, range(12, 36)) if scenario.many else (10, range(8, 16))
    texts = long_documents("one", range(ends[0])) | long_documents("two", ends[1])
    edited = long_documents("one", range(40, 44)) | {"acme/one/05.txt": _ANEW + "ebb " * 60}
    drawings, redrawn = (PICTURES, _REDRAWN) if "describe" in scenario.tasks else ({}, {})
    return Corpus(
        files=texts | {uri: png(*drawing) for uri, drawing in drawings.items()},
        edits={
            "acme/one/03.txt": None,
            **edited,
            **{uri: png(*drawing) for uri, drawing in redrawn.items()},
        },
    )


_SUMMARY = """
model = "gemini-3.5-flash-lite"
prompt = "Sum up:\\n\\n{text}"
{datasets}
[schema]
type = "object"
required = ["summary", "keywords"]
[schema.properties.summary]
type = "string"
minLength = 1
[schema.properties.keywords]
type = "array"
items = { type = "string" }
[generation]
temperature = 0
max_output_tokens = 512
[use]
vector_text = ["summary"]
expected_output_tokens = 100
"""
_DESCRIBE = """
model = "gemini-3.5-flash-lite"
media = true
prompt = "Describe {title}."
{datasets}
[schema]
type = "object"
required = ["description"]
[schema.properties.description]
type = "string"
minLength = 1
[generation]
temperature = 0
max_output_tokens = 512
[use]
expected_output_tokens = 100
"""
_TASKS = {"summary": _SUMMARY, "describe": _DESCRIBE}


#: Begins the prompts of files that were edited.
REWORDED = "Once more: "


def task_files(scenario: Scenario, *, reworded: bool = False) -> dict[str, str]:
    """File name -> TOML. Edited, they are other tasks: what is pinned stays what it is."""
    datasets = "" if scenario.by_hand else 'datasets = ["acme/*"]'
    start = f'prompt = "{REWORDED if reworded else ""}'
    return {
        f"{name}.toml": _TASKS[name].replace("{datasets}", datasets).replace('prompt = "', start)
        for name in scenario.tasks
    }
