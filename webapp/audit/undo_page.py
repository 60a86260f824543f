"""The undo of a whole change: what it will do, what is in its way, then one new change."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_admin.form import BaseForm
from sqlalchemy import select

from webapp import changes
from webapp.admin import refusals
from webapp.admin.forms import reason_field
from webapp.admin.subjects import name_of
from webapp.auth import who
from webapp.changes import Change
from webapp.extensions import db
from webapp.versioning import (
    UndoBlocked,
    VersioningError,
    WhatChanged,
    plan_undo_change,
    undo_change,
)

from . import preview
from .change_page import ChangeView
from .words import OPERATIONS

FORBIDDEN = "This change touched records that may not be edited, or deleted, on the pages here."
KEPT = "This change altered a field that you may not change, so you cannot undo it."
REFUSED = "The database refused the undo. Nothing was changed: look at what is listed here."


class UndoView(ChangeView):
    """`/admin/changes/7/undo/`: all of a change is taken back, or nothing."""

    @expose("/<number>/undo/", methods=("GET", "POST"))
    def undo_view(self, number: str) -> Any:
        id = self.number(number)
        found = self.what(id, limit=1)
        if not self.may_undo(found):
            abort(403, FORBIDDEN)
        form = self._form(found)
        if any(
            who.read_only_fields(plan.model) & wanted.keys()
            for plan in plan_undo_change(db.session(), id)
            for wanted in plan.edited.values()
        ):
            abort(403, KEPT)
        if request.method == "GET":
            return self._ask(found, form)
        if not form.validate():
            return self._ask(found, form), 422
        try:
            done = undo_change(db.session(), id, reason=(form.reason.data or "").strip() or None)
            db.session.commit()
        except Exception as error:
            db.session.rollback()
            if not isinstance(error, VersioningError) and not refusals.is_refusal(error):
                raise
            if not isinstance(error, UndoBlocked):
                flash(REFUSED, "error")
            return self._ask(found, form), 409
        records = sum(done.versions.values())
        if not records:
            flash(f"Nothing of change {id} was left to undo. No change was made.", "info")
            return redirect(self.get_url(".change_view", number=id))
        word = "record" if records == 1 else "records"
        flash(f"Change {id} was undone, {records} {word} in this new change.", "success")
        return redirect(self.get_url(".change_view", number=self._made()))

    def _ask(self, found: WhatChanged, form: Any) -> str:
        """What would be done now; the database is only read."""
        plans = plan_undo_change(db.session(), found.change.id)
        work = preview.work(plans, self.records_size)
        self.prepare(work)
        return self.render(
            "audit/undo.html",
            change=found.change,
            form=form,
            models=work,
            obstacles=preview.obstacles(plans, self.subjects, self.records_size),
            in_the_way=sum(len(plan.clashes) for plan in plans),
            subjects=self.subjects,
            touched=self.subjects.touched,
            operations=OPERATIONS,
            name_of=name_of,
            change_url=self.get_url(".change_view", number=found.change.id),
            undone_url=self.get_url(".index_view", reason=f"Undo of change {found.change.id}"),
        )

    def _form(self, found: WhatChanged) -> Any:
        views = [self.subjects[each.model].view for each in found.models]

        class UndoForm(BaseForm):
            reason = reason_field(any(view.reason_required for view in views if view))

        return UndoForm(request.form if request.method == "POST" else None)

    @staticmethod
    def _made() -> int:
        """The number of the change that this request has made."""
        made = select(Change.id).where(Change.request_id == changes.request_id())
        return db.session.scalars(made.order_by(Change.id.desc()).limit(1)).one()
