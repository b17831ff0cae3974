"""Names of environment variables that look like settings and are none: a misspelt cap is no cap."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches

from semantic_assets.errors import ConfigError

PREFIX = "SEMANTIC_ASSETS_"
#: Of Google's key; the first one set counts.
KEY_NAMES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
#: Variables with the prefix that others set, by what follows it, with who does.
SET_BY_OTHERS: dict[str, re.Pattern[str]] = {
    "Kubernetes and Docker links, for a service named semantic-assets or semantic-assets-...": (
        re.compile(
            r"(?:[A-Z0-9_]{1,200}_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]{1,200})?"
            r"|PORT|PORT_[0-9]{1,5}_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)"
        )
    ),
}
#: What is a spending cap without the prefix too: nothing else is named so.
_CAP = re.compile(r"MAX_(?:QUESTION_)?COST_USD\w{0,100}", re.IGNORECASE)
#: As like the prefix as the beginning of a name has to be, to be meant as it.
_LIKE_THE_PREFIX = 0.8
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Misspelt:
    """A variable that is no setting, and what it was meant to be; empty if nothing is near."""

    name: str
    meant: str

    def __str__(self) -> str:
        return f"{self.name} is no setting: {self.remedy}"

    @property
    def remedy(self) -> str:
        if self.meant:
            return f"did you mean {self.meant}? Mend it in the environment or in .env"
        return "remove it from the environment or .env; docs/settings.md lists all of them"


def require_known(values: Mapping[str, str], known: Iterable[str]) -> None:
    """Check that no variable looks like a setting and is none.

    Raises:
        ConfigError: one does; it names the nearest setting.
    """
    for one in misspelt(values, known):
        raise ConfigError(str(one))


def misspelt(values: Mapping[str, str], known: Iterable[str]) -> Iterator[Misspelt]:
    """Yield the variables that look like settings, have a value, and are none."""
    names = frozenset(known)
    for name in sorted(values):
        if values[name] and name not in names and _is_meant_as_ours(name, names):
            yield Misspelt(name, _meant(name, names))


def _is_meant_as_ours(name: str, known: frozenset[str]) -> bool:
    if name.startswith(PREFIX):
        return not any(one.fullmatch(name[len(PREFIX) :]) for one in SET_BY_OTHERS.values())
    if _CAP.fullmatch(name):
        return True
    begin = _plain(name)[: len(PREFIX)]
    is_like = SequenceMatcher(None, begin, PREFIX).ratio() >= _LIKE_THE_PREFIX
    return is_like and bool(get_close_matches(_plain(name), known, 1, 0.8))


def _plain(name: str) -> str:
    return name.upper().replace("-", "_").replace(".", "_")


def _meant(name: str, known: frozenset[str]) -> str:
    plain = _plain(name)
    rest = plain.removeprefix(PREFIX)
    if rest in ("API_KEY", "KEY", *KEY_NAMES):
        return " or ".join(KEY_NAMES)
    longer = sorted(one for one in known if one.startswith(PREFIX + rest))
    if longer:
        return " or ".join(longer)
    if plain.startswith(PREFIX) or _CAP.fullmatch(plain):  # it is the rest that is misspelt
        near = get_close_matches(rest, [one[len(PREFIX) :] for one in sorted(known)], 1)
        return PREFIX + near[0] if near else ""
    return get_close_matches(plain, sorted(known), 1, 0.8)[0]


def is_yes(name: str, value: str | None) -> bool:
    """Read a setting that is on or off; unset, it is off.

    Raises:
        ConfigError: its value is neither.
    """
    if (said := (value or "no").lower()) in _YES:
        return True
    if said in _NO:
        return False
    raise ConfigError(f"{PREFIX}{name.upper()}={value!r}: use true or false")
