"""The page of one change: all that its transaction did, model by model."""

from __future__ import annotations

from functools import partial
from typing import Any

import sqlalchemy as sa
from flask import abort, request
from flask_admin import expose

from webapp.admin import identity
from webapp.admin.subjects import Subject, name_of
from webapp.extensions import db
from webapp.versioning import ModelChanges

from . import words
from .acting import threads
from .feed_page import FeedView
from .words import OPERATIONS


class ChangeView(FeedView):
    """`/admin/changes/7/`; of many records, the next ones of a model: `?model=product&after=100`.

    Three statements, one for each model, and one for each column that refers to records.
    """

    #: Records of a model on a page.
    records_size = 100

    @expose("/<number>/")
    def change_view(self, number: str) -> Any:
        id = self.number(number)
        only, after = self._place()
        found = self.what(id, limit=self.records_size, after=after)
        models = [each for each in found.models if only is None or each.model is only.model]
        if not models:
            abort(404, "This change did not touch that model.")
        self.prepare(models)
        return self.render(
            "audit/change.html",
            change=found.change,
            models=models,
            subjects=self.subjects,
            touched=self.subjects.touched,
            operations=OPERATIONS,
            name_of=name_of,
            partly=only,
            thread=threads(db.session(), [id])[id],
            words=words,
            why=partial(words.why, shown=self.subjects.shown),
            review_url=self.get_url("review.change_view", number=id),
            more_url=lambda each: self._more_url(id, each),
            undo_url=self.get_url(".undo_view", number=id) if self.may_undo(found) else None,
        )

    def _place(self) -> tuple[Subject | None, dict[type[Any], Any]]:
        """The one model to show, and the id after which to begin. 404 for what is none."""
        key, text = request.args.get("model"), request.args.get("after")
        if not key:
            return None, {}
        subject = self.subjects.shown.get(key)
        if subject is None:
            abort(404, "There is no such model.")
        if not text:
            return subject, {}
        id = identity.parse(subject.model, text)
        if id is None:
            abort(404, "There is no record with this id.")
        # As wide as can be: PostgreSQL fails on a number beyond the column's own range.
        is_number = isinstance(id, int)
        return subject, {subject.model: sa.literal(id, sa.BigInteger) if is_number else id}

    def _more_url(self, id: int, each: ModelChanges) -> str | None:
        subject = self.subjects[each.model]
        if each.after is None or subject.view is None:
            return None
        return self.get_url(".change_view", number=id, model=subject.key, after=str(each.after))
