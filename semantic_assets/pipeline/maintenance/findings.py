"""What a probe finds out, one named assumption about the service after the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from semantic_assets.errors import SemanticAssetsError


@dataclass(frozen=True, slots=True)
class Finding:
    """One named assumption about the service. `holds` is None if it was not reached."""

    name: str
    holds: bool | None
    detail: str


class Stopped(Exception):
    """A check failed that the later ones need; never seen outside of a probe."""


@dataclass(slots=True)
class Findings:
    found: list[Finding] = field(default_factory=list)

    @contextmanager
    def checking(self, name: str) -> Iterator[list[str]]:
        """Record whether a block succeeded, with the details it appends to the yielded list.

        Raises:
            Stopped: it did not.
        """
        said: list[str] = []
        try:
            yield said
        except (SemanticAssetsError, AssertionError) as error:
            self.found.append(Finding(name, False, str(error)))
            raise Stopped from error
        self.found.append(Finding(name, True, "; ".join(said)))
