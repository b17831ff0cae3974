"""The page's files. They need no key: what they show is asked for with one.

They are read once, at the start, and each has a tag of its content: a browser that holds a file
asks whether it is still the same and gets no body.
"""

import hashlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, Request, Response

_FOLDER = Path(__file__).parent.parent / "page"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_DOCUMENTS = {"index.html": "/", "queue.html": "/queue"}
#: Nothing but the page's own files: no script, style or picture of another place, none in the HTML.
POLICY = "; ".join(
    [
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "connect")),
        *("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
    ]
)


def page_paths() -> dict[str, Path]:
    """Map the path of each file of the page to where it is."""
    return {
        _DOCUMENTS.get(file.name, f"/page/{file.name}"): file
        for file in sorted(_FOLDER.iterdir())
        if file.suffix in _TYPES
    }


def add_page(app: FastAPI) -> None:
    """Have the app serve the page."""
    for path, file in page_paths().items():
        app.add_api_route(
            path, _answers(file), include_in_schema=False, response_class=Response, methods=["GET"]
        )


def _answers(file: Path) -> Callable[[Request], Awaitable[Response]]:
    content = file.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "ETag": tag}

    # Not in a thread: it waits for nothing.
    async def page_file(request: Request) -> Response:
        held = request.headers.get("if-none-match", "").replace("W/", "").split(",")
        if tag in map(str.strip, held):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(content, headers=headers, media_type=_TYPES[file.suffix])

    return page_file
