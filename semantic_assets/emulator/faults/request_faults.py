"""Faults at a call: fired before its handler runs, after it has answered, or on the answer's way.

Before and after, the first armed fault that fits the call fires; those on the way go with any
other. Not here: what they do (`before_calls.py`, `after_calls.py`), and those a job is born with.
"""

import sqlite3
from collections.abc import Callable, Container, Iterator, Mapping

from starlette.responses import Response

from semantic_assets.emulator.faults import armed
from semantic_assets.emulator.faults.after_calls import AFTER
from semantic_assets.emulator.faults.armed import Firing
from semantic_assets.emulator.faults.before_calls import BEFORE
from semantic_assets.emulator.faults.fault import Parameters
from semantic_assets.emulator.http.calls import Call, Endpoint, Reply, encode, error_response
from semantic_assets.emulator.http.connections import Late, Trickled
from semantic_assets.emulator.http.errors import GoogleError

_DROP_CHUNK = "upload-drop-chunk"


def answer(call: Call, endpoint: Endpoint) -> Response:
    """Answer a call while faults are armed."""
    try:
        response = _before(call) or _after(call, endpoint.handler(call))
    except GoogleError as error:
        response = error_response(error, endpoint.error_headers)
    for name in _fitting(call, _ON_THE_WAY):
        if firing := _claim(call, name):
            response = _ON_THE_WAY[name](response, firing.parameters)
    return response


def _fitting(call: Call, among: Container[str]) -> Iterator[str]:
    for name, parameters in call.faults.items():
        if name in among and armed.fits(name, parameters, call.endpoint):
            yield name


def _claim(call: Call, name: str) -> Firing | None:
    with call.state.reading() as db:
        return armed.claim(db, name)


def _before(call: Call) -> Response | None:
    for name in _fitting(call, BEFORE):
        fault, parameters = BEFORE[name], call.faults[name]
        if fault.fits(call, parameters) and _claim(call, name):
            outcome = fault.answer(call, parameters)
            if isinstance(outcome, GoogleError):
                raise outcome
            return outcome
    return None


def _after(call: Call, reply: Reply) -> Response:
    for name in _fitting(call, AFTER):
        fault = AFTER[name]
        if fault.fits(call, call.faults[name], reply) and (firing := _claim(call, name)):
            outcome = fault.answer(call, reply, firing)
            if isinstance(outcome, GoogleError):
                raise outcome
            return outcome if isinstance(outcome, Response) else encode(outcome)
    return encode(reply)


def drops_chunk(db: sqlite3.Connection) -> bool:
    """Return whether to drop a chunk that is about to be read."""
    return _DROP_CHUNK in armed.armed(db) and armed.claim(db, _DROP_CHUNK) is not None


def _late(response: Response, given: Parameters) -> Response:
    return Late(response, seconds=given["seconds"])


def _undecodable(_: Response, __: Parameters) -> Response:
    return Response(b"no gzip at all", headers={"Content-Encoding": "gzip"})


_ON_THE_WAY: Mapping[str, Callable[[Response, Parameters], Response]] = {
    "slow": _late,
    "upload-slow-chunk": _late,
    "trickle": lambda response, given: Trickled(
        response, size=given["bytes"], seconds=given["seconds"]
    ),
    "undecodable-body": _undecodable,
}
