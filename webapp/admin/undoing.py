"""Undo one version: what is as it left it goes back, what was changed since is offered to edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from sqlalchemy import inspect

from webapp.versioning import MASKED, FieldChange, ReadOnlyVersion, Undo, plan_undo, undo

from . import presentation
from .fields import ReferenceField
from .restoring import RestoreView
from .timeline_page import NUMBER

KEPT = "This version changed a field that you may not change, so you cannot undo it."


@dataclass(frozen=True)
class Offered:
    """A field that an undo left alone: `field_id` is where the form offers the older value, None
    where it cannot."""

    label: str
    present: str
    undone: str
    field_id: str | None


class UndoView(RestoreView):
    """The page `undo/?id=7&version=3`, and the edit page's `&undo=3`."""

    undo_template = "history/undo.html"

    @expose("/undo/", methods=("GET", "POST"))
    def undo_view(self) -> Any:
        self.permit(self.can_restore)
        record, number = self.asked_version()
        form = self.get_rewind_form()
        try:
            plan: Undo = self.plan_or_404(plan_undo, record, number)
        except ReadOnlyVersion:
            word = "This record is deleted: restore it first, then undo single versions."
            return self.to_timeline(record, word, "warning")
        self.permit(plan.operation != "delete" or self.can_delete)
        if self.kept_fields() & {*plan.altered, *plan.links}:
            abort(403, KEPT)
        if request.method == "GET":
            return self._undo_page(plan, form, 200)
        base = self.base_version(form, record)
        nothing = plan.operation is None
        if nothing and not plan.left:
            word = f"Nothing of version {number} is left to undo: no new version was made."
            return self.to_timeline(record, word, "info")
        if base != record.version_id:
            return self._undo_page(plan, form, 409)
        if nothing:
            return redirect(self.record_url("edit", record.id, undo=number))
        if not form.validate():
            return self._undo_page(plan, form, 422)
        done, clashes = self.rewind(form, base, lambda session: self._undo(session, plan))
        if done == "done":
            return self._undone(plan)
        record = self.newest(self.asked_id())
        try:
            plan = self.plan_or_404(plan_undo, record, number)
        except ReadOnlyVersion:
            word = "This record was deleted in the meantime. Nothing was undone."
            return self.to_timeline(record, word, "warning")
        return self._undo_page(plan, form, 409 if done == "stale" else 422, clashes)

    def offer_undone(self, form: Any, model: Any) -> list[Offered]:
        """Fill the edit form with what the undo named in the address would set, and tell where.

        Nothing for an address that names none.
        """
        text = request.args.get("undo", "")
        if not NUMBER.fullmatch(text) or not 1 <= int(text) <= model.version_id:
            return []
        plan = self.plan_or_404(plan_undo, model, int(text))
        return [
            Offered(
                label=self.get_column_name(each.name),
                present=self._said(each.name, each.present),
                undone=self._said(each.name, each.undone),
                field_id=self._mark(self._fill(form, each.name, each.undone), plan, each.present),
            )
            for each in plan.left
        ]

    def _undo(self, session: Any, plan: Undo) -> Any:
        if plan.operation == "delete":
            self.on_model_delete(plan.record)
        return undo(session, self.model, plan.record.id, plan.version_id).record

    def _undone(self, plan: Undo) -> Any:
        record = plan.record
        word = f"Version {plan.version_id} was undone as version {record.version_id}."
        if plan.operation == "delete":
            word += " The record is deleted; its timeline keeps every version."
            return self.to_timeline(record, word, "success")
        if not plan.left:
            return self.to_timeline(record, word, "success")
        flash(f"{word} What was changed since is in the form, to be decided by you.", "success")
        return redirect(self.record_url("edit", record.id, undo=plan.version_id))

    def _undo_page(
        self, plan: Undo, form: Any, status: int, clashes: tuple[Any, ...] | None = None
    ) -> Any:
        left = tuple(FieldChange(each.name, each.present, each.undone) for each in plan.left)
        return self.rewind_page(
            self.undo_template,
            plan.record,
            status,
            form,
            plan=plan,
            changes=self.shown_changes(plan.changes),
            left=self.shown_changes(left),
            source=plan.version_id,
            offer_url=self.record_url("edit", plan.record.id, undo=plan.version_id),
            clashes=self.clash_lines(plan.clashes if clashes is None else clashes),
        )

    def _said(self, name: str, value: Any) -> str:
        return str(MASKED) if value is MASKED else str(self.show_value(name, value))

    def _mark(self, field: Any | None, plan: Undo, present: Any) -> str | None:
        """Say at the field that it was filled in; its id."""
        if field is None:
            return None
        name = field.short_name
        now = presentation.shortened(self._said(name, present)) or "—"
        note = f"Filled in to undo version {plan.version_id}, not saved yet. Now: {now}. "
        field.description = presentation.escaped(note) + (field.description or "")
        field.render_kw = {**(field.render_kw or {}), "data-undone": ""}
        return str(field.id)

    def _fill(self, form: Any, attribute: str, value: Any) -> Any | None:
        """Put the value into the field of that column, and return it; None when there is none."""
        for name, held in form.columns_by_field().items():
            field = form[name]
            if held == attribute and value is not MASKED:
                field.process(None, value)
                return field
            if held in inspect(self.model).relationships and isinstance(field, ReferenceField):
                pairs = inspect(self.model).relationships[held].local_remote_pairs
                keys = [remote.key for local, remote in pairs or () if local.key == attribute]
                if keys == [field.target.id_name]:
                    row = None if value is None else field.target.live(str(value))
                    field.process(None, row)
                    return field if value is None or row is not None else None
        return None
