"""One lake, one ledger, one place: copies and older copies are told apart when they are opened.

The ledger keeps the lake's home. The lake keeps the number of the ledger's last event, written
after each event: a ledger that has not come so far was restored from an older copy.
"""

from contextlib import suppress
from dataclasses import replace

from semantic_assets.errors import ConfigError, Conflict, TransientError
from semantic_assets.lake import layout
from semantic_assets.lake.home import is_same_home, shown_home
from semantic_assets.lake.lake import Lake
from semantic_assets.ledger.ledger import Ledger


def known_id(lake: Lake) -> str | None:
    """Return the id of the ledger that the lake names; None: it names none."""
    return (lake.read_text(layout.LEDGER_ID_FILE) or "").strip() or None


def require_one_another(lake: Lake, ledger: Ledger, known: str | None) -> None:
    """Check that the lake names this ledger; a first opening writes its id.

    Raises:
        ConfigError: it names another one.
    """
    of_ledger = ledger.ledger_id
    is_new_copy = known is not None and known == ledger.identity.copied_from
    if (known is None or is_new_copy) and not lake.refusal:
        lake.write_text(layout.LEDGER_ID_FILE, of_ledger)
    elif known not in (None, of_ledger):
        raise ConfigError(
            f"the lake at {lake.shown} belongs to ledger {known}, and this is {of_ledger}: "
            "SEMANTIC_ASSETS_ROOT and SEMANTIC_ASSETS_LEDGER_URL must be of one another"
        )


def require_home(lake: Lake, ledger: Ledger) -> None:
    """Check that the lake is where the ledger knows it to be; a first opening decides it.

    A copy made with `cp -r` and used with the same key had deleted the original's jobs, and 24
    texts were paid for twice.

    Raises:
        ConfigError: the lake is a copy, or was moved.
    """
    known, here = ledger.identity.home, lake.home
    if known == here:
        return
    if known is not None and not is_same_home(known, here):
        raise ConfigError(
            f"the lake at {lake.shown} is a copy of the one at {shown_home(known)}, whose jobs it "
            "would take away: if that one is used no more, run `semantic-assets init --moved`; "
            "`semantic-assets init --copied` makes this one a lake of its own"
        )
    ledger.identity.settle(here)


def require_newest(lake: Lake, ledger: Ledger) -> None:
    """Check that the ledger has come as far as its lake has seen it.

    Raises:
        ConfigError: it was restored from an older copy, or made anew.
    """
    if lacks_events(lake, ledger):
        raise ConfigError(
            f"the ledger of {lake.shown} has come to event {ledger.identity.reached()} and its "
            f"lake to {_seen(lake)}: it was restored from an older copy or made anew, and does not "
            "know of all that was sent and paid; run `semantic-assets recover`"
        )


def lacks_events(lake: Lake, ledger: Ledger) -> bool:
    """Return whether the lake has seen events that the ledger does not know."""
    seen = _seen(lake)  # first: of an event between the two looks the ledger knows before the lake
    return ledger.identity.reached() < seen


def noting_events(lake: Lake, ledger: Ledger) -> Ledger:
    """Return the ledger, which notes the number of its last event in the lake after each event.

    A note that fails leaves the number of an earlier event, and the next event makes it good: the
    move of a row that is durable must not look as if it had failed.
    """

    def note(number: int) -> None:
        with suppress(Conflict, TransientError):
            lake.write_text(layout.LEDGER_EVENTS, str(number))

    return replace(ledger, jobs=replace(ledger.jobs, after_event=note))


def catch_up(lake: Lake, ledger: Ledger) -> None:
    """Take a recovered ledger for the newest: it counts on above what the lake has seen."""
    ledger.identity.go_on_above(_seen(lake))
    lake.write_text(layout.LEDGER_EVENTS, str(ledger.identity.reached()))


def _seen(lake: Lake) -> int:
    text = (lake.read_text(layout.LEDGER_EVENTS) or "").strip()
    return int(text) if text.isdigit() else 0
