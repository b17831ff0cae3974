"""The members of an archive, in its order: what each is, and which of them are read."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import BinaryIO, NamedTuple

from semantic_assets.parsing.encoding import decode
from semantic_assets.parsing.records import MAX_TEXT_BYTES, Unreadable

#: A larger archive is a corpus: unpacked, its files are discovered and read side by side.
MAX_MEMBERS = 100_000
#: A member is held in memory whole, beside the text that is made of it.
MAX_MEMBER_BYTES = MAX_TEXT_BYTES
#: Made by operating systems for themselves: no person has put them there.
_OF_SYSTEMS = frozenset((".ds_store", "thumbs.db", "desktop.ini"))
_FOLDER_OF_SYSTEMS = re.compile(r"(?:^|/)__MACOSX/", re.IGNORECASE)
_SEPARATORS = re.compile(r"[/\\]+")


class ArchiveUnreadable(Unreadable):
    """From this member on nothing of the archive can be read."""


class Member(NamedTuple):
    """A member: its name as written in the archive, its size, and how its bytes are had."""

    name: str
    size: int
    read: Callable[[], bytes]
    #: Why it is none to be read, as "links"; None: it is a file.
    other: str | None = None


class LeftOut:
    """Counts the members that are no documents."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def takes(self, member: Member) -> bool:
        """Return whether a member is left out, and count it."""
        kind = member.other or _kind_of_name(member.name)
        if kind:
            self._counts[kind] += 1
        return bool(kind)

    def reason(self) -> str | None:
        """Return what was left out, of what a person may have meant to keep."""
        shown = [f"{count:,} {kind}" for kind, count in self._counts.items() if kind[0] != "_"]
        if not shown:
            return None
        return f"left out of the archive: {', '.join(shown)}; unpack it if they are to be read"


def _kind_of_name(name: str) -> str | None:
    parts = _SEPARATORS.split(name)
    if parts[-1].lower() in _OF_SYSTEMS or _FOLDER_OF_SYSTEMS.search(name):
        return "_of systems"
    return "names that begin with a dot" if any(_is_hidden(part) for part in parts) else None


def _is_hidden(part: str) -> bool:
    return part.startswith(".") and part.strip(".") != ""


def checked_content(member: Member) -> BinaryIO:
    """Return a member's bytes.

    Raises:
        Unreadable: it is too large, or damaged.
    """
    if member.size > MAX_MEMBER_BYTES:
        raise Unreadable(f"it is over {MAX_MEMBER_BYTES >> 20} MB: unpack the archive")
    return BytesIO(member.read())


def written_name(raw: bytes) -> str:
    """Return a name in whatever encoding the archive's maker used."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        pass
    try:
        return decode(raw).text
    except Unreadable:
        return raw.decode("cp437")


def at_most(members: Iterator[Member]) -> Iterator[Member]:
    """Yield at most MAX_MEMBERS members.

    Raises:
        Unreadable: there are more.
    """
    for number, member in enumerate(members):
        if number >= MAX_MEMBERS:
            raise Unreadable(f"it has more than {MAX_MEMBERS:,} members: unpack it")
        yield member
