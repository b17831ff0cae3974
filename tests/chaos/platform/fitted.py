"""Scenarios as they are lived through the Agent Platform, and those that make no sense there."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from semantic_assets.emulator.platform import prediction_jobs
from semantic_assets.gemini import agent_platform
from semantic_assets.gemini.agent_platform import AgentPlatform
from tests.chaos.scenarios import End, Fault, Scenario

_FILES = "its files are objects of a bucket: the faults of storage stand for those of the Files API"
_WINDOW = "there is no window of enqueued tokens"
_KEYS = "there are no keys: the faults of tokens stand for theirs"
_OPERATIONS = "its jobs are no operations"
#: Faults of the Developer API alone, and why.
LEFT_OUT = {
    **dict.fromkeys(
        (
            *("upload-slow-chunk", "upload-drop-chunk", "upload-503", "upload-mime-400"),
            *("upload-429-storage", "upload-lost-final", "files-403-blocked"),
            *("truncated-download-with-length", "truncated-download-close-delimited"),
        ),
        _FILES,
    ),
    **dict.fromkeys(("hidden-quota", "tokens-stay-enqueued"), _WINDOW),
    **dict.fromkeys(("create-400-key", "key-revoked"), _KEYS),
    **dict.fromkeys(("output-in-response-only", "output-in-metadata-only"), _OPERATIONS),
    **dict.fromkeys(("realtime-fewer", "realtime-swapped"), "a call in real time has one content"),
    "version-refused": "one version is spoken: v1beta1",
}
#: Safeguards of the Developer API alone: switched off, nothing changes here, and why.
NOT_NEEDED = {
    "no-complete-listing": "a job is looked for by the service's filter on names, not in pages",
    "no-stop-after-two": "without a window all jobs are out when the second is quarantined",
    "tokens-followed": "a whole listing is read before jobs are sent, and all are sent at once",
    **dict.fromkeys(
        ("no-fresh-look", "given-up-by-age"),
        "a machine that sleeps for 60 hours wakes before any deadline here",
    ),
    "no-scopes": "there are no keys, and another account of the project sees the same jobs",
}
#: What goes wrong here without a safeguard, where it is something else than of the Developer API:
#: answers are told apart by their texts, and a job by its folder.
SEEN_BY = {"no-missing-rows": "paid_twice", "no-ledger-id": "lost"}
#: Faults that others stand for.
STOOD_FOR = {"result-late": "output-folder-late"}
_REALTIME = "models.embedContent"
#: Ways of a call that are the Developer API's.
_METHODS = {
    "batches.": "batchPredictionJobs.",
    "models.asyncBatchEmbedContent": "batchPredictionJobs.create",
    "models.batchGenerateContent": "batchPredictionJobs.create",
    "models.batchEmbedContents": _REALTIME,
    "files.download": None,
    "files.": None,
}
#: As many calls as one of the Developer API has texts, about.
_TEXTS_OF_CALL = 5
#: What is longer than the deadlines of the Developer API is to be longer than those here.
_BEYOND_OTHERS, _BEYOND_OURS = 100 * 3_600.0, 140 * 3_600.0
#: More than any of these worlds has.
_MOST_JOBS = 100
#: Tokens of a window that make a text, about, and what a job has of it.
_WINDOW_OF_ROW, _CHAT_WINDOW_OF_ROW = 420, 800


def fitted(scenarios: Iterable[Scenario]) -> tuple[list[Scenario], Counter[str]]:
    """Return what is lived through the Agent Platform, and how many are not, by why."""
    kept, left_out = list[Scenario](), Counter[str]()
    for scenario in scenarios:
        if reason := _reason(scenario):
            left_out[reason] += 1
        else:
            faults = tuple(map(_fitted, scenario.faults))
            sees = SEEN_BY.get(scenario.safeguard_off or "", scenario.sees)
            kept.append(_all_out(replace(scenario, faults=faults, sees=sees)))
    return kept, left_out


def _all_out(scenario: Scenario) -> Scenario:
    """Without a window all jobs are out when the first answers are distrusted."""
    is_lasting = any(fault.times is None for fault in scenario.faults)
    if scenario.ends is End.QUARANTINED and is_lasting:
        return replace(scenario, affected=_MOST_JOBS)
    return scenario


def _reason(scenario: Scenario) -> str | None:
    if scenario.is_of_two:
        return "here all goes through the platform"
    if scenario.safeguard_off in NOT_NEEDED:
        return NOT_NEEDED[scenario.safeguard_off]
    for fault in scenario.faults:
        if fault.name in LEFT_OUT:
            return LEFT_OUT[fault.name]
        if _method(fault) is None:
            return _FILES
    return None


def _method(fault: Fault) -> str | None:
    """Return the name that a fault's method has here; None: there is none of that kind."""
    given = str(fault.parameters.get("method", "*"))
    for name, ours in _METHODS.items():
        if given.startswith(name):
            return ours and given.replace(name, ours)
    return given


def _fitted(fault: Fault) -> Fault:
    if "method" in fault.parameters:
        method = _method(fault)
        is_shared = method == _REALTIME != fault.parameters["method"]
        times = fault.times and fault.times * (_TEXTS_OF_CALL if is_shared else 1)
        return replace(fault, parameters={**fault.parameters, "method": method}, times=times)
    if fault.name in STOOD_FOR:  # there is no file that could be late, but a folder
        seconds = {"seconds": fault.parameters.get("seconds", 60.0)}
        return replace(fault, name=STOOD_FOR[fault.name], parameters=seconds)
    if fault.name == "stuck-running" and fault.parameters.get("seconds", 0.0) > _BEYOND_OTHERS:
        return replace(fault, parameters={"seconds": _BEYOND_OURS})
    if fault.name == "job-state-spelling":
        return replace(fault, parameters={"prefix": "BATCH_STATE_"})
    return fault


def limit_jobs(scenario: Scenario) -> None:
    """Let a job hold as little as the window of this scenario would, so that there are several."""
    rows = scenario.window // _WINDOW_OF_ROW
    if scenario.tasks:
        rows = scenario.chat_window // _CHAT_WINDOW_OF_ROW
    if scenario.most_bytes is not None:
        agent_platform.AGENT_PLATFORM_BYTES = scenario.most_bytes
        prediction_jobs.LARGEST_BYTES = scenario.most_bytes
    AgentPlatform.limits = replace(AgentPlatform.limits, requests=max(1, rows))
