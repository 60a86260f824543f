"""The feed of changes, newest first: of everybody, or all that one person did."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, request
from flask_admin import expose

from webapp.admin import presentation, times
from webapp.admin.marks import marks_of
from webapp.auth import gate
from webapp.extensions import db
from webapp.versioning import Feed, Place, activity, changes

from . import asked
from .about_changes import AboutChanges
from .words import OPERATIONS


class FeedView(AboutChanges):
    """The page `/admin/changes/`. Its filters and its place in the feed are in the address."""

    #: Of each model, its own view says what of it may be seen, and undone.
    view_permissions = dict.fromkeys(("index_view", "change_view", "undo_view"), gate.ANY_PERSON)

    @expose("/")
    def index_view(self) -> Any:
        shown = asked.read(request.args, self.subjects.shown)
        before = self._before()
        feed, told = Feed((), None), None
        if not shown.errors:
            size = current_app.config.get("PAGE_SIZE", 20)
            feed = changes(db.session(), before=before, limit=size, **shown.filters)
            if "actor" in shown.filters:
                told = activity(db.session(), **shown.filters)
        page = self.render(
            "audit/feed.html",
            feed=feed,
            activity=told,
            marks=marks_of(entry.id for entry in feed.entries),
            asked=shown,
            person=presentation.shortened(shown.filters.get("actor")),
            subjects=self.subjects.shown,
            touched=self.subjects.touched,
            operations=OPERATIONS,
            zone=times.display_zone(),
            first_url=self._url(shown) if before else None,
            older_url=self._url(shown, before=str(feed.older)) if feed.older else None,
        )
        return (page, 400) if shown.errors else page

    def _before(self) -> Place | None:
        text = request.args.get("before")
        if not text:
            return None
        try:
            return Place.parse(text)
        except ValueError as error:
            abort(400, str(error))

    def _url(self, shown: asked.Asked, **more: str) -> str:
        return self.get_url(".index_view", **shown.typed, **more)
