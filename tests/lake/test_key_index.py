"""The key index: which text has which outcomes, and where."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from semantic_assets.lake import key_index, key_index_file
from semantic_assets.lake.key_halves import halves
from semantic_assets.lake.key_index import KeyIndex
from semantic_assets.lake.outcomes import Landed, OutcomeCode
from semantic_assets.text.fingerprint import text_hash
from tests.factories import run_together, sqlite_being_made
from tests.lake.lake_processes import cover_files, cover_own_files

OK, PERMANENT, TRANSIENT = OutcomeCode.OK, OutcomeCode.PERMANENT, OutcomeCode.TRANSIENT
MISSING, EXPIRED = OutcomeCode.MISSING, OutcomeCode.EXPIRED
A, B, C = (text_hash(letter) for letter in "abc")


@pytest.fixture
def index(tmp_path: Path) -> KeyIndex:
    return KeyIndex(tmp_path / "keys" / "space=s.sqlite3")


def test_an_index_nobody_wrote_knows_nothing(index: KeyIndex) -> None:
    assert index.etags() == {}
    assert index.look_up([A, B]) == {}
    assert index.look_up([]) == {}


def test_a_landed_text_is_found_by_file_and_position(index: KeyIndex) -> None:
    index.add("job1.parquet", [B, A], [OK, OK])
    assert index.etags().keys() == {"job1.parquet"}
    assert index.look_up([A, C]) == {A: Landed("job1", position=1, attempts=1)}


def test_of_several_vectors_the_lowest_job_id_wins_in_whatever_order_they_came(
    index: KeyIndex,
) -> None:
    index.add("job2.parquet", [A], [OK])
    index.add("job1.parquet", [B, A], [OK, OK])
    index.add("job3.parquet", [A], [OK])
    found = index.look_up([A])[A]
    assert (found.job_id, found.position) == ("job1", 1)


def test_a_vector_counts_whatever_failed_before_or_after_it(index: KeyIndex) -> None:
    index.add("job1.parquet", [A], [TRANSIENT])
    index.add("job2.parquet", [A], [OK])
    index.add("job3.parquet", [A], [PERMANENT])
    found = index.look_up([A])[A]
    assert found.job_id == "job2"
    assert found.attempts == 2
    assert not found.is_failed(max_attempts=1)


def test_failures_are_counted_and_the_last_one_is_named(index: KeyIndex) -> None:
    index.add("job1.parquet", [A, B], [TRANSIENT, OK])
    index.add("job2.parquet", [B, C, A], [OK, OK, MISSING])
    found = index.look_up([A])[A]
    assert found == Landed(attempts=2, last_error=("job2", 2))


@pytest.mark.parametrize("outcome", [TRANSIENT, MISSING, EXPIRED])
def test_a_text_is_failed_after_max_attempts_errors(index: KeyIndex, outcome: OutcomeCode) -> None:
    for job in range(3):
        assert not any(landed.is_failed(3) for landed in index.look_up([A]).values())
        index.add(f"job{job}.parquet", [A], [outcome])
    assert index.look_up([A])[A].is_failed(3)
    assert not index.look_up([A])[A].is_failed(4)


@pytest.mark.parametrize("outcomes", [[PERMANENT], [PERMANENT, TRANSIENT], [EXPIRED, PERMANENT]])
def test_one_permanent_error_fails_a_text_at_once(
    index: KeyIndex, outcomes: list[OutcomeCode]
) -> None:
    for job, outcome in enumerate(outcomes):
        index.add(f"job{job}.parquet", [A], [outcome])
    found = index.look_up([A])[A]
    assert found.is_permanent
    assert found.is_failed(max_attempts=10)
    assert found.last_error == (f"job{len(outcomes) - 1}", 0)


def test_covering_a_file_twice_changes_nothing(index: KeyIndex) -> None:
    index.add("job1.parquet", [A], [TRANSIENT])
    index.add("job1.parquet", [A, B], [OK, OK])
    assert index.look_up([A, B]) == {A: Landed(attempts=1, last_error=("job1", 0))}


def test_a_forgotten_file_counts_no_more_and_can_come_back(index: KeyIndex) -> None:
    index.add("job1.parquet", [A], [OK])
    index.add("job2.parquet", [A, B], [OK, OK])
    index.forget({"job1.parquet": "", "never-seen.parquet": ""})
    assert index.etags().keys() == {"job2.parquet"}
    assert index.look_up([A])[A].job_id == "job2"
    index.add("job1.parquet", [A], [OK])
    assert index.look_up([A])[A].job_id == "job1"


def test_of_a_forgotten_file_nothing_is_left_for_the_next_one(index: KeyIndex) -> None:
    index.add("job1.parquet", [A], [OK])
    index.forget({"job1.parquet": ""})
    index.add("job2.parquet", [B], [OK])
    assert set(index.look_up([A, B])) == {B}


@pytest.mark.parametrize(
    ("keys", "outcomes"),
    [([A, B], [OK]), ([A, A], [OK, OK]), ([A, "not hex"], [OK, OK])],
    ids=["lengths differ", "a key twice", "no hash"],
)
def test_a_file_that_cannot_be_covered_leaves_no_trace(
    index: KeyIndex, keys: list[str], outcomes: list[OutcomeCode]
) -> None:
    with pytest.raises(Exception, match=r"2 keys and 1 outcomes|UNIQUE|32 hex digits"):
        index.add("bad.parquet", keys, outcomes)
    assert index.etags() == {}
    assert index.look_up([A]) == {}


def test_keys_asked_twice_are_answered_once(index: KeyIndex) -> None:
    index.add("job1.parquet", [A], [OK])
    assert list(index.look_up([A, A, C, A])) == [A]


def test_a_lookup_of_50_000_keys_finds_those_there_are(index: KeyIndex) -> None:
    keys = [f"{number:032x}" for number in range(50_000)]
    known = keys[::3]
    index.add("job1.parquet", known, [OK] * len(known))
    found = index.look_up(keys)
    assert set(found) == set(known)
    assert all(found[key].position == place for place, key in enumerate(known))


def test_an_index_is_a_cache_that_can_be_deleted(index: KeyIndex) -> None:
    index.add("job1.parquet", [A], [OK])
    for path in index.path.parent.iterdir():
        path.unlink()
    assert index.etags() == {}


def test_an_index_that_another_process_is_just_making_is_waited_for(index: KeyIndex) -> None:
    with sqlite_being_made(index.path, seconds=0.1):
        assert index.etags() == {}


def test_processes_that_cover_the_same_files_at_once_cover_each_once(index: KeyIndex) -> None:
    keys = [text_hash(str(number)) for number in range(200)]
    assert index.etags() == {}
    assert run_together(cover_files, index.path, 10, keys) == [10] * 4
    found = index.look_up(keys)
    assert {(landed.job_id, landed.attempts) for landed in found.values()} == {("job000", 1)}
    assert [found[key].position for key in keys] == list(range(200))


def test_processes_that_cover_different_files_at_once_lose_none(index: KeyIndex) -> None:
    keys = [text_hash(str(number)) for number in range(50)]
    assert index.etags() == {}
    names = run_together(cover_own_files, index.path, 10, keys)
    assert index.etags().keys() == {name for own in names for name in own}  # type: ignore[attr-defined]
    assert {landed.attempts for landed in index.look_up(keys).values()} == {40}


def test_outcomes_of_many_texts_fold_into_what_the_rules_say(index: KeyIndex) -> None:
    """The same rules, written down once more, over 300 texts with random outcomes."""
    rng = random.Random(5)
    keys = [text_hash(str(number)) for number in range(300)]
    rows: dict[str, list[tuple[str, int, OutcomeCode]]] = {key: [] for key in keys}
    for job in rng.sample(range(8), 8):
        asked = rng.sample(keys, 150)
        outcomes = rng.choices(list(OutcomeCode), weights=[1, 1, 4, 2, 2], k=150)
        index.add(f"job{job}.parquet", asked, outcomes)
        for position, (key, outcome) in enumerate(zip(asked, outcomes, strict=True)):
            rows[key].append((f"job{job}", position, outcome))
    found, known = index.look_up(keys), index.known(keys)
    assert set(found) == {key for key in keys if rows[key]}
    for place, key in enumerate(keys):  # the columns say the same as the objects
        landed, job = found.get(key, Landed()), known.job[place]
        assert (known.job_ids[job] if job >= 0 else None) == landed.job_id
        assert (known.position[place], known.attempts[place]) == (landed.position, landed.attempts)
        assert known.is_failed(3)[place] == landed.is_failed(3)
    for key, landed in found.items():
        of_key = sorted(rows[key])
        answered = next((row for row in of_key if row[2] == OK), None)
        if answered is not None:
            assert (landed.job_id, landed.position) == answered[:2]
            assert not landed.is_failed(1)
        else:
            permanent = any(outcome == PERMANENT for _, _, outcome in of_key)
            assert landed.job_id is None
            assert landed.attempts == len(of_key)
            assert landed.last_error == of_key[-1][:2]
            assert landed.is_permanent == permanent
            assert landed.is_failed(8) == (permanent or len(of_key) >= 8)


# -- retries, and jobs that failed as a whole -----------------------------------------------------


@pytest.mark.parametrize("outcome", [OutcomeCode.OK, OutcomeCode.TRANSIENT])
def test_a_file_that_is_covered_anew_during_a_lookup_is_looked_up_as_it_was(
    index: KeyIndex, monkeypatch: pytest.MonkeyPatch, outcome: OutcomeCode
) -> None:
    keys = [text_hash(name) for name in "ab"]
    index.add("job-1.parquet", keys, [outcome] * 2, etag="1")
    before, read = index.known(keys), key_index._files

    def covered_anew(*given: Any) -> Any:
        KeyIndex(index.path).add("job-1.parquet", keys, [OutcomeCode.OK] * 2, etag="2")
        return read(*given)

    monkeypatch.setattr(key_index, "_files", covered_anew)
    found = index.known(keys)
    assert found.attempts.tolist() == before.attempts.tolist() == [1, 1]
    assert found.is_answered.tolist() == before.is_answered.tolist()
    monkeypatch.undo()
    assert index.known(keys).is_answered.all()
    monkeypatch.setattr(key_index, "_files", covered_anew)
    assert index.files_of(keys) == {"job-1.parquet"}


def test_after_a_retry_older_errors_count_no_more(index: KeyIndex) -> None:
    index.add("0001.parquet", [A, B], [PERMANENT, TRANSIENT])
    index.add_retry("retries/0002.parquet", [A])
    assert set(index.look_up([A, B])) == {B}
    index.add("0003.parquet", [A], [TRANSIENT])
    assert index.look_up([A])[A].attempts == 1
    assert not index.look_up([A])[A].is_permanent


def test_a_retry_takes_no_vector_away(index: KeyIndex) -> None:
    index.add("0001.parquet", [A], [OK])
    index.add_retry("retries/0002.parquet", [A])
    assert index.look_up([A])[A].job_id == "0001"


def test_the_latest_retry_counts_in_whatever_order_they_are_covered(index: KeyIndex) -> None:
    index.add("0003.parquet", [A], [TRANSIENT])
    index.add_retry("retries/0004.parquet", [A])
    index.add_retry("retries/0002.parquet", [A])
    index.add_retry("retries/0002.parquet", [A])
    assert index.look_up([A]) == {}
    assert {"retries/0002.parquet", "retries/0004.parquet"} <= index.etags().keys()


def test_a_text_that_went_down_with_others_has_spent_none_of_its_own_attempts(
    index: KeyIndex,
) -> None:
    for job in range(3):
        index.add(f"job{job}.parquet", [A, B], [TRANSIENT, TRANSIENT], whole_job=2)
    found = index.look_up([A])[A]
    assert (found.attempts, found.whole_failures) == (0, 3)
    assert found.failed_with == ("job2", 2)
    assert not found.is_failed(3)


def test_a_job_of_one_text_that_fails_as_a_whole_is_that_texts_own_failure(
    index: KeyIndex,
) -> None:
    index.add("job0.parquet", [A], [TRANSIENT], whole_job=1)
    found = index.look_up([A])[A]
    assert (found.attempts, found.whole_failures, found.failed_with) == (1, 0, None)


def test_whole_job_failures_do_not_go_on_for_ever(index: KeyIndex) -> None:
    for job in range(40):
        index.add(f"job{job:02d}.parquet", [A, B], [EXPIRED, EXPIRED], whole_job=2)
    assert index.look_up([A])[A].is_failed(3)


def test_a_later_failure_of_its_own_ends_the_bisection(index: KeyIndex) -> None:
    index.add("job0.parquet", [A, B], [TRANSIENT, TRANSIENT], whole_job=2)
    index.add("job1.parquet", [A, B], [MISSING, OK])
    found = index.look_up([A])[A]
    assert (found.attempts, found.failed_with) == (1, None)


def test_a_forgotten_file_takes_the_retries_of_its_texts_along(index: KeyIndex) -> None:
    index.add("01a.parquet", [A], [PERMANENT])
    index.add("01c.parquet", [B], [PERMANENT])
    index.add_retry("retry/01d.parquet", [A, B])
    index.forget({"01a.parquet": ""})
    index.add("01a.parquet", [A], [PERMANENT])
    assert set(index.look_up([A, B])) == {A}


def test_the_files_of_texts_are_all_with_any_outcome_of_them(index: KeyIndex) -> None:
    index.add("01a.parquet", [A, B], [OK, TRANSIENT])
    index.add("01b.parquet", [B], [OK])
    index.add("01c.parquet", [C], [OK])
    assert index.files_of([B]) == {"01a.parquet", "01b.parquet"}
    assert index.files_of([]) == set()


def test_other_content_of_a_file_takes_the_place_of_its_outcomes_at_once(tmp_path: Path) -> None:
    index = KeyIndex(tmp_path / "keys.sqlite3")
    index.add("job1.parquet", [A, B], [TRANSIENT, TRANSIENT], etag="one")
    index.add("job1.parquet", [A, B], [OK, OK], etag="one")
    assert index.look_up([A])[A].job_id is None
    index.add("job1.parquet", [A, B], [OK, OK], etag="two")
    assert index.look_up([A])[A].job_id == "job1"
    index.forget({"job1.parquet": "one"})  # by who saw it before
    assert index.look_up([A])[A].job_id == "job1"
    index.add("job1.parquet", [A], [OK], etag="two", anew=True)
    assert set(index.look_up([A, B])) == {A}


def test_whoever_remembers_what_was_covered_learns_of_what_came_since(index: KeyIndex) -> None:
    index.add("job1.parquet", [A], [OK])
    before = index.covered()
    assert index.added_since(before) == ([], before)
    index.add("job2.parquet", [B], [OK])
    index.add("job2.parquet", [B], [OK])  # covered before: nothing has changed
    index.add_retry("retry/0003.parquet", [C])
    added = index.added_since(before)
    assert added is not None
    assert added[0] == ["job2.parquet", "retry/0003.parquet"]
    assert index.added_since(added[1]) == ([], added[1])


def test_a_file_that_is_covered_again_or_forgotten_is_no_growth(index: KeyIndex) -> None:
    index.add("job1.parquet", [A], [OK])
    index.add("job2.parquet", [B], [TRANSIENT])
    before = index.covered()
    index.add("job2.parquet", [B], [OK], anew=True)
    assert index.added_since(before) is None
    before = index.covered()
    index.forget({"job2.parquet": ""})  # the one with the highest id
    assert index.added_since(before) is None
    index.add("job2.parquet", [B], [OK])
    index.add("job3.parquet", [C], [OK])
    assert index.added_since(before) is None


def test_an_index_made_anew_is_another_one(index: KeyIndex) -> None:
    index.add("job1.parquet", [A], [TRANSIENT])
    before = index.covered()
    key_index_file.delete(index.path)
    index.add("job1.parquet", [A], [OK])
    assert index.added_since(before) is None


def test_an_index_of_the_form_before_is_read_and_keeps_what_it_covers(index: KeyIndex) -> None:
    index.path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(index.path)) as old:
        old.executescript(
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE file (file_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
              whole_job INTEGER NOT NULL, mark TEXT NOT NULL) STRICT;
            CREATE TABLE retry (high INTEGER NOT NULL, low INTEGER NOT NULL,
              retry_id TEXT NOT NULL, PRIMARY KEY (high, low)) STRICT, WITHOUT ROWID;
            CREATE TABLE outcome (high INTEGER NOT NULL, low INTEGER NOT NULL,
              file_id INTEGER NOT NULL, position INTEGER NOT NULL, outcome INTEGER NOT NULL,
              PRIMARY KEY (high, low, file_id)) STRICT, WITHOUT ROWID;
            INSERT INTO file VALUES (7, 'job1.parquet', 0, '');
            PRAGMA user_version = 3;
            """
        )
        [[high, low]] = halves([A]).tolist()
        old.execute("INSERT INTO outcome VALUES (?, ?, 7, 0, 0)", (high, low))
        old.commit()
    reader = KeyIndex(index.path, is_reading=True)
    assert reader.look_up([A]) == {A: Landed("job1", position=0, attempts=1)}
    assert index.look_up([A]) == {A: Landed("job1", position=0, attempts=1)}
    before = index.covered()
    assert before.last_id == 7
    index.add("job2.parquet", [B], [OK])
    assert index.added_since(before) is not None
