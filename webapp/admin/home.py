"""The home page: every model that one may see, with how many records it has, and what is new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask_admin import Admin, AdminIndexView, expose
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from webapp.auth import gate

from .list_query import QueryView
from .search_page import ENDPOINT as SEARCH


class Card(NamedTuple):
    """A view: the numbers of its live and deleted records, or else what it is for."""

    name: str
    url: str
    live: int | None = None
    deleted: int | None = None
    about: str = ""


@dataclass(frozen=True)
class Panel:
    """A part of the home page that another room brings: its template, and what that shows.

    It stands below the models, or above them all with `first`.
    """

    template: str
    shown: dict[str, Any]
    first: bool = False


#: Makes a panel for whoever asks; None where there is nothing to show, or nothing that may be seen.
MakePanel = Callable[[], Panel | None]


class HomeView(AdminIndexView):
    """Flask-Admin's index page, which shows nothing by itself."""

    view_permissions = {"index": gate.ANY_PERSON}

    def __init__(self, db: SQLAlchemy, **options: Any) -> None:
        super().__init__(**options)
        self.db = db
        self.panels: list[MakePanel] = []

    @expose("/")
    def index(self) -> Any:
        """Hook: hands the template the rooms."""
        made = (make() for make in self.panels)
        panels = [panel for panel in made if panel is not None]
        search_url = self.get_url(f"{SEARCH}.index_view")
        return self.render(self._template, rooms=self.rooms(), panels=panels, search_url=search_url)

    def rooms(self) -> list[tuple[str | None, list[Card]]]:
        """The categories in the order of the menu, each with the views that may be seen."""
        shown = [
            view
            for view in self.admin._views
            if view is not self and view.is_accessible() and view.is_visible()
        ]
        numbers = self._count([view for view in shown if isinstance(view, QueryView)])
        found: dict[str | None, list[Card]] = {}
        for view in shown:
            live, deleted = numbers.get(view.endpoint, (None, None))
            address = view.get_url(f"{view.endpoint}.{view._default_view}")
            card = Card(view.name, address, live, deleted, getattr(view, "about", ""))
            found.setdefault(view.category, []).append(card)
        return list(found.items())

    def _count(self, views: list[QueryView]) -> dict[str, tuple[int, int]]:
        """Live and deleted records of all the views, in one statement whatever their number."""
        columns = [query for view in views for query in view.count_queries()]
        if not columns:
            return {}
        row = self.db.session.execute(select(*columns)).one()
        pairs = zip(row[::2], row[1::2], strict=True)
        return {
            view.endpoint: (live, gone) for view, (live, gone) in zip(views, pairs, strict=True)
        }


def add_panel(admin: Admin, make: MakePanel) -> None:
    """Show a panel on the home page of the admin."""
    home = admin.index_view
    assert isinstance(home, HomeView)
    home.panels.append(make)
