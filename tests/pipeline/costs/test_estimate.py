"""The bill first: what is quoted is what is sent, and a cap refuses before anything is."""

import random

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.errors import SpendRefused, TransientError
from semantic_assets.pipeline.costs.calibration import UNCALIBRATED_BAND, learned_ratio
from semantic_assets.pipeline.costs.estimate import Estimate, estimate, estimate_articles
from semantic_assets.pipeline.costs.exact_counts import SAMPLE
from semantic_assets.text.scripts import Script, script_of
from tests.trial import Trial

ENGLISH = [
    "the",
    "pilot",
    "boards",
    "at",
    "the",
    "fairway",
    "buoy",
    "when",
    "wind",
    "and",
    "tide",
    "allow",
]
RUSSIAN = [
    "купол",
    "закрывают",
    "когда",
    "ветер",
    "сильнее",
    "пятнадцати",
    "метров",
    "в",
    "секунду",
]


def write_corpus(trial: Trial, dataset: str, count: int, words: list[str], seed: int) -> None:
    rng = random.Random(seed)
    for number in range(count):
        text = " ".join(rng.choices(words, k=rng.randrange(20, 120)))
        trial.write(f"acme/{dataset}/{number}.txt", f"{seed} {number} {text}")


def test_the_quote_names_the_texts_that_are_then_sent_and_nothing_twice(trial: Trial) -> None:
    write_corpus(trial, "en", 40, ENGLISH, 1)
    trial.prepare()
    quote = estimate(trial.store)
    assert quote.texts == 40
    assert not trial.remote_jobs()
    trial.refresh()
    assert sum(trial.sent().values()) == quote.texts
    assert estimate(trial.store).texts == 0


def test_after_a_first_job_the_next_quote_is_narrow_and_holds(trial: Trial) -> None:
    write_corpus(trial, "en", 60, ENGLISH, 1)
    write_corpus(trial, "ru", 60, RUSSIAN, 2)
    trial.refresh()
    write_corpus(trial, "more", 50, ENGLISH, 3)
    write_corpus(trial, "more_ru", 50, RUSSIAN, 4)
    trial.prepare()
    quote = estimate(trial.store)
    assert {part.script for part in quote.by_script} == {Script.LATIN, Script.CYRILLIC_GREEK}
    assert quote.tokens_high - quote.tokens_low < UNCALIBRATED_BAND * quote.tokens
    before = trial.store.ledger.spending.totals().batch_tokens
    trial.refresh()
    after = trial.store.ledger.spending.totals().batch_tokens
    assert quote.tokens_low <= sum(after.values()) - sum(before.values()) <= quote.tokens_high


def test_a_limit_quotes_the_first_documents_only(trial: Trial) -> None:
    write_corpus(trial, "en", 30, ENGLISH, 1)
    trial.prepare()
    assert estimate(trial.store, limit=7).texts == 7
    assert estimate(trial.store, limit=7).tokens < estimate(trial.store).tokens


def test_files_that_are_listed_and_not_read_are_quoted_by_their_size(trial: Trial) -> None:
    write_corpus(trial, "en", 3, ENGLISH, 1)
    trial.prepare()
    trial.write("acme/en/new.txt", "x" * 4_400)
    from semantic_assets.pipeline.discovery.discover import discover

    discover(trial.store)
    quote = estimate(trial.store)
    assert (quote.texts, quote.unread_files, quote.unread_bytes) == (3, 1, 4_400)
    assert quote.tokens_high >= 1_000


def test_a_cap_of_the_run_refuses_before_anything_is_sent(trial: Trial) -> None:
    write_corpus(trial, "en", 10, ENGLISH, 1)
    with pytest.raises(SpendRefused, match=r"10 texts, over its cap of \$0\.00000?1?"):
        trial.refresh(max_cost_usd=0.000001)
    assert not trial.remote_jobs()
    assert not trial.refresh(max_cost_usd=1.0).is_waiting


def test_consent_is_asked_once_with_the_quote_and_only_for_texts_to_send(trial: Trial) -> None:
    write_corpus(trial, "en", 4, ENGLISH, 1)
    shown: list[Estimate] = []
    trial.refresh(consent=shown.append)
    trial.refresh(consent=shown.append)
    assert [quote.texts for quote in shown] == [4]


def test_a_corpus_that_is_not_there_is_quoted_by_its_characters(trial: Trial) -> None:
    quote = estimate_articles(trial.store, articles=12_000, chars=9_000, script=Script.LATIN)
    assert 20e6 < quote.tokens < 30e6
    assert quote.window_fills == -(-quote.tokens_high // 500_000)
    assert quote.usd == pytest.approx(quote.tokens * 0.075e-6, rel=0.1)
    assert quote.realtime_usd == pytest.approx(quote.tokens * 0.15e-6)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("The pilot boards; 2 + 2 = 4.", Script.LATIN),
        ("Купол закрывают при ветре 15 m/s", Script.CYRILLIC_GREEK),
        ("望远镜的圆顶在强风中关闭 (15 m/s)", Script.CJK),
        ("הכיפה נסגרת ברוח חזקה", Script.OTHER),
        ("12345", Script.LATIN),
    ],
)
def test_the_script_of_a_text_is_that_of_most_of_its_letters(text: str, script: Script) -> None:
    assert script_of(text) == script


def calls(trial: Trial) -> dict[str, int]:
    found: dict[str, int] = httpx2.get(f"{trial.url}/emulator/state").json()["calls"]
    return found


def billed(trial: Trial) -> int:
    trial.refresh()
    return sum(trial.store.ledger.spending.totals().batch_tokens.values())


def test_an_exact_quote_counts_a_sample_and_holds(trial: Trial) -> None:
    write_corpus(trial, "en", 150, ENGLISH, 1)
    write_corpus(trial, "ru", 90, RUSSIAN, 2)
    trial.prepare()
    loose, quote = estimate(trial.store), estimate(trial.store, counter=trial.gemini)
    assert calls(trial) == {"models.countTokens": 2 * SAMPLE}
    assert quote.count_requests == 2 * SAMPLE
    assert [part.counted for part in quote.by_script] == [SAMPLE, SAMPLE]
    assert quote.tokens_high - quote.tokens_low < (loose.tokens_high - loose.tokens_low) / 3
    assert quote.tokens_low <= billed(trial) <= quote.tokens_high


def test_an_exact_quote_is_the_same_when_it_is_asked_again(trial: Trial) -> None:
    write_corpus(trial, "en", 120, ENGLISH, 1)
    trial.prepare()
    assert estimate(trial.store, counter=trial.gemini) == estimate(
        trial.store, counter=trial.gemini
    )


def test_when_every_text_was_counted_nothing_is_uncertain(trial: Trial) -> None:
    write_corpus(trial, "en", 7, ENGLISH, 1)
    trial.prepare()
    quote = estimate(trial.store, counter=trial.gemini)
    assert (quote.count_requests, quote.tokens_low, quote.tokens_high) == (7, *2 * [quote.tokens])
    assert billed(trial) == pytest.approx(quote.tokens, abs=1)


def test_an_exact_quote_of_a_few_documents_counts_only_those(trial: Trial) -> None:
    write_corpus(trial, "en", 30, ENGLISH, 1)
    trial.prepare()
    quote = estimate(trial.store, limit=5, counter=trial.gemini)
    assert (quote.texts, quote.count_requests) == (5, 5)


def test_counting_that_fails_says_after_how_many_requests_and_what_asks_nothing(
    trial: Trial,
) -> None:
    write_corpus(trial, "en", 30, ENGLISH, 1)
    trial.prepare()
    trial.arm("any-503", method="models.countTokens")
    with pytest.raises(TransientError, match=r"stopped after 0 requests: 503.* without --exact"):
        estimate(trial.store, counter=trial.gemini)


@given(
    st.lists(st.tuples(st.integers(1, 800), st.integers(1, 800)), min_size=1, max_size=60),
    st.integers(0, 50),
)
def test_the_ratio_of_a_sample_is_that_of_its_sums_and_its_band_ends_with_the_last_text(
    pairs: list[tuple[int, int]], more: int
) -> None:
    of = len(pairs) + more
    found = learned_ratio(pairs, of=of)
    assert found.ratio == pytest.approx(sum(b for _, b in pairs) / sum(a for a, _ in pairs))
    assert (found.band == 0) == (more == 0)
    assert found.band <= learned_ratio(pairs, of=None).band + 1e-12
