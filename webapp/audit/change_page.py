"""The page of one change: all that its transaction did, model by model."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from flask import abort, request
from flask_admin import expose

from webapp.admin import identity
from webapp.admin.subjects import Subject, name_of
from webapp.extensions import db
from webapp.versioning import ModelChanges, UnknownChange, WhatChanged, what_changed

from .feed_page import OPERATIONS, FeedView

NUMBER = re.compile(r"[1-9]\d{0,18}", re.ASCII)
LARGEST = 2**63 - 1
UNKNOWN = "There is no change with this number, or it made no version. Look for it in the feed."


class ChangeView(FeedView):
    """`/admin/changes/7/`; of many records, the next ones of a model: `?model=product&after=100`.

    Two statements and one for each model, and one for each column that refers to records.
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
            more_url=lambda each: self._more_url(id, each),
            undo_url=self.get_url(".undo_view", number=id) if self.may_undo(found) else None,
        )

    @staticmethod
    def number(text: str) -> int:
        """The number of a change in an address. 404 for what cannot be one."""
        if not NUMBER.fullmatch(text) or int(text) > LARGEST:
            abort(404, UNKNOWN)
        return int(text)

    @staticmethod
    def what(id: int, **page: Any) -> WhatChanged:
        try:
            return what_changed(db.session(), id, **page)
        except UnknownChange:
            abort(404, UNKNOWN)

    def prepare(self, models: list[ModelChanges]) -> None:
        """Look up what the pages' values refer to."""
        for each in models:
            changes = (change for record in each.records for change in record.changes)
            self.subjects[each.model].look_up(changes)

    def may_undo(self, found: WhatChanged) -> bool:
        """Whether the views of all its models allow to take back what it did."""
        return all(
            self.subjects[each.model].may_undo(each.operation) for each in found.change.tallies
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
