"""What surrounds the content of pages is not paid for, and it is said how much that is."""

from dataclasses import replace

from semantic_assets.lake import layout
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.costs.estimate import estimate
from semantic_assets.pipeline.discovery.discover import discover
from semantic_assets.pipeline.documents.read import read_documents
from tests.trial import Trial

MENU = "Home, news, about us"
PROSE = "The keeper opens the lower gate before the boat arrives. " * 8
PAGE = f"<nav>{MENU}</nav><main><h1>Locks</h1><p>{PROSE}</p></main>"


def _read(trial: Trial) -> list[str]:
    discover(trial.store)
    texts: list[str] = []
    for shard in trial.store.ledger.sources.shards(DatasetKey.parse("acme/web")):
        read_documents(trial.store, shard.key)
        texts += trial.store.lake.read(layout.documents(shard.key), ["text"])["text"].to_pylist()
    return texts


def test_the_quote_says_how_many_letters_were_left_out(trial: Trial) -> None:
    for name in ("a.html", "b.htm", "c.xhtml"):
        trial.write(f"acme/web/{name}", PAGE)
    trial.write("acme/web/d.txt", "plain")
    trial.prepare()
    assert estimate(trial.store).left_out_chars == 3 * len(MENU)


def test_refresh_says_it_and_how_to_keep_them(trial: Trial) -> None:
    trial.write("acme/web/a.html", PAGE)
    said: list[str] = []
    trial = replace(trial, store=replace(trial.store, report_progress=said.append))
    trial.refresh()
    [line] = [line for line in said if "left out" in line]
    assert line.startswith(f"{len(MENU)} letters")
    assert '[html] content = "all"' in line


def test_a_change_of_the_setting_reads_pages_again(trial: Trial) -> None:
    trial.write("acme/web/a.html", PAGE)
    [text] = _read(trial)
    assert MENU not in text
    trial.write("acme/web/dataset.toml", '[html]\ncontent = "all"')
    [text] = _read(trial)
    assert text.startswith(MENU)
