"""What the fleet reads: datasets of one shard each, drawn from a seed."""

import json
import random
from collections.abc import Iterable, Iterator

PROJECTS = ("north", "south")
#: Of the full form, and of the short one.
DATASETS, FEW_DATASETS = 24, 8
ARTICLES = 30
#: In every dataset, word for word: shards that are worked on side by side want the same texts.
SHARED = 3

_WORDS = ("valve", "kiln", "ferry", "orchard", "glacier", "copper", "signal", "harbour", "turbine")
_PLACES = ("meadow", "bridge", "furnace", "quarry", "granary", "cistern", "sluice", "mortar")


def names(count: int) -> list[str]:
    """As project/dataset."""
    return [f"{PROJECTS[number % 2]}/shelf-{number:02d}" for number in range(count)]


def files(datasets: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """(path below the source root, content) of each; a file has all articles of its dataset."""
    shared = [_article("shared", number) for number in range(SHARED)]
    for name in datasets:
        own = [_article(name, number) for number in range(ARTICLES - SHARED)]
        lines = [json.dumps(article) for article in [*shared, *own]]
        yield f"{name}/articles.jsonl", "\n".join(lines).encode()


def _article(name: str, number: int) -> dict[str, str]:
    draw = random.Random(f"{name}:{number}")
    sentences = [" ".join(draw.choices(_WORDS + _PLACES, k=9)).capitalize() + "." for _ in range(6)]
    title = f"{name} {number}"
    return {
        "id": f"a{number}-{name}".replace("/", "-"),
        "title": title,
        "text": " ".join(sentences),
    }
