"""The errors of a database in one line for a person, without the secrets of its address."""

import sqlalchemy as sa

from semantic_assets.text.foreign import scrub_error, scrubbed


def trouble_of(error: BaseException) -> str | None:
    """Return what to tell a person of an error of the database; None: it is none.

    A ledger that is locked, whose disk is full or whose server went away ends what was going on.
    """
    if not isinstance(error, sa.exc.DBAPIError):
        return None
    return (
        f"the ledger failed ({said_of(error)}): what was going on was undone, and nothing "
        "that was paid for is lost; see `semantic-assets doctor`, then run the same command again"
    )


def said_of(error: sa.exc.DBAPIError, url: sa.URL | None = None) -> str:
    """Return what the driver said in one line, without secrets, which the error loses too."""
    scrub_error(error, password := None if url is None else url.password)
    return scrubbed(" ".join(str(error.orig).split()), password)
