"""Faults at calls about objects and about tokens, which come another way than the API's calls.

Not here: whether one is armed (`faults/armed.py`).
"""

from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from semantic_assets.emulator.faults import armed
from semantic_assets.emulator.http.connections import CutDownload
from semantic_assets.emulator.platform.object_calls import error
from semantic_assets.emulator.platform.objects import Buckets
from semantic_assets.emulator.state import State

_KINDS = {"GET": "read", "HEAD": "read", "PUT": "write", "POST": "write", "DELETE": "delete"}
_REFUSALS = {
    "storage-403": (403, "AccessDenied"),
    "storage-503": (503, "ServiceUnavailable"),
    "storage-401": (401, "AuthenticationRequired"),
}
_CUT, _LAGS = "storage-cut-read", "storage-list-lags"
_ANSWERS = ".jsonl"


def kind_of(request: Request) -> tuple[str, str]:
    """Return what a call does to objects, and the key or the prefix it is about."""
    key = unquote(request.path_params.get("key", ""))
    if not key:
        return "list", request.query_params.get("prefix", "")
    return _KINDS[request.method], key


def refusal(state: State, request: Request) -> Response | None:
    """Return the refusal of a call, if a fault for it is armed."""
    kind, key = kind_of(request)
    with state.reading() as db:
        for name, given in armed.armed(db).items():
            if name not in _REFUSALS or given["call"] not in ("any", kind):
                continue
            if given["contains"] in key and armed.claim(db, name) is not None:
                return error(*_REFUSALS[name])
    return None


def hidden(state: State, request: Request) -> int:
    """Return how many of the last answers files a listing leaves out."""
    if kind_of(request)[0] != "list":
        return 0
    with state.reading() as db:
        firing = armed.claim(db, _LAGS) if _LAGS in armed.armed(db) else None
    return 0 if firing is None else int(firing.parameters["count"])


def cut(state: State, buckets: Buckets, request: Request) -> Response | None:
    """Return a read of answers that ends early, if that is armed."""
    kind, key = kind_of(request)
    is_whole = request.method == "GET" and "range" not in request.headers
    found = (
        buckets.find(request.path_params["bucket"], key) if is_whole and kind == "read" else None
    )
    if found is None or not key.endswith(_ANSWERS):
        return None
    with state.reading() as db:
        firing = armed.claim(db, _CUT) if _CUT in armed.armed(db) else None
    if firing is None:
        return None
    whole = list(buckets.read(request.path_params["bucket"], key, 0, found.size))
    given = firing.parameters["fraction"]
    return CutDownload(whole, fraction=given, has_length=True, mid_line=True)


def no_token(state: State) -> Response | None:
    """Return the refusal of whoever asks for a token, if that is armed."""
    with state.reading() as db:
        found = armed.armed(db)
        if "token-503" in found and armed.claim(db, "token-503") is not None:
            return JSONResponse({"error": "temporarily_unavailable"}, 503)
        if "token-revoked" in found and armed.claim(db, "token-revoked") is not None:
            said = "Invalid grant: account not found"
            return JSONResponse({"error": "invalid_grant", "error_description": said}, 400)
    return None
