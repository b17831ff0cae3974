"""A refresh says once that the other service would be better, until most is paid for here."""

from dataclasses import replace

from tests.agent_platform.test_whole_flow import write_notes
from tests.trial import Trial


def lines_of_a_refresh(trial: Trial) -> list[str]:
    said: list[str] = []
    store = replace(trial.store, report_progress=said.append)
    replace(trial, store=store).refresh()
    return [line for line in said if "docs/scaling.md" in line]


def test_a_refresh_of_a_small_corpus_names_the_window_once(platform: Trial) -> None:
    write_notes(platform, 3)
    (line,) = lines_of_a_refresh(platform)
    assert line.startswith(
        "the Agent Platform may take 4 days; the Developer API takes this at once"
    )


def test_who_has_paid_for_most_is_not_sent_elsewhere(platform: Trial) -> None:
    """The vectors of the two are two spaces: what is answered would be paid for again.

    Three days of queue are let pass, so that the pace of its jobs is no reason either.
    """
    write_notes(platform, 6)
    platform.arm("unknown-state", seconds=69 * 3_600.0)
    platform.refresh(wait_minutes=0)
    platform.pass_time(70 * 3_600.0)
    platform.refresh()
    write_notes(platform, 8)
    assert lines_of_a_refresh(platform) == []
    write_notes(platform, 40)
    assert len(lines_of_a_refresh(platform)) == 1
