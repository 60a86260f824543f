"""The answers to a save that came too late: 409 over a newer version, 410 over a deletion."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask_admin.helpers import get_form_data
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from . import drafts, merging, runs
from .undoing import UndoView


class MergeView(UndoView):
    """Both pages keep what was typed and say who was there first."""

    merge_template = "admin/model/merge.html"
    gone_template = "history/gone.html"

    def merge_page(
        self, draft: drafts.Draft, theirs: Any, *, refused: Any = None, too_late: bool = True
    ) -> Any:
        """Both sides; the form now begins with their version, so that saving again goes over it.

        With `too_late` false their version is the one that the page has shown already: 422, with
        the errors of the form `refused`.
        """
        merge = self.merge_of(draft, theirs)
        form = self.form_over(theirs, draft.sent)
        self.with_children(form, theirs)
        if too_late and merge.is_done() and not self.has_rows_to_write(form):
            flash(f"This was saved already, as version {theirs.version_id}.", "info")
            return redirect(self.back())
        merge.move(form)
        self._show_errors(form, merge, refused, too_late)
        asked = [row.name for row in merge.rows if row.is_asked]
        page = self.record_page(
            self.merge_template,
            theirs,
            form=form,
            form_opts=self.form_opts(None),
            rows=merge.rows,
            asked=asked,
            left=merge.left,
            open_rest=any(
                form[name].errors or form[name].process_errors
                for name in merge.fields
                if name not in asked
            ),
            began=draft.began,
            base_version=draft.base if too_late else draft.began,
            current_version=theirs.version_id,
            edit_url=self.record_url("edit", theirs.id),
            **self.who_saved(theirs),
        )
        return page, 409 if too_late or self.has_conflict(form) else 422

    def draft(self, form: Any, model: Any) -> drafts.Draft:
        """What was sent. 400 when it does not say with which version it began."""
        base = self.base_version(form, model)
        sent = get_form_data()
        began = min(drafts.number_of(sent.get(drafts.BEGAN, "")) or base, base)
        asked = drafts.posted(sent, form.columns_by_field())
        return drafts.Draft(sent, base, began, asked)

    def merge_of(self, draft: drafts.Draft, theirs: Any) -> merging.Merge:
        typed = self.form_over(theirs, draft.as_typed)
        versions = self._typed_over(theirs, draft)
        return merging.Merge(draft, typed, versions, theirs, self.layout(runs.COMPARISON))

    def form_over(self, model: Any, sent: MultiDict[str, Any]) -> Any:
        """The edit form of that row with these values in place of the request's own."""
        form = self.edit_form(obj=model)
        self._validate_form_instance(ruleset=self._form_edit_rules, form=form)
        form.process(sent, obj=model)
        return form

    def gone(self, id: str) -> Any:
        """A deleted record: its timeline for a reader; a 410 that keeps the typing for a writer."""
        tombstone = self.newest(id)
        if tombstone is None:
            self.unknown()
        if request.method == "GET":
            flash("This record was deleted. Its timeline keeps every version.", "warning")
            return redirect(self.record_url("timeline", tombstone.id))
        form = self.with_children(self.edit_form(obj=tombstone), tombstone)
        asked = drafts.posted(request.form, form.columns_by_field())
        page = self.record_page(
            self.gone_template,
            tombstone,
            form=form,
            form_opts=self.form_opts(self._form_edit_rules),
            typed_first=[
                (form[name].label.text, " ".join(each.yours))
                for name, each in asked.items()
                if list(each.yours) != request.form.getlist(name)
            ],
            **self.who_saved(tombstone),
        )
        return page, 410

    def _typed_over(self, theirs: Any, draft: drafts.Draft) -> dict[int, Any]:
        """The rows that the draft was typed over, in one statement."""
        wanted = {each.base for each in draft.asked.values()} | {draft.base, draft.began}
        model = self.model
        query = select(model).where(model.id == theirs.id, model.version_id.in_(wanted))
        found = {row.version_id: row for row in self.session.session.scalars(query)}
        if not {draft.base, draft.began} <= found.keys():
            abort(400, "The form says that it began with a version that does not exist.")
        return found

    def _show_errors(self, form: Any, merge: merging.Merge, refused: Any, too_late: bool) -> None:
        if refused is not None:
            form.form_errors = list(refused.form_errors)
            form.inlines = refused.inlines
            for field in refused:
                if field.errors:
                    form[field.short_name].errors = list(field.errors)
        elif not too_late:
            for row in merge.rows:
                if row.is_asked and not row.choice:
                    form[row.name].errors = ["Both changed this: choose which one to keep."]
