"""An emulator's dollars and Google's are never in one sum: no bill, no cap, no total."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import semantic_assets
from semantic_assets.errors import SpendRefused
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.pipeline.costs.budgets import require_budget
from semantic_assets.pipeline.costs.questions import embed_questions
from semantic_assets.pipeline.flows.advance import advance
from semantic_assets.pipeline.reports.bill import bill
from tests.trial import Trial

PACKAGE = Path(semantic_assets.__file__).parent
TOTALS = {"totals", "totals_of_caller", "totals_by_job", "totals_for"}


def on_google(trial: Trial) -> Trial:
    settings = replace(
        trial.settings,
        backend="gemini",
        gemini_url=trial.url,
        emulator_url=None,
        api_key="AIza-of-nobody-in-a-test",
        max_cost_usd_per_day=1.0,
    )
    store = replace(trial.store, settings=settings)
    return replace(trial, settings=settings, store=store, gemini=Gemini(endpoint_of(settings)))


def test_the_bill_and_the_cap_of_google_know_nothing_of_the_emulator(trial: Trial) -> None:
    trial.write("acme/docs/a.txt", "The gate is shut in a storm. " * 40)
    trial.prepare()
    trial.advance_until_done()
    free = bill(trial.store)
    assert free.is_free
    assert free.batch_usd > 0
    assert free.canary_usd > 0
    real = on_google(trial)
    assert bill(real.store).batch_usd == bill(real.store).canary_usd == 0
    assert bill(real.store).tokens == 0
    spent = free.batch_usd + free.canary_usd
    require_budget(
        replace_cap(real, 0.9 * spent).store, "gemini", 0.5 * spent
    )  # the day is not begun
    embed_questions(real.store, real.gemini, real.settings.space, ["When is the gate shut?"])
    assert bill(real.store).canary_usd > 0
    assert bill(trial.store).canary_usd == free.canary_usd


def test_what_google_has_out_is_committed_there_alone(trial: Trial) -> None:
    real = on_google(trial)
    trial.write("acme/docs/a.txt", "The gate is shut in a storm. " * 40)
    real.settings.root.mkdir(exist_ok=True)
    real = replace(real, store=replace(real.store, settings=replace(real.settings, unprobed=True)))
    real.prepare()
    advance(real.store, real.gemini)
    assert bill(real.store).committed_usd > 0
    assert bill(trial.store).committed_usd == 0
    with pytest.raises(SpendRefused):
        require_budget(replace_cap(real, bill(real.store).committed_usd).store, "gemini", 0.000001)


def replace_cap(trial: Trial, usd: float) -> Trial:
    settings = replace(trial.store.settings, max_cost_usd_per_day=usd)
    return replace(trial, store=replace(trial.store, settings=settings))


def test_every_sum_of_the_package_says_of_which_backend_it_is() -> None:
    calls = [
        (path.name, node.lineno, {word.arg for word in node.keywords})
        for path in (PACKAGE / "pipeline").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in TOTALS
        and "spending" in ast.unparse(node.func.value)
    ]
    assert len(calls) > 5
    assert [call for call in calls if "backend" not in call[2]] == []
