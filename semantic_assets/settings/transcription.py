"""The task that comes with the package: it writes down what scanned pages and pictures say."""

from semantic_assets.model.task import GenerationTask, TaskUse, canonical
from semantic_assets.settings.task_file import TaskFile

NAME = "transcribe"
_MODEL = "gemini-3.5-flash-lite"
_PROMPT = """Write down all text in this file, in its own language and reading order, as Markdown:
headings, lists and tables as such. Describe a picture without text in two sentences. Add nothing,
leave nothing out, translate nothing."""
#: A printed page has 400 to 700 tokens; most scans are letters and forms of one or two pages.
_EXPECTED_OUTPUT_TOKENS = 1_000


def transcription(backend: str) -> TaskFile:
    """Return the task; a file transcribe.toml in the folder of tasks replaces it."""
    task = GenerationTask(
        name=NAME,
        backend=backend,
        model=_MODEL,
        prompt=_PROMPT,
        # The same page gives the same words, as far as a model does that.
        generation_config=canonical({"temperature": 0.0}),
        is_media=True,
    )
    return TaskFile(task=task, use=TaskUse(expected_output_tokens=_EXPECTED_OUTPUT_TOKENS))
