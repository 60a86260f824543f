"""The home page: every model that one may see, with how many records it has."""

from __future__ import annotations

from typing import Any

from flask_admin import AdminIndexView, expose
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from .list_query import QueryView

#: Name, address, and the numbers of live and of deleted records; None where there are none to tell.
Card = tuple[str, str, int | None, int | None]


class HomeView(AdminIndexView):
    """Flask-Admin's index page, which shows nothing by itself."""

    def __init__(self, db: SQLAlchemy, **options: Any) -> None:
        super().__init__(**options)
        self.db = db

    @expose("/")
    def index(self) -> Any:
        """Hook: hands the template the rooms."""
        return self.render(self._template, rooms=self.rooms())

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
            found.setdefault(view.category, []).append((view.name, address, live, deleted))
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
