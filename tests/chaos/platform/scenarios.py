"""What goes wrong with the Agent Platform alone: its queue, its bucket, its tokens, its folders."""

from collections.abc import Iterator
from dataclasses import replace

from semantic_assets.emulator.faults import faults_of_platform
from tests.chaos.faults import fault
from tests.chaos.generation_kinds import BOTH
from tests.chaos.scenarios import End, Fault, Scenario

HOUR = 3_600.0
#: Faults that the Developer API has not.
OF_PLATFORM = frozenset(name for _, name, _, _ in faults_of_platform.ROWS)
#: Of the shapes of `output-with-others`, those within the folder of the answers.
_WITHIN = ("run-within", "foreign-within")
_SHAPES = ("run-beside", "foreign-beside", "incremental", "incremental-only", *_WITHIN)
#: Three rows a file: a job of these scenarios has more.
_MANY = Fault("output-in-many-files", {"rows": 3}, times=None)
_UNANSWERED = fault("lost-create-response")


def platform_scenarios() -> list[Scenario]:
    return [*_queue(), *_folders(), *_counts(), *_storage(), *_tokens()]


def _queue() -> Iterator[Scenario]:
    yield queued()
    yield queued_beyond_others()
    yield too_large()
    yield found_by_name()


def queued(hours: float = 70.0) -> Scenario:
    """A job waits for so long, and no cancel would reach it."""
    deaf = Fault("any-error", {"method": "batchPredictionJobs.cancel", "code": 400}, times=None)
    faults = (Fault("queued-for", {"seconds": hours * HOUR}), deaf)
    return Scenario(f"queued for {hours:g} hours, deaf to cancels", faults=faults, rounds=240)


def queued_beyond_others() -> Scenario:
    """It runs in the hour in which a job of the Developer API would have been given up."""
    return queued(50.55)


def too_large() -> Scenario:
    """What was reckoned to fit into one job does not."""
    return Scenario("inputs are larger than reckoned", window=6_000, most_bytes=2_500)


def found_by_name() -> Scenario:
    """A job whose create call was not answered, where only the filter on names finds it."""
    faults = (_UNANSWERED, Fault("list-unfiltered-503", times=None, since="create call"))
    return Scenario("lost-create-response, found by its name alone", faults=faults)


def _folders() -> Iterator[Scenario]:
    yield _with("output-folder-late", seconds=3 * HOUR)
    yield half_written()
    yield wrong_prefix()
    yield Scenario("answers in many files", faults=(_MANY,))
    yield Scenario("answers in many files, all tasks", faults=(_MANY,), tasks=BOTH, window=16_000)
    for shape in _SHAPES:
        yield with_others(shape)
    lag = Fault("storage-list-lags", {"count": 2}, times=None, for_seconds=2 * HOUR)
    yield Scenario("a listing of answers lags", faults=(_MANY, lag))


def half_written() -> Scenario:
    return _with("output-folder-half-written", seconds=3 * HOUR)


def wrong_prefix() -> Scenario:
    return replace(_with("output-wrong-prefix"), ends=End.QUARANTINED, affected=1)


def with_others(shape: str) -> Scenario:
    scenario = _with("output-with-others", shape=shape)
    if shape in _WITHIN:
        return replace(scenario, ends=End.QUARANTINED, affected=1)
    return scenario


def _counts() -> Iterator[Scenario]:
    yield from (contradicted(shape) for shape in ("all-failed", "none", "too-many"))
    for place in ("input", "output"):
        yield refused_to_google(place)


def contradicted(shape: str) -> Scenario:
    return _with("stats-disagree", shape=shape)


def refused_to_google(place: str) -> Scenario:
    """Google may not use the bucket, for half a day."""
    lasting = Fault(
        "bucket-refused-to-service", {"place": place}, times=None, for_seconds=12 * HOUR
    )
    return Scenario(f"the bucket is refused to Google, {place}", faults=(lasting,))


def _storage() -> Iterator[Scenario]:
    for call, contains in (
        *(("write", "input"), ("list", ""), ("read", "00001-of"), ("delete", "00001-of")),
        *(("delete", "input"), ("any", "")),
    ):
        yield refused_half_way(call, contains)
    for call in ("write", "list", "read", "delete"):
        yield Scenario(
            f"storage-503, {call}", faults=(Fault("storage-503", {"call": call}, times=2),)
        )
    yield Scenario("storage-401, read", faults=(Fault("storage-401", {"call": "read"}, times=2),))
    yield Scenario("storage-cut-read", faults=(Fault("storage-cut-read", times=2),))


def refused_half_way(call: str, contains: str) -> Scenario:
    """Whoever runs this may not use the bucket in this way for an hour."""
    given = {"call": call, "contains": contains}
    lost = Fault("storage-403", given, times=None, for_seconds=HOUR)
    name = f"permission is lost to {call} {contains}".strip()
    return Scenario(name, faults=(_MANY, lost))


def _tokens() -> Iterator[Scenario]:
    yield Scenario("token-503", faults=(Fault("token-503", times=7),))
    yield Scenario("token-revoked", faults=(Fault("token-revoked", times=3),))
    for method in ("create", "get", "list"):
        given = {"method": f"batchPredictionJobs.{method}"}
        yield Scenario(f"token-refused, {method}", faults=(Fault("token-refused", given, 2),))
    given = {"method": "models.embedContent"}
    yield Scenario("token-refused, canary", faults=(Fault("token-refused", given, 2),))


def _with(name: str, **parameters: object) -> Scenario:
    words = [name, *(str(word) for word in parameters.values() if isinstance(word, str))]
    return Scenario(", ".join(words), faults=(Fault(name, parameters),))
