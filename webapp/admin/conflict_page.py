"""The answers to a save that came too late: 409 over a newer version, 410 over a deletion."""

from __future__ import annotations

import re
from typing import Any

from flask import abort, flash, redirect, request

from webapp.versioning import timeline

from . import conflict
from .form_view import FormView

NUMBER = re.compile(r"[1-9]\d{0,17}", re.ASCII)


class ConflictView(FormView):
    """Both pages keep what was typed and say who was there first."""

    conflict_template = "admin/model/conflict.html"
    gone_template = "history/gone.html"

    def conflict_page(self, form: Any, theirs: Any, base_version: int) -> Any:
        """Both sides; the form now begins with their version, so that saving again goes over it."""
        base = conflict.version(self.session.session, self.model, theirs.id, base_version)
        if base is None:
            abort(400, "The form says that it began with a version that does not exist.")
        rows = conflict.rows(form, base, theirs, self.show_value)
        if conflict.is_done(rows):  # the form was sent twice
            flash(f"This was saved already, as version {theirs.version_id}.", "info")
            return redirect(self.back())
        conflict.move_to(form, base, theirs)
        page = self.record_page(
            self.conflict_template,
            theirs,
            form=form,
            form_opts=self.form_opts(self._form_edit_rules),
            rows=rows,
            base_version=base_version,
            current_version=theirs.version_id,
            edit_url=self.record_url("edit", theirs.id),
            **self._who(theirs),
        )
        return page, 409

    def gone(self, id: str) -> Any:
        """A deleted record: its timeline for a reader; a 410 that keeps the typing for a writer."""
        tombstone = self.newest(id)
        if tombstone is None:
            self.unknown()
        if request.method == "GET":
            flash("This record was deleted. Its timeline keeps every version.", "warning")
            return redirect(self.record_url("timeline", tombstone.id))
        page = self.record_page(
            self.gone_template,
            tombstone,
            form=self.edit_form(obj=tombstone),
            form_opts=self.form_opts(self._form_edit_rules),
            **self._who(tombstone),
        )
        return page, 410

    def _who(self, row: Any) -> dict[str, Any]:
        newest = timeline(self.session.session(), self.model, row.id, limit=1).entries[0]
        return {"theirs_actor": newest.actor, "theirs_at": newest.at}

    @staticmethod
    def base_version(form: Any, model: Any) -> int:
        """The version that the edit began with. 400 when the form does not say so."""
        text = form.base_version.data or ""
        number = int(text) if NUMBER.fullmatch(text) else 0
        if not 1 <= number <= model.version_id:
            abort(400, "The form does not say with which version it began. Open it again.")
        return number
