"""Scanned PDFs: offered with their price, and written down where their dataset says so."""

from semantic_assets.api import functions
from semantic_assets.pipeline.costs.estimate_sources import estimate_sources
from tests.parsing.hostile import scanned_pdf
from tests.trial import Trial


def _rows(trial: Trial, query: str) -> list[tuple[object, ...]]:
    with functions.connect(root=trial.settings.root) as connection:
        return connection.sql(query).fetchall()


def test_a_scanned_pdf_waits_and_says_for_what(trial: Trial) -> None:
    trial.write("acme/papers/letter.pdf", scanned_pdf())
    trial.refresh()
    [(status, reason)] = _rows(trial, "SELECT parse_status, parse_error FROM documents")
    assert status == "pending_description"
    assert "transcribe = true" in str(reason)


def test_an_estimate_offers_what_the_transcription_costs(trial: Trial) -> None:
    trial.write("acme/papers/letter.pdf", scanned_pdf())
    trial.write("acme/papers/note.txt", "A note beside it.")
    trial.refresh()
    [offer] = estimate_sources(trial.store).offers
    assert (offer.task, offer.requests) == ("transcribe", 1)
    assert 0 < offer.usd < 0.01


def test_a_dataset_that_transcribes_finds_its_scans(trial: Trial) -> None:
    trial.write("acme/papers/dataset.toml", "transcribe = true")
    trial.write("acme/papers/letter.pdf", scanned_pdf())
    trial.refresh()
    assert estimate_sources(trial.store).offers == ()
    [(task, status)] = _rows(trial, "SELECT task, status FROM generations")
    assert str(task).startswith("transcribe-")
    assert status == "READY"
    [(text, vector_text)] = _rows(trial, "SELECT text, vector_text FROM chunks")
    assert text
    assert text == vector_text


def test_a_scan_that_has_another_name_costs_nothing(trial: Trial) -> None:
    trial.write("acme/papers/dataset.toml", "transcribe = true")
    path = trial.write("acme/papers/letter.pdf", scanned_pdf())
    trial.refresh()
    sent = trial.sent()
    path.rename(path.with_name("another.pdf"))
    trial.refresh()
    assert trial.sent() == sent
    assert [uri for (uri,) in _rows(trial, "SELECT uri FROM documents")] == [
        "acme/papers/another.pdf"
    ]
