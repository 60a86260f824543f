"""Links on lists, record pages and exports: the names of what a record is linked to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import presentation
from .references import Target, called

#: Linked records that a page names.
SHOWN = 100


def cell(view: Any, context: Any, row: Any, name: str) -> str:
    """Formatter of lists and exports: the names in alphabetical order, with commas."""
    return ", ".join(label for label, _ in _by_name(view, name, getattr(row, name)))


def details(view: Any, context: Any, row: Any, name: str) -> Any:
    """Formatter of a record's page: links to the records, and how many more there are."""
    found = _by_name(view, name, getattr(row, name))
    shown = [(label, view.page_of(each)) for label, each in found[:SHOWN]]
    return presentation.record_links(shown, len(found) - len(shown))


def _by_name(view: Any, name: str, rows: Iterable[Any]) -> list[tuple[str, Any]]:
    target = Target(view.session, view.references[name])
    named = [(called(row, target.id_of(row)), row) for row in rows]
    return sorted(named, key=lambda pair: pair[0].lower())
