"""The options --log-level and --log-json. Log lines hold ids and counts, never texts."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

from semantic_assets.text.foreign import exact_json, scrubbed, visible, visible_lines

LEVELS = ("debug", "info", "warning", "error")


class _AsJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": scrubbed(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = scrubbed(self.formatException(record.exc_info))
        return exact_json(line)


class _Plain(logging.Formatter):
    """A line for each record: a message cannot begin another one, and a trace keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return visible(scrubbed(super().formatMessage(record)))

    def formatException(self, ei: Any) -> str:
        return visible_lines(scrubbed(super().formatException(ei)))


def set_up(level: str, *, as_json: bool) -> None:
    """Send log lines to standard error; other libraries log from `warning` on."""
    handler = logging.StreamHandler(sys.stderr)
    plain = _Plain("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(_AsJson() if as_json else plain)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("semantic_assets").setLevel(level.upper())
