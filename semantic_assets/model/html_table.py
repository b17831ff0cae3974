"""A mixin that lets a notebook show a report as a table."""

from dataclasses import fields
from html import escape
from typing import Any


class HtmlTable:
    """A mixin that shows a frozen dataclass of figures as an HTML table in notebooks."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(field.name.replace('_', ' '))}</th><td>{html_cell(getattr(self, field.name))}</td></tr>"
            for field in fields(self)  # type: ignore[arg-type]  # only dataclasses mix it in
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"


def html_cell(value: Any) -> str:
    """Format a value as HTML: numbers with separators, None as empty, lists line by line."""
    if value is None:
        return ""
    if isinstance(value, HtmlTable):
        return value._repr_html_()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4f}"
    if isinstance(value, dict):
        return "<br>".join(f"{escape(str(key))}: {html_cell(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return "<br>".join(map(html_cell, value))
    return escape(str(value))
