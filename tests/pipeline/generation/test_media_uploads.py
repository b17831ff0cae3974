"""Images, audio and video are described by a task and found by the words of their descriptions."""

from pathlib import Path

import pytest

from semantic_assets.pipeline.maintenance.cleanup import cleanup
from semantic_assets.pipeline.reports.sql import connect
from semantic_assets.pipeline.search.search import search
from semantic_assets.settings.settings import project_dir
from tests.emulator import drawn
from tests.pipeline.tasks import results
from tests.trial import Trial

#: file -> what is in it, and a question for it
PICTURES = {
    "a.png": ("red", "circle", "white", "a red circle on white"),
    "b.png": ("blue", "square", "black", "blue square, black background"),
    "c.png": ("green", "triangle", "yellow", "green triangle on yellow"),
    "d.png": ("orange", "stripes", "grey", "orange stripes"),
}


@pytest.fixture
def media(meaningful_trial: Trial) -> Trial:
    """A folder of pictures, a sound and a film, and the task that ships with the project."""
    trial = meaningful_trial
    for name, (color, shape, background, _) in PICTURES.items():
        trial.write(f"acme/news/{name}", drawn.png(color, shape, background))
    trial.write("acme/news/tones.wav", drawn.wav([220, 0, 3000]))
    film = [("purple", "circle", "white"), ("cyan", "square", "black"), ("brown", "circle", "pink")]
    trial.write("acme/news/film.avi", drawn.avi(film))
    trial.write("acme/news/note.txt", "A note about ships on the sea.")
    shipped = (project_dir() / "data/tasks/describe-media.toml").read_text()
    trial.settings.tasks.mkdir(parents=True)
    (trial.settings.tasks / "describe.toml").write_text(f'datasets = ["acme/news"]\n{shipped}')
    return trial


def found(trial: Trial, question: str) -> tuple[str, str]:
    (hit,) = search(trial.store, trial.gemini, question, k=1)
    return Path(hit.uri).name, hit.text


def test_media_are_found_by_words_of_their_descriptions(media: Trial) -> None:
    report = media.refresh()
    assert not report.is_waiting
    for name, (*_, question) in PICTURES.items():
        assert found(media, question)[0] == name
    name, text = found(media, "a high tone of 3000 hertz")
    assert name == "tones.wav"
    assert "00:02" in text
    name, text = found(media, "At 00:01 the picture shows a cyan square on a black background")
    assert name == "film.avi"
    assert "00:01" in text
    assert found(media, "ships")[0] == "note.txt"


def test_nothing_uploaded_is_left_at_google(media: Trial) -> None:
    media.refresh()
    assert media.gemini.batches.list_files() == []
    assert not list(media.settings.root.glob("manifests/*"))


def test_media_without_a_task_are_documents_that_nobody_waits_for(media: Trial) -> None:
    (media.settings.tasks / "describe.toml").unlink()
    report = media.refresh()
    assert not report.is_waiting
    query = "SELECT parse_status, count(*) FROM documents GROUP BY 1 ORDER BY 1"
    assert connect(media.store).execute(query).fetchall() == [("ok", 1), ("pending_description", 6)]
    assert report.documents[0].failed == 0


def test_the_same_picture_is_described_once_whatever_it_is_called(media: Trial) -> None:
    media.refresh()
    source = media.settings.sources / "acme/news/a.png"
    source.rename(source.with_name("renamed.png"))
    media.refresh()
    # The prompt names the title: with another name it is another question, of this picture alone.
    keys = [job.requests for job in media.store.ledger.jobs.list() if job.kind != "EMBEDDING"]
    assert keys == [6, 1]
    assert media.paid_twice() == []


def test_a_picture_that_changed_after_it_was_read_is_not_sent(media: Trial) -> None:
    from semantic_assets.pipeline.discovery.discover import discover
    from semantic_assets.pipeline.flows.prepare import prepare_shards

    prepare_shards(media.store, discover(media.store))
    media.write("acme/news/a.png", drawn.png("pink", "square", "black"))
    media.refresh()
    media.refresh()
    assert found(media, "pink square on black")[0] == "a.png"
    texts = [row["output"]["description"] for row in results(media, task="describe")]
    assert not any("red circle" in text for text in texts)


def test_what_is_no_picture_is_explained(media: Trial) -> None:
    media.write("acme/news/broken.png", b"\x89PNG but not really")
    report = media.refresh()
    assert not report.is_waiting
    row = next(row for row in results(media, task="describe") if row["title"] == "broken")
    assert (row["status"], row["error_code"]) == ("FAILED", "3")
    assert row["error"]


def test_uploads_of_a_process_that_died_are_found_by_cleanup(media: Trial) -> None:
    media.arm("create-429", times=1)
    media.refresh(wait_minutes=0)
    assert (
        media.gemini.batches.list_files() == []
        or cleanup(media.store, media.gemini, dry_run=False).remote_files
    )
    media.refresh()
    cleanup(media.store, media.gemini, dry_run=False)
    assert media.gemini.batches.list_files() == []


def test_in_real_time_media_are_uploaded_and_deleted_as_well(media: Trial) -> None:
    report = media.refresh(mode="sync")
    assert not report.is_waiting
    assert found(media, "a red circle on white")[0] == "a.png"
    assert media.gemini.batches.list_files() == []
    assert media.remote_jobs() == []
