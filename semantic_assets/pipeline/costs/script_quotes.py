"""The tokens of pending texts by script, with bounds that what Google counted has taught."""

from dataclasses import dataclass

from semantic_assets.gemini.client import Gemini
from semantic_assets.model.keys import DatasetKey
from semantic_assets.model.space import EmbeddingSpace
from semantic_assets.pipeline.costs.calibration import Calibration, calibrate
from semantic_assets.pipeline.costs.exact_counts import count_sample
from semantic_assets.pipeline.costs.pending_scripts import PendingScripts
from semantic_assets.store import Store
from semantic_assets.text.scripts import CHARACTERS_PER_TOKEN, Script

UNKNOWN = Calibration(band=0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptQuote:
    """The tokens of one script in one space: the estimate and its bounds."""

    script: str
    model: str
    #: The backend that embeds them.
    service: str
    tokens: int
    tokens_low: int
    tokens_high: int
    #: Texts the estimate was calibrated from; 0: not calibrated.
    calibrated_from: int
    #: Google's count is so many times our estimate, give or take `band` of it.
    ratio: float
    band: float
    #: Texts that Google counted for this quote, by one request each.
    counted: int


def quote_of_size(store: Store, dataset: DatasetKey, size: int) -> ScriptQuote:
    """Quote files by size alone: a byte counts as a character of Latin text, which errs upwards."""
    tokens = round(size / CHARACTERS_PER_TOKEN[Script.LATIN])
    return script_quote(store.serving_space(dataset), "not read yet", tokens, UNKNOWN)


def calibrated(
    store: Store,
    space: EmbeddingSpace,
    pending: PendingScripts,
    counter: Gemini | None = None,
    *,
    is_learned: bool = True,
) -> list[ScriptQuote]:
    """Quote pending texts by script; unless `is_learned`, by our estimates alone."""
    if not any(pending.tokens.values()):
        return []
    learned = calibrate(store, space) if is_learned else dict.fromkeys(Script, Calibration())
    if counter is not None:
        learned |= count_sample(store, counter, space, pending.keys)
    return [
        script_quote(space, script, tokens, learned[script])
        for script, tokens in pending.tokens.items()
        if tokens
    ]


def script_quote(
    space: EmbeddingSpace, script: str, tokens: int, calibration: Calibration
) -> ScriptQuote:
    """Quote the estimated tokens of one script."""
    expected = tokens * calibration.ratio
    return ScriptQuote(
        script=str(script),
        model=space.model,
        service=space.backend,
        tokens=round(expected),
        tokens_low=round(expected * (1 - calibration.band)),
        tokens_high=round(expected * (1 + calibration.band)),
        calibrated_from=calibration.texts,
        ratio=calibration.ratio,
        band=calibration.band,
        counted=calibration.requests,
    )
