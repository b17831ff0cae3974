"""The commit-msg hook accepts short imperative subjects and names what is wrong with others."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parent.parent
SCRIPT = PROJECT / ".ci" / "commit_subject.py"


def _check(tmp_path: Path, message: str) -> tuple[int, str]:
    file = tmp_path / "COMMIT_EDITMSG"
    file.write_text(message, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(file)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "message",
    [
        "Group code by asset",
        "Embed the question in the space of the index",
        "Bring the key index level with the results",
        "Document `dataset.toml` in docs/datasets.md\n\nA body. It may end with a period.\n",
        "\n# a comment of git\nAdd a glossary\n",
        "x".upper() * 72,
        "Merge branch 'docs'",
        'Revert "changed the name of a table."',
        "fixup! Add a glossary",
    ],
)
def test_a_good_subject_passes(tmp_path: Path, message: str) -> None:
    assert _check(tmp_path, message) == (0, "")


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("X" * 73, "73 characters"),
        ("add a glossary", "capital letter"),
        ("Add a glossary.", "period"),
        ("Added a glossary", "imperative"),
        ("Adding a glossary", "imperative"),
        ("Docs: add a glossary", "prefix 'Docs:'"),
        ("", "empty"),
        ("# only a comment\n", "empty"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, message: str, fault: str) -> None:
    code, said = _check(tmp_path, message)
    assert code == 1
    assert fault in said


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    code, said = _check(tmp_path, "fixed " + "it " * 30 + "all.")
    assert code == 1
    for fault in ("characters", "capital letter", "imperative", "period"):
        assert fault in said


def test_the_hook_calls_the_script_on_commit_messages() -> None:
    config = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    [hook] = [hook for hook in hooks if hook["id"] == "commit-subject"]
    assert hook["stages"] == ["commit-msg"]
    assert hook["entry"].split()[-1] == ".ci/commit_subject.py"
    # Hooks without stages would run for commit messages as well, on a file that is not theirs.
    assert config["default_install_hook_types"] == ["pre-commit", "commit-msg"]
    assert config["default_stages"] == ["pre-commit"]
