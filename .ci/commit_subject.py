"""Check the subject line of a commit message: python .ci/commit_subject.py MESSAGE_FILE"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

MAX_LENGTH = 72
#: Lines that git writes itself.
_BY_GIT = re.compile(
    r'(Merge (branch|branches|tag|pull request|remote-tracking) |Revert "|fixup! |squash! |amend! )'
)
#: Verbs that end like a past tense or a gerund and are neither.
_VERBS = frozenset(
    {
        "bring",
        "embed",
        "exceed",
        "feed",
        "need",
        "proceed",
        "seed",
        "shed",
        "speed",
        "string",
        "ping",
    }
)


def subject_of(message: str) -> str:
    """Return the first line that is neither empty nor a comment of git."""
    for line in message.splitlines():
        if line.strip() and not line.startswith("#"):
            return line.rstrip()
    return ""


def problems(subject: str) -> list[str]:
    """Return what is wrong with a subject, one sentence for each fault."""
    if _BY_GIT.match(subject):
        return []
    if not subject:
        return ["The subject is empty."]
    found = []
    first = subject.split()[0]
    verb = first.strip(",;:.").lower()
    if len(subject) > MAX_LENGTH:
        found.append(f"It has {len(subject)} characters; at most {MAX_LENGTH} are allowed.")
    if not first[0].isupper():
        found.append(f"Begin it with a capital letter, not with {first[0]!r}.")
    if first.endswith(":"):
        found.append(f"Leave out the prefix {first!r} and begin with a verb.")
    if verb.endswith(("ed", "ing")) and verb not in _VERBS:
        found.append(f'Use the imperative ("Add", "Fix", "Move") instead of {first!r}.')
    if subject.endswith("."):
        found.append("Leave out the period at the end.")
    return found


def main(arguments: Sequence[str]) -> int:
    """Print the faults of the message in the file named; return 1 if there is one."""
    subject = subject_of(Path(arguments[0]).read_text(encoding="utf-8"))
    found = problems(subject)
    if found:
        sys.stderr.write("\n".join([f"commit subject: {subject}", *(f"  {one}" for one in found)]))
        sys.stderr.write("\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
