"""Questions asked at once in one process: those that come while others are answered go together.

Nobody waits for company: a question that finds a place goes at once, and what queues up meanwhile
is one embedding call and one product.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from semantic_assets.errors import SemanticAssetsError
from semantic_assets.pipeline.search.search import Asked
from semantic_assets.pipeline.search.search_hit import Answer

#: Groups that are answered at once: with one, a question waits for two calls.
_AT_ONCE = 2
#: Those of one embedding call.
_GROUP = 100
Found = list[Answer] | SemanticAssetsError


@dataclass(slots=True, eq=False)
class _Waiting:
    asked: Asked
    found: Future[Found] = field(default_factory=Future)
    #: Set when it is answered, or has a place.
    woken: threading.Event = field(default_factory=threading.Event)
    #: It has a place, and answers for all that wait.
    leads: bool = False

    def lead(self) -> None:
        self.leads = True
        self.woken.set()


class Gathering:
    """Answer questions of several threads together."""

    def __init__(self, answer_each: Callable[[Sequence[Asked]], Sequence[Found]]) -> None:
        self._answer_each = answer_each
        self._lock = threading.Lock()
        self._queue: list[_Waiting] = []
        self._working = 0

    def ask(self, asked: Asked) -> list[Answer]:
        """Return the hits of each question.

        Raises:
            SemanticAssetsError: as `search`.
        """
        mine = _Waiting(asked)
        with self._lock:
            self._queue.append(mine)
            if self._working < _AT_ONCE:
                self._working += 1
                mine.lead()
        mine.woken.wait()
        if mine.leads:  # also where another has taken it along meanwhile
            self._answer()
        found = mine.found.result()
        if isinstance(found, SemanticAssetsError):
            raise found
        return found

    def _answer(self) -> None:
        """Answer what waits, then give the place to who came meanwhile."""
        with self._lock:
            group, self._queue = self._queue[:_GROUP], self._queue[_GROUP:]
        try:
            for one, found in zip(
                group, self._answer_each([one.asked for one in group]), strict=True
            ):
                one.found.set_result(found)
        except BaseException as error:
            for one in group:
                if not one.found.done():
                    one.found.set_exception(error)
        finally:
            with self._lock:
                if self._queue:
                    self._queue[0].lead()
                else:
                    self._working -= 1
            for one in group:
                one.woken.set()
