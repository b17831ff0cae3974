"""Switching off what keeps answers of the Agent Platform from being lost or paid for twice."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from semantic_assets.errors import InputTooLarge, TransientError
from semantic_assets.gemini import agent_platform
from semantic_assets.gemini.agent_platform import AgentPlatform
from semantic_assets.gemini.batch_service import DEVELOPER_DEADLINES
from semantic_assets.gemini.staging import Staging
from semantic_assets.gemini.wire import Listing
from semantic_assets.pipeline.answers import whole_answers
from semantic_assets.pipeline.batch_jobs import collect, landing
from tests.chaos.platform import scenarios as ours
from tests.chaos.scenarios import Scenario


def deadlines_of_the_developer_api() -> None:
    """A job is given up 50 hours after it was sent, as if it could not wait for longer."""
    AgentPlatform.deadlines = DEVELOPER_DEADLINES


def no_filter_on_names() -> None:
    """A job is looked for in pages of the listing alone."""

    def look_for(self: AgentPlatform, display_names: Iterable[str]) -> Listing:
        return self.list_jobs(max_pages=3)

    AgentPlatform.look_for = look_for  # type: ignore[method-assign]


def any_prefix() -> None:
    """Answers are read wherever the job says they are."""

    def download(
        self: AgentPlatform, file: str, receive: Callable[[bytes], object], *, of: str
    ) -> None:
        for name in agent_platform._answers_of(self._staging.below(f"{file}/")):
            for part in self._staging.read(name):
                receive(part)

    AgentPlatform.download = download  # type: ignore[method-assign]


def no_second_reading() -> None:
    """A folder is whole as it is found."""
    AgentPlatform.answers_grow = False
    whole_answers._PATIENCE_SECONDS = 0.0


def files_on_the_way_read() -> None:
    """Each file of a folder has rows of its own."""
    agent_platform._answers_of = list  # type: ignore[assignment]


def no_halving_of_inputs() -> None:
    """Texts that are too large together are planned together again."""

    class TooLarge(TransientError):
        pass

    assert agent_platform.InputTooLarge is InputTooLarge
    agent_platform.InputTooLarge = TooLarge  # type: ignore[assignment,misc]


def counts_believed() -> None:
    """A job that says that all of its rows failed is not read."""
    real = collect._land

    def land(store: Any, gemini: Any, job: Any, lease: Any, keys: list[str]) -> Any:
        if not job.succeeded and job.failed:
            landing.land_failure(store, job, lease, keys, "FAILED", is_refused=False)
        else:
            yield from real(store, gemini, job, lease, keys)

    collect._land = land


def texts_blamed_for_the_bucket() -> None:
    """That Google may not use the bucket counts against the texts."""
    real = AgentPlatform.get

    def get(self: AgentPlatform, name: str) -> Any:
        return replace(real(self, name), is_refused=False)

    AgentPlatform.get = get  # type: ignore[method-assign]


def refusals_of_the_bucket_raised() -> None:
    """A bucket that refuses ends the pass."""
    Staging._told = lambda self: nullcontext()  # type: ignore[assignment,method-assign]


def nothing_cleared() -> None:
    """Inputs and answers stay in the bucket."""
    for name in ("delete_file", "delete_answers"):
        setattr(AgentPlatform, name, lambda self, *names, **named: None)


_CASES: tuple[tuple[Callable[[], None], str, Scenario], ...] = (
    (deadlines_of_the_developer_api, "paid_twice", ours.queued_beyond_others()),
    (no_filter_on_names, "ending", ours.found_by_name()),
    (any_prefix, "ending", ours.wrong_prefix()),
    (no_second_reading, "ending", ours.half_written()),
    (files_on_the_way_read, "ending", ours.with_others("incremental")),
    (no_halving_of_inputs, "lost", ours.too_large()),
    (counts_believed, "paid_twice", ours.contradicted("all-failed")),
    (texts_blamed_for_the_bucket, "ending", ours.refused_to_google("input")),
    (refusals_of_the_bucket_raised, "trouble", ours.refused_half_way("read", "00001-of")),
    (nothing_cleared, "staged_left", Scenario("nothing befalls")),
)


def safeguards() -> dict[str, Callable[[], None]]:
    return {_name(function): function for function, _, _ in _CASES}


def cases() -> dict[str, tuple[str, Scenario]]:
    return {_name(function): (sees, scenario) for function, sees, scenario in _CASES}


def _name(function: Callable[[], None]) -> str:
    return function.__name__.replace("_", "-")
