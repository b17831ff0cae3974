"""What a probe finds out, one named assumption about the service after the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from semantic_assets.errors import SemanticAssetsError, SpendRefused


@dataclass(frozen=True, slots=True)
class Finding:
    """One named assumption about the service. `holds` is None if it was not settled."""

    name: str
    holds: bool | None
    detail: str
    #: Sending waits until it holds; the others are questions, whose answer is kept.
    is_needed: bool = True


class Stopped(Exception):
    """A check failed that the later ones need; never seen outside of a probe."""


class Unsettled(Exception):
    """A question cannot be settled by a probe; the message says by what. Never seen outside of one."""


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

    @contextmanager
    def asking(self, name: str) -> Iterator[list[str]]:
        """Record the answer to a question, for which nothing waits: whatever it is, go on."""
        said: list[str] = []
        try:
            yield said
        except (Unsettled, SpendRefused) as reason:
            self.found.append(Finding(name, None, str(reason), is_needed=False))
        except (SemanticAssetsError, AssertionError) as error:
            self.found.append(Finding(name, False, str(error), is_needed=False))
        else:
            self.found.append(Finding(name, True, "; ".join(said), is_needed=False))
