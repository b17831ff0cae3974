"""Names of columns of which each stands once."""

from collections import Counter
from collections.abc import Sequence


def unique_names(names: Sequence[str]) -> list[str]:
    """Return names of which each stands once: the last stays, `text` before it is `text (1)`."""
    left, seen, found = Counter(names), Counter[str](), list[str]()
    for name in names:
        left[name] -= 1
        seen[name] += 1
        found.append(f"{name} ({seen[name]})" if left[name] else name)
    if len(set(found)) == len(found):
        return found
    return [f"{number} {name}" for number, name in enumerate(names, 1)]


def twice(names: Sequence[str]) -> list[str]:
    """Return what is to be said of names that stand twice: nothing, or one remark."""
    found = [name for name, count in Counter(names).items() if count > 1]
    if not found:
        return []
    first = found[0][:50]
    return [f"column '{first}' stands twice: the last keeps its name, before it is '{first} (1)'"]
