"""Names are not content: a file under another name, or a copy of it, is not sent again."""

import json
import shutil
from pathlib import Path

from tests.trial import Trial

#: A title of its own, one further down, none; a page with a title; records with and without ids.
CONTENT = {
    "titled.md": "# Locks\n\nThe lock is filled before its gate is opened.",
    "later.md": "The gate is closed at low water.\n\n# Gates\n\nIt is opened at high water.",
    "plain.txt": "The buoy is painted each spring, and its chain is looked at.",
    "page.html": "<html><title>Piers</title><body><h1>Piers</h1><p>The pier has rails.</p></body></html>",
    "bare.html": "<html><body><p>The crane is greased on Mondays.</p></body></html>",
    "records.jsonl": "\n".join(
        json.dumps({"id": f"r{n}", "title": f"Ship {n}", "text": f"Ship {n} sails on day {n}."})
        for n in range(3)
    ),
    "rows.csv": "text\nThe ferry leaves at nine.\nThe tug comes at ten.\n",
}


def _folder(trial: Trial) -> Path:
    return trial.store.settings.sources / "acme" / "harbour"


def test_renamed_files_and_copies_of_them_send_nothing(trial: Trial) -> None:
    for name, content in CONTENT.items():
        trial.write(f"acme/harbour/{name}", content)
    trial.refresh()
    sent = sum(trial.sent().values())
    folder = _folder(trial)
    for number, name in enumerate(CONTENT):
        new = folder / f"Another name {number}{Path(name).suffix}"
        (folder / name).rename(new)
        shutil.copyfile(new, folder / f"copy of {new.name}")
    report = trial.refresh()
    assert (report.advanced.submitted_texts, sum(trial.sent().values())) == (0, sent)
    assert report.left_out == 0


def test_two_files_that_swap_names_and_a_copy_elsewhere_send_nothing(trial: Trial) -> None:
    for name, content in CONTENT.items():
        trial.write(f"acme/harbour/{name}", content)
    trial.refresh()
    folder = _folder(trial)
    for one, other in (("titled.md", "later.md"), ("page.html", "bare.html")):
        (folder / one).rename(folder / "kept")
        (folder / other).rename(folder / one)
        (folder / "kept").rename(folder / other)
    shutil.copytree(folder, folder.parent / "quay")
    assert trial.refresh().advanced.submitted_texts == 0
