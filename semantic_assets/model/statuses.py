"""The words that rows of tables carry: how a text ended, how a document was read."""

from enum import StrEnum

from semantic_assets.errors import ConfigError


class Outcome(StrEnum):
    """How one text of one job ended: `outcome` in results files."""

    OK = "ok"
    #: Sent again by itself, up to max_attempts.
    TRANSIENT = "transient"
    #: FAILED until `retry`.
    PERMANENT = "permanent"
    #: The job ended without a line for it.
    MISSING = "missing"
    EXPIRED = "expired"


class RowStatus(StrEnum):
    """Where a chunk, or an answer to a document, stands: `status` in tables and views."""

    READY = "READY"
    #: In the view `chunk_status` alone.
    PENDING = "PENDING"
    FAILED = "FAILED"


class ParseStatus(StrEnum):
    """How a document was read: `parse_status` in `documents`."""

    OK = "ok"
    FAILED = "failed"
    #: Media whose text is what a generation task says of them.
    PENDING_DESCRIPTION = "pending_description"
    #: The same when the answer is there. Derived where documents are shown, so that an answer does
    #: not write the table again that it was asked from.
    DESCRIBED = "described"


class Mode(StrEnum):
    """How a dataset is embedded: `mode` in dataset.toml."""

    ASYNC = "async"
    SYNC = "sync"
    AUTO = "auto"


def mode_of(word: str) -> Mode:
    """Return a mode by its word, in letters of either case.

    Raises:
        ConfigError: there is no such mode.
    """
    if word.lower() not in tuple(Mode):
        raise ConfigError(f"there is no mode {word!r}: use {', '.join(Mode)}")
    return Mode(word.lower())
