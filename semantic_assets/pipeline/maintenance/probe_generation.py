"""Try one request of each generation task in a real batch job, before its first large one.

Both spellings of a schema were reported to fail in files, each by people who saw the other work.
"""

import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from semantic_assets.batching.generation_answers import AnswerReader, decode_generations
from semantic_assets.batching.generation_requests import SCHEMA_FIELDS, Ask, generation_lines
from semantic_assets.batching.prompts import MissingField, render
from semantic_assets.errors import SemanticAssetsError
from semantic_assets.gemini.client import Gemini
from semantic_assets.model.batch_job import display_name
from semantic_assets.model.catalog import batch_usd
from semantic_assets.model.html_table import HtmlTable
from semantic_assets.model.statuses import Outcome
from semantic_assets.model.task import GenerationTask, in_order
from semantic_assets.pipeline.costs.paid_jobs import PROBE, PaidJob, booked_as, paid_job
from semantic_assets.pipeline.generation.task_versions import find_task
from semantic_assets.pipeline.maintenance.findings import Finding
from semantic_assets.pipeline.maintenance.probe_jobs import Left, ended, forgotten
from semantic_assets.settings.settings import PREFIX
from semantic_assets.store import Store
from semantic_assets.text.tokens import estimate_tokens

_KEY = "probe"
_TEXT = (
    "The pilot boards at the fairway buoy. Купол закрывают, когда ветер сильнее пятнадцати метров "
    "в секунду. Before opening the valve, read the pressure on both sides and write it down."
)
_DOCUMENT = {"title": "A probe", "text": _TEXT, "uri": "probe.txt", "record_id": "probe"}
#: Of a media task only the schema is tried, on a text.
_MEDIA_PROMPT = f"Describe what a picture of this would show.\n\n{_TEXT}"
_BUILT_IN = {
    "type": "object",
    "properties": {
        "summary": {"type": "string", "description": "One sentence."},
        "keywords": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["summary", "keywords"],
}
_BUILT_IN_MODEL, _BUILT_IN_OUTPUT = "gemini-3.5-flash-lite", 512


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeQuote(HtmlTable):
    """What the jobs of one task cost at most: one request for each spelling of its schema."""

    task: str
    model: str
    jobs: int
    tokens: int
    output_tokens: int
    usd_high: float


def tasks_to_probe(store: Store, names: Sequence[str] = ()) -> list[GenerationTask]:
    """Return the tasks of these names; without names those in use, or a built-in one.

    Raises:
        ConfigError: there is no task of a name.
    """
    if names:
        return [find_task(store, name).task for name in names]
    pinned = {one.task.task_id: one.task for one in store.ledger.tasks.all()}
    return list(pinned.values()) or [_built_in(store)]


def quote_probe(tasks: Sequence[GenerationTask]) -> list[ProbeQuote]:
    """Return the bill of probing these tasks, with answers of the greatest length."""
    found = []
    for task in tasks:
        jobs = len(_fields(task))
        tokens, output = jobs * _tokens(task), jobs * task.max_output_tokens
        found.append(
            ProbeQuote(
                task=task.name,
                model=task.model,
                jobs=jobs,
                tokens=tokens,
                output_tokens=output,
                usd_high=batch_usd(task.model, tokens, output),
            )
        )
    return found


def probe_generation(
    store: Store,
    gemini: Gemini,
    tasks: Sequence[GenerationTask],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Finding]:
    """Send one request of each task for each spelling of its schema, and say what became of it.

    A finding holds if the spelling is not the one of the settings, or works.

    Raises:
        SpendRefused: the day's cap has no room for a job; those before it are deleted.
    """
    tries = [_Try(store, gemini, task, name) for task in tasks for name in _fields(task)]
    with ExitStack() as open_jobs:
        for one in tries:
            one.begin(open_jobs)
        for one in tries:
            one.end(sleep)
    return [finding for task in tasks for finding in _findings(store, task, tries)]


class _Try:
    """One request in a job of its own."""

    def __init__(self, store: Store, gemini: Gemini, task: GenerationTask, name: str) -> None:
        self.store, self.gemini, self.task, self.field = store, gemini, task, name
        #: Why it did not work; None: it did.
        self.trouble: str | None = None
        self._name = ""
        self._left = Left()
        self._job: PaidJob | None = None

    def begin(self, open_jobs: ExitStack) -> None:
        """Reserve and create the job; it is deleted and settled with the stack."""
        task, job_id = self.task, self.store.ledger.job_ids.new()
        self._name = display_name(self.store.ledger.ledger_id, job_id)
        booked = f"{booked_as(self.store, PROBE)}+{job_id}+job"
        reserved = paid_job(self.store, booked, task.model, _tokens(task), task.max_output_tokens)
        self._job = open_jobs.enter_context(reserved)
        self._left = open_jobs.enter_context(forgotten(self.gemini, self._name))
        try:
            file = self._left.input_file = self._upload()
            self._left.remote_name = self._job.created(lambda: self._create(file))
        except SemanticAssetsError as error:
            self.trouble = f"refused: {error}"

    def _upload(self) -> str:
        lines = [*generation_lines(self.task, [Ask(_KEY, _prompt(self.task))], self.field)]
        return self.gemini.batches.upload(
            lambda: lines, name=f"{self._name}.jsonl", check=lambda: None
        )

    def _create(self, file: str) -> str:
        return self.gemini.batches.create_generation_job(
            model=self.task.model, input_file=file, display_name=self._name
        )

    def end(self, sleep: Callable[[float], None]) -> None:
        """Wait for the answer and read it."""
        if self.trouble is not None:
            return
        try:
            remote = ended(self.store, self.gemini, str(self._left.remote_name), sleep)
            self._left.result_file = remote.result_file
            if not remote.result_file:
                self.trouble = (
                    f"the job ended {remote.state}: {remote.error_message or 'no reason'}"
                )
            else:
                self._read(remote.result_file)
        except SemanticAssetsError as error:
            self.trouble = str(error)

    def _read(self, result_file: str) -> None:
        answers = io.BytesIO()
        self.gemini.batches.download(result_file, answers.write, of=self._name)
        lines = answers.getvalue().splitlines()
        for block in decode_generations(lines, expected=[_KEY], reader=AnswerReader(self.task)):
            [row] = block.rows
            if row.tokens is not None and self._job is not None:
                self._job.counted(row.tokens, row.output_tokens or 0)
            if row.outcome != Outcome.OK:
                self.trouble = row.error_message or row.error_code or "an error without a reason"
            return
        self.trouble = "the result has no line"


def _findings(store: Store, task: GenerationTask, tries: Sequence[_Try]) -> Iterator[Finding]:
    its = [one for one in tries if one.task is task]
    works = [one.field for one in its if one.trouble is None]
    used = store.settings.batch_schema_field
    for one in its:
        said = "accepted, and answered as asked" if one.trouble is None else one.trouble
        name = one.field if task.schema is not None else "plain text"
        if one.trouble is not None and one.field == used and works:
            said += f". {PREFIX}BATCH_SCHEMA_FIELD={works[0]} is accepted"
        holds = one.trouble is None or (task.schema is not None and one.field != used)
        yield Finding(f"task {task.name}: {name}", holds, said)


def _fields(task: GenerationTask) -> tuple[str, ...]:
    return SCHEMA_FIELDS if task.schema is not None else SCHEMA_FIELDS[:1]


def _prompt(task: GenerationTask) -> str:
    if task.is_media:
        return _MEDIA_PROMPT
    try:
        return render(task.prompt, _DOCUMENT)
    except MissingField:  # metadata of documents that the probe has not seen
        return _TEXT


def _tokens(task: GenerationTask) -> int:
    schema = task.response_schema or ""
    return estimate_tokens(f"{task.system_instruction or ''}{schema}{_prompt(task)}")


def _built_in(store: Store) -> GenerationTask:
    return GenerationTask(
        name="built-in",
        backend=store.settings.backend,
        model=_BUILT_IN_MODEL,
        prompt="Summarise.\n\n{text}",
        response_schema=in_order(_BUILT_IN),
        generation_config=json.dumps({"max_output_tokens": _BUILT_IN_OUTPUT}),
    )
