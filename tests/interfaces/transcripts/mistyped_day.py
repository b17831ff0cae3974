"""A day on which every line is mistyped once: what is said, and that nothing came of it."""

from tests.interfaces.transcripts.day import Day

TITLE = "A mistyped day"
ORDER = 30


def play(day: Day) -> None:
    day.has("notes/sluice.md", "# Sluice\n\nThe sluice is opened at low water.\n")
    day.has("data/sources/acme/gates/gate.md", "# Gate\n\nThe gate is shut in frost.\n")
    day.environ["SEMANTIC_ASSETS_EMULATOR_LATENCY_SECONDS"] = "0.1"
    day.run_unseen("semantic-assets refresh -y")
    day.tells(
        "A lake with one dataset, `acme/gates`, is there. Every line below is wrong: each says what was "
        "meant, and nothing is made, changed or sent."
    )
    _commands(day)
    _datasets(day)
    _settings(day)
    _roots(day)


def _commands(day: Day) -> None:
    day.tells("Commands, options and choices:")
    day.types("semantic-assets serach sluice", code=2)
    day.types("semantic-assets rollback acme/gates", code=2)
    day.types("semantic-assets refresh --max-cost-us 1", code=2)
    day.types("semantic-assets search sluice --mode word", code=2)
    day.types("semantic-assets --root data/lake status", code=2)


def _datasets(day: Day) -> None:
    day.tells("Datasets and projects, after the command and after `-d`:")
    day.types("semantic-assets refresh acme/gatse -y", code=2)
    day.types("semantic-assets search frost -d acmee", code=2)
    day.types("semantic-assets status gates", code=2)
    day.types("semantic-assets rm acme/gate -y", code=2)
    day.tells("As it was meant; a project stands for its datasets:")
    day.types("semantic-assets status acme")


def _settings(day: Day) -> None:
    day.tells("A cap that is misspelt stops, and so does a value that is none:")
    day.types("SEMANTIC_ASSETS_MAX_COST_USD_PER_DYA=5 semantic-assets refresh", code=2)
    day.types("SEMANTIC_ASSETS_BACKEND=gemni semantic-assets refresh", code=2)
    day.has("data/sources/acme/gates/dataset.toml", "[budget]\nmax_cost_usd_per_dya = 5\n")
    day.types("cat data/sources/acme/gates/dataset.toml", "semantic-assets refresh -y", code=1)
    (day.home / "data/sources/acme/gates/dataset.toml").unlink()


def _roots(day: Day) -> None:
    day.tells("A root where no lake is:")
    day.types("semantic-assets add notes --root data/laek", code=2)
    day.types("semantic-assets status --root data", code=2)
    day.tells("Nothing came of it all:")
    day.types("ls data data/sources")
    day.types("semantic-assets jobs --json | grep -c job_id")
