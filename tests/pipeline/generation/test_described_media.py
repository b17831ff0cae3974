"""A medium is described once its answer is there, wherever documents are shown."""

from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.documents.document_list import document_list
from semantic_assets.pipeline.reports.failure_groups import failure_groups
from semantic_assets.pipeline.reports.sql import connect
from tests.emulator import drawn
from tests.trial import Trial

NEWS = DatasetKey("acme", "news")


def _statuses(trial: Trial) -> list[tuple[str, str, str | None]]:
    query = "SELECT uri, parse_status, parse_error FROM documents ORDER BY uri"
    with connect(trial.store) as lake:
        rows: list[tuple[str, str, str | None]] = lake.execute(query).fetchall()
    listed = {row.uri: (row.status, row.error) for row in document_list(trial.store, NEWS, limit=9)}
    assert {uri: status for uri, status, _ in rows} == {uri: one[0] for uri, one in listed.items()}
    return [(uri.rpartition("/")[2], status, listed[uri][1]) for uri, status, _ in rows]


def _write(trial: Trial) -> None:
    trial.write("acme/news/dataset.toml", "transcribe = true")
    trial.write("acme/news/a.png", drawn.png("red", "circle", "white"))
    trial.write("acme/news/note.txt", "A note about ships on the sea.")


def test_a_described_medium_waits_no_more_until_it_is_edited(trial: Trial) -> None:
    _write(trial)
    trial.refresh(wait_minutes=0)
    assert [status for _, status, _ in _statuses(trial)] == ["pending_description", "ok"]
    trial.refresh()
    assert _statuses(trial) == [("a.png", "described", None), ("note.txt", "ok", None)]
    assert failure_groups(trial.store) == []
    trial.write("acme/news/a.png", drawn.png("blue", "square", "black"))
    trial.refresh(wait_minutes=0)
    assert [status for _, status, _ in _statuses(trial)] == ["pending_description", "ok"]


def test_a_medium_that_the_model_refused_says_why(trial: Trial) -> None:
    _write(trial)
    trial.arm("stopped-answers", times=None, fraction=1.0, reason="SAFETY")
    trial.refresh()
    trial.disarm()
    (picture, _) = _statuses(trial)
    assert (picture[1], "SAFETY" in str(picture[2])) == ("pending_description", True)
    [group] = failure_groups(trial.store)
    assert (group.what, group.examples) == ("documents", ("acme/news/a.png",))
    assert "SAFETY" in group.reason
    assert "generate retry acme/news -t transcribe" in group.remedy
