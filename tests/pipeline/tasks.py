"""Task files that the tests write, and looking at what came of them."""

import json
from typing import Any

from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.generation_jobs.generate import generation_results
from tests.trial import Trial

NEWS = DatasetKey("acme", "news")
SUMMARY = """
model = "gemini-3.5-flash-lite"
{datasets}
system = "You are careful."
prompt = "{prompt}"

[schema]
type = "object"
required = ["summary", "keywords"]
properties.summary = {{ type = "string", minLength = 1 }}
properties.keywords = {{ type = "array", items = {{ type = "string" }} }}

[generation]
temperature = 0
max_output_tokens = 256

[use]
vector_text = {fields}
{more}
"""


def write_task(
    trial: Trial,
    name: str = "summary",
    *,
    datasets: tuple[str, ...] = ("acme/news",),
    fields: tuple[str, ...] = (),
    prompt: str = "Summarise.\\n\\n{title}\\n\\n{text}",
    more: str = "",
) -> None:
    folder = trial.settings.tasks
    folder.mkdir(parents=True, exist_ok=True)
    named = f"datasets = {json.dumps(list(datasets))}" if datasets else ""
    content = SUMMARY.format(
        datasets=named, prompt=prompt, fields=json.dumps(list(fields)), more=more
    )
    (folder / f"{name}.toml").write_text(content)


def write_news(trial: Trial, count: int = 6) -> None:
    """Articles that share no words but the common ones."""
    for number in range(count):
        trial.write(f"acme/news/{number}.txt", article(number))


def article(number: int) -> str:
    word = f"topic{chr(97 + number % 26)}{number}"
    return (
        f"The {word} report of the year. It says that {word} grew. Nobody had expected {word} to "
        f"grow like that, said all who read about {word} in the long report of the year."
    )


def results(
    trial: Trial, dataset: DatasetKey = NEWS, task: str = "summary"
) -> list[dict[str, Any]]:
    return list(generation_results(trial.store, dataset, task))
