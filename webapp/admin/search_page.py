"""The search across models: records by their number, or by words in the texts of their lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_admin import Admin, expose

from . import identity, presentation, search
from .across import AcrossModels

#: Endpoint that no model may take.
ENDPOINT = "search"
#: Records of a model on the page; the rest is on its list.
MOST = 5


@dataclass(frozen=True)
class Hit:
    """A record that was found: what it is called, its number, its page, and whether it lives."""

    name: str
    id: str
    url: str
    deleted: bool


@dataclass(frozen=True)
class Found:
    """What was found of one model: `total` counts the living whose texts have the words."""

    name: str
    hits: tuple[Hit, ...]
    total: int
    list_url: str | None


class SearchView(AcrossModels):
    """`/admin/search/?q=kettle`. At most three statements a model, whatever is found."""

    @expose("/")
    def index_view(self) -> Any:
        asked = request.args.get("q", "")
        text, cut = search.cleaned(asked)
        found = list(self._found(text)) if text else []
        return self.render("search/results.html", q=text or "", found=found, cut=cut)

    def is_visible(self) -> bool:
        """Hook: the home page has its form; the menu needs no entry."""
        return False

    def _found(self, text: str) -> Iterator[Found]:
        for subject in self.subjects.shown.values():
            view: Any = subject.view
            by_number = self._by_number(view, text)
            total, rows = self._by_words(view, text)
            hits = [by_number] if by_number else []
            hits += [_hit(view, row) for row in rows if by_number is None or row.id != by_number.id]
            if hits:
                more = total > len(rows)
                url = url_for(f"{view.endpoint}.index_view", search=text) if more else None
                yield Found(subject.name, tuple(hits), total, url)

    @staticmethod
    def _by_number(view: Any, text: str) -> Hit | None:
        """The record of that id, a deleted one too."""
        id = identity.parse(view.model, text)
        row = None if id is None else view.newest(text)
        return None if row is None else _hit(view, row)

    @staticmethod
    def _by_words(view: Any, text: str) -> tuple[int, list[Any]]:
        if not view._search_supported:
            return 0, []
        total, rows = view.get_list(0, None, False, text, None, page_size=MOST)
        return total or 0, rows


def _hit(view: Any, row: Any) -> Hit:
    deleted = view.is_tombstone(row)
    page = "timeline" if deleted or not view.can_view_details else "details"
    url = url_for(f"{view.endpoint}.{page}_view", id=str(row.id))
    return Hit(presentation.name_of(row), str(row.id), url, deleted)


def init_search(admin: Admin) -> None:
    """Add the page to the admin."""
    admin.add_view(SearchView("Search", endpoint=ENDPOINT))
