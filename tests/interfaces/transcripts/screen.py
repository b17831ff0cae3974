"""What stands on a terminal of 80 columns after a command: lines drawn over are as drawn last."""

import re

COLUMNS = 80
_PIECE = re.compile(r"\x1b\[\??([0-9;]*)([A-Za-z])|\x1b[^\[]|([\r\n\b])|([^\x1b\r\n\b]+)")


def seen(printed: str) -> list[str]:
    """Return the lines of the screen, without colours and cursors."""
    screen = _Screen()
    for arguments, letter, control, text in _PIECE.findall(printed):
        if text:
            screen.write(text)
        elif control:
            screen.control(control)
        elif letter:
            screen.obey(letter, int(arguments.partition(";")[0] or 0))
    return [line.rstrip() for line in screen.lines]


class _Screen:
    def __init__(self) -> None:
        self.lines = [""]
        self._row = self._column = 0

    def write(self, text: str) -> None:
        for character in text:
            if self._column == COLUMNS:  # as a terminal wraps: at the column, not at the word
                self._go_to(self._row + 1, 0)
            line = self.lines[self._row].ljust(self._column)
            self.lines[self._row] = line[: self._column] + character + line[self._column + 1 :]
            self._column += 1

    def control(self, control: str) -> None:
        if control == "\n":
            self._go_to(self._row + 1, self._column)
        else:
            self._column = 0 if control == "\r" else max(0, self._column - 1)

    def obey(self, letter: str, count: int) -> None:
        line = self.lines[self._row]
        if letter == "A":
            self._row = max(0, self._row - (count or 1))
        elif letter == "K":
            self.lines[self._row] = "" if count == 2 else line[: self._column]
        elif letter == "J":
            self.lines = [*self.lines[: self._row], line[: self._column]]

    def _go_to(self, row: int, column: int) -> None:
        self._row, self._column = row, column
        while len(self.lines) <= row:
            self.lines.append("")
