"""The tree of a page as Markdown: an explicit stack, as pages nest deeper than calls may."""

from collections.abc import Callable, Container
from itertools import islice

from semantic_assets.parsing.html.formulas import formula_text, lowered, raised
from semantic_assets.parsing.html.grid import CELLS, Grid, cell_of, grids_of
from semantic_assets.parsing.html.picture_texts import drawing_text, picture_text
from semantic_assets.parsing.html.text_writer import TextWriter
from semantic_assets.parsing.html.tree import BLOCKS, HEADINGS, Element, elements_of, heading_level

_LINES = frozenset(("tr", "dt", "dd", "summary", "caption", "option", "button", "legend"))
_GRID_PARTS = frozenset(("tr", "td", "th", "caption"))
_CODE = frozenset(("pre", "xmp", "listing"))
_STRUCK = frozenset(("del", "s", "strike"))
_CODE_LINES = frozenset(("div", "p", "li", "tr"))
#: Elements inside a superscript that are looked at.
_NEAR = 20
_End = Callable[[], None]


def rendered(body: Element, left_out: Container[int]) -> str:
    """Return the text below a body without the elements whose ids are left out."""
    return _Rendering(body, left_out).run()


class _Rendering:
    def __init__(self, body: Element, left_out: Container[int]) -> None:
        self._left_out = left_out
        self._grid_ids = grids_of(body)
        self._writers = [TextWriter()]
        #: Those around the present place; None: a table that is no grid.
        self._grids: list[Grid | None] = []
        self._said: set[str] = set()
        self._waiting: list[Element | str | _End] = [body]

    def run(self) -> str:
        while self._waiting:
            node = self._waiting.pop()
            if isinstance(node, str):
                self._writer.write(node)
            elif not isinstance(node, Element):
                node()
            elif id(node) not in self._left_out:
                self._open(node)
        return self._writer.text

    @property
    def _writer(self) -> TextWriter:
        return self._writers[-1]

    def _open(self, element: Element) -> None:
        text = self._whole_text(element)
        if text is not None:
            self._writer.write(text)
        elif element.tag in _CODE and not self._writer.is_verbatim and not _has_heading(element):
            self._writer.write_code(code_of(element))
        elif element.tag == "br":
            self._writer.add_line_end()
        else:
            self._waiting.append(self._begin(element))
            self._waiting += reversed(element.children)

    def _whole_text(self, element: Element) -> str | None:
        """Return the text of what is no nesting of texts: a formula, a picture; None: it is one."""
        if element.tag == "svg":
            said = drawing_text(element)
        elif element.tag == "img":
            said = picture_text(element)
        else:
            said = formula_text(element)
            return None if said is None else f" {said} " if element.get("display") else said
        if not said or said in self._said:
            return ""
        self._said.add(said)  # galleries say the same of each picture
        return f" {said} "

    def _begin(self, element: Element) -> _End:
        """Begin an element; return what ends it."""
        tag = element.tag
        if (level := heading_level(element)) is not None:
            self._writer.begin_heading(level)
            return self._writer.end_heading
        if tag == "table":
            return self._begin_grid() if id(element) in self._grid_ids else self._begin_layout()
        if tag in _GRID_PARTS and self._grids and (grid := self._grids[-1]) is not None:
            return self._begin_in_grid(element, grid)
        if tag in ("sup", "sub"):
            return self._begin_shifted(element)
        return self._begin_plain(tag)

    def _begin_plain(self, tag: str) -> _End:
        writer = self._writer
        if tag == "li":
            writer.begin_item()
            return writer.end_item
        if tag in _CODE:
            writer.begin_verbatim()
            return writer.end_verbatim
        if tag in _STRUCK:
            return self._capture(lambda text: text and f"~~{text}~~")
        if tag in CELLS and not writer.is_at_line_start:
            writer.write(" | ")
        newlines = 2 if tag in BLOCKS else 1 if tag in _LINES else 0
        if not newlines:
            return _nothing
        writer.break_line(newlines)
        return lambda: writer.break_line(newlines)

    def _capture(self, finish: Callable[[str], str]) -> _End:
        """Write what comes apart, in one line; it is finished and written at the end."""
        self._writers.append(TextWriter(in_line=True))

        def end() -> None:
            written = "".join(self._writers.pop().parts)
            text = finish(written.strip())
            self._writer.write(text + " " if written[-1:] == " " else text)

        return end

    def _begin_shifted(self, element: Element) -> _End:
        before = self._writer.before
        if element.tag == "sub":
            return self._capture(lambda text: lowered(text, before))
        has_link = any(below.tag == "a" for below in islice(elements_of(element), _NEAR))
        return self._capture(lambda text: raised(text, before[-1:], has_link=has_link))

    def _begin_grid(self) -> _End:
        grid = Grid()
        self._grids.append(grid)
        self._writers.append(TextWriter(in_line=True))  # for what stands between the cells

        def end() -> None:
            stray = self._writers.pop().text
            self._grids.pop()
            writer = self._writer
            if stray:
                writer.write_block(stray)
            if grid.rows or grid.caption:
                writer.write_block(grid.text(in_line=writer.is_in_line))

        return end

    def _begin_layout(self) -> _End:
        self._grids.append(None)
        end_block = self._begin_plain("table")

        def end() -> None:
            self._grids.pop()
            end_block()

        return end

    def _begin_in_grid(self, element: Element, grid: Grid) -> _End:
        if element.tag == "tr":
            grid.rows.append([])
            is_head = element.parent is not None and element.parent.tag == "thead"
            return lambda: grid.close_row(is_head=is_head)
        self._writers.append(TextWriter(in_line=True))

        def end() -> None:
            text = self._writers.pop().text
            if element.tag == "caption":
                grid.caption = text
            elif grid.rows:
                grid.rows[-1].append(cell_of(element, text))

        return end


def _nothing() -> None:
    pass


def _has_heading(element: Element) -> bool:
    return any(below.tag in HEADINGS for below in elements_of(element))


def code_of(pre: Element) -> str:
    """Return the code of a `pre`, with a line end where its lines are elements."""
    parts: list[str] = []
    waiting: list[Element | str] = list(reversed(pre.children))
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
        elif node.tag == "br":
            parts.append("\n")
        elif node.tag == "img":
            parts.append(node.get("alt"))
        else:
            if node.tag in _CODE_LINES and parts and not parts[-1].endswith("\n"):
                parts.append("\n")
            waiting += reversed(node.children)
    return "".join(parts)
