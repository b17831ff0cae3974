"""A person at a terminal, who does what a message says."""

import re
import shlex
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner, Result

from semantic_assets.cli import main

DATASET = "acme/manuals"
#: How long jobs stay out, by the emulator's clock.
_OUT_SECONDS = 600.0
_COMMAND = re.compile(r"`semantic-assets ([^`]+)`")


def needs(module: str) -> pytest.MarkDecorator:
    """Return the mark that skips a test before its desk is made, where a module is missing."""
    return pytest.mark.skipif(find_spec(module) is None, reason=f"needs {module}")


@dataclass(slots=True)
class Desk:
    """Runs commands on one lake, whose texts go to an emulator, and follows what they print."""

    folder: Path
    environment: pytest.MonkeyPatch
    url: str
    #: The messages that were followed.
    followed: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "lake"

    @property
    def sources(self) -> Path:
        return self.folder / "sources"

    def set(self, name: str, value: str | None) -> None:
        """Set SEMANTIC_ASSETS_`name`, or take it away."""
        if value is None:
            self.environment.delenv(f"SEMANTIC_ASSETS_{name}", raising=False)
        else:
            self.environment.setenv(f"SEMANTIC_ASSETS_{name}", value)

    def write(self, name: str = "a.txt", text: str = "The valve is opened by hand.") -> Path:
        path = self.sources / DATASET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *arguments: str) -> Result:
        """Run a command, whatever comes of it, but for an error of the program itself."""
        found = CliRunner().invoke(main, arguments, input="n\n")
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return found

    def must(self, *arguments: str, code: int = 0) -> str:
        """Run a command that must end with this code, and return all it printed."""
        found = self.run(*arguments)
        assert found.exit_code == code, f"{arguments}: {found.exit_code}: {found.output}"
        return found.output

    def refused(self, *arguments: str) -> str:
        """Run a command that must fail, and return what it printed."""
        found = self.run(*arguments)
        assert found.exit_code in (1, 2), f"{arguments}: {found.exit_code}: {found.output}"
        return found.output

    def follow(self, said: str, cure: str, *also: str, code: int = 0, **names: str) -> str:
        """Run the command of a message that begins with `cure`, and return what it printed.

        `*` stands for any words.

        Args:
            also: added, as `-y` where the message leaves the consent to the person.
            code: the exit code that it must end with.
            names: what to write for a word in capitals that the message leaves open, as JOB.
        """
        self.followed.append(said)
        printed = _COMMAND.findall(" ".join(said.split()))
        (command,) = {one for one in printed if fnmatchcase(one, f"{cure}*")} or {said}
        for name, value in names.items():
            assert name in command, f"{command!r} has no {name}"
            command = command.replace(name, value)
        return self.must(*shlex.split(command), *also, code=code)

    def settle(self, said: str, name: str, value: str | None) -> None:
        """Set the setting that a message names."""
        assert f"SEMANTIC_ASSETS_{name}" in said
        self.followed.append(said)
        self.set(name, value)

    def arm(self, fault: str, *, times: int | None = 1, **parameters: Any) -> None:
        body = {"name": fault, "parameters": parameters, "times": times}
        answer = httpx2.post(f"{self.url}/emulator/faults", json=body)
        assert answer.status_code == 200, answer.text

    def disarm(self) -> None:
        httpx2.delete(f"{self.url}/emulator/faults")

    def send(self, *also: str) -> str:
        """Send what waits; its jobs stay out until time passes. Return what was printed."""
        self.arm("stuck-running", times=None, seconds=_OUT_SECONDS)
        said = self.must("refresh", "--wait-minutes", "0", *also, code=4)
        self.disarm()
        return said

    def finish(self) -> str:
        """Let the jobs end that are out, and refresh."""
        self.pass_time()
        return self.must("refresh")

    def pass_time(self, seconds: float = 2 * _OUT_SECONDS) -> None:
        httpx2.post(f"{self.url}/emulator/clock", json={"advance_seconds": seconds})
