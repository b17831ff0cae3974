"""Access tokens, as a machine's metadata server gives them out, and as an account's file asks for.

`GCE_METADATA_HOST` and `GCE_METADATA_IP`, or the `token_uri` of a service account's file, name this
server to Google's own credential chain. A token is any word that begins as ours do: who asks is not
looked at. Not here: what a token may do.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from semantic_assets.emulator.http.errors import unauthenticated

PREFIX = "ya29.emulator"
PROJECT = "emulated-project"
_LIFE_SECONDS = 3_599
_ACCOUNT = "emulator@emulated-project.iam.gserviceaccount.com"
_HEADERS = {"Metadata-Flavor": "Google", "Server": "Metadata Server for VM"}


_GRANTED = {"access_token": PREFIX, "expires_in": _LIFE_SECONDS, "token_type": "Bearer"}


def granted(_: Request) -> Response:
    """Answer the request of an account for a token."""
    return JSONResponse(_GRANTED)


def metadata(request: Request) -> Response:
    """Answer a question to the metadata server."""
    path = request.path_params.get("path", "").strip("/")
    if path == "":
        return PlainTextResponse("computeMetadata/\n", headers=_HEADERS)
    if request.headers.get("metadata-flavor") != "Google":
        return PlainTextResponse("Missing Metadata-Flavor:Google header.", 403)
    if path.endswith("/token"):
        return JSONResponse(_GRANTED, headers=_HEADERS)
    if path.endswith("project/project-id"):
        return PlainTextResponse(PROJECT, headers=_HEADERS)
    if path.endswith("universe/universe-domain"):
        return PlainTextResponse("googleapis.com", headers=_HEADERS)
    if path.endswith("service-accounts/default"):
        told = {"aliases": ["default"], "email": _ACCOUNT, "scopes": []}
        return JSONResponse(told, headers=_HEADERS)
    return PlainTextResponse("Not Found", 404, headers=_HEADERS)


def require_token(authorization: str | None) -> None:
    """Refuse a call without a token of ours.

    Raises:
        GoogleError: 401, as Google words it.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.startswith(PREFIX):
        raise unauthenticated()
