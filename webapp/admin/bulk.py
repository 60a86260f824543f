"""Bulk actions: delete, restore, or set a field of many records as one change, asked first."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_admin.actions import action
from flask_admin.model import BaseModelView
from sqlalchemy import inspect
from wtforms import ValidationError

from webapp.versioning import (
    ManyPlan,
    SelectionChanged,
    VersionConflict,
    VersioningError,
    act_on_many,
    change,
    plan_many,
)

from . import bulk_fields, identity, in_use, refusals, selection
from .bulk_page import ACTIONS, BulkPageView
from .deleting import said

#: Why a record needs nothing, when the action has been done to it already.
DONE = {"delete": "deleted", "restore": "alive", "set": "same"}
DONE_WORDS = {
    "delete": "{} deleted. Their timelines keep every version.",
    "restore": "{} restored.",
    "set": "{} changed.",
}
NO_FILTER = "A filter of the list cannot be read. Nothing was done: set it anew on the list."
ONE_BY_ONE = "This action takes records that are ticked. Nothing was done: tick them on the list."
REFUSED = "The database refused this. Nothing was changed."


class BulkView(BulkPageView):
    """Flask-Admin's actions. Ours are asked first, on a page that says what will happen."""

    @expose("/action/", methods=("POST",))
    def action_view(self) -> Any:
        """Hook: the stock one goes back to any address, and takes unknown actions in silence."""
        name = request.form.get("action", "")
        found = self._actions_data.get(name)
        if found is None:
            abort(400, "There is no such action.")
        if not self.is_action_allowed(name):
            abort(403)
        form: Any = self.action_form()
        if name not in ACTIONS and not form.validate():
            abort(422, said(form))
        if name not in ACTIONS and request.form.get("all") == "1":
            abort(400, ONE_BY_ONE)
        response = found[0](request.form.getlist("rowid"))
        return response or redirect(self.back(request.form.get("url")))

    @action("delete", "Delete…")
    def action_delete(self, ids: list[str]) -> Any:
        """Hook: the stock one decodes keys of two parts, and skips what it does not find."""
        return self._asked("delete", None)

    @action("restore", "Restore…")
    def action_restore(self, ids: list[str]) -> Any:
        return self._asked("restore", None)

    @action("set", "Set a field…")
    def action_set(self, ids: list[str]) -> Any:
        name = request.form.get("field", "")
        if name not in self.settable_fields:
            return self._field_page(None, 200 if not name else 422)
        posted = request.form if "typed" in request.form else None
        form = bulk_fields.form_of(self, name, posted)
        if posted is None or "again" in posted:
            return self._field_page(form, 200)
        if not form.validate():
            return self._field_page(form, 422)
        return self._asked("set", form)

    def is_action_allowed(self, name: str) -> bool:
        """Hook: an action of a view's own counts as an edit; the stock check lets it through."""
        rights = {"delete": self.can_delete, "restore": self.can_restore}
        if not (self.can_bulk and rights.get(name, self.can_edit)):
            return False
        if name == "set" and not self.settable_fields:
            return False
        return super().is_action_allowed(name)

    def get_actions_list(self) -> Any:
        """Hook: of the deleted, records can be restored; of the others, everything else."""
        actions, confirmations = super().get_actions_list()
        if self.shows_deleted:
            return [each for each in actions if each[0] == "restore"], {}
        return [each for each in actions if each[0] != "restore"], confirmations

    def _asked(self, name: str, field: Any) -> Any:
        """The question; with its answer, the change."""
        if not request.form.getlist("rowid") and request.form.get("all") != "1":
            flash("Nothing was chosen.", "warning")
            return redirect(self.back(request.form.get("url")))
        plan = self._plan(name, field)
        form = self._bulk_form()
        answer = request.form.get("digest")
        if answer is None:
            return self._bulk_page(plan, form, field, 200)
        if not plan.versions and all(each.why == DONE[name] for each in plan.skipped):
            flash("This was done already: no new version was made.", "info")
            return redirect(self.back(request.form.get("url")))
        if answer != selection.digest(plan):
            return self._bulk_page(plan, form, field, 409)
        if not form.validate():
            return self._bulk_page(plan, form, field, 422)
        count = len(plan.versions)
        status = self._carry_out(plan, form, field)
        if status != 302:
            return self._bulk_page(self._plan(name, field), form, field, status)
        flash(DONE_WORDS[name].format(_records(count)), "success")
        return redirect(self.back(request.form.get("url")))

    def _plan(self, name: Any, field: Any) -> ManyPlan:
        asked = self._selection()
        session = self.session.session()
        values = bulk_fields.values(self, field) if field is not None else {}
        plan = plan_many(session, self.model, name, asked.chosen, values)
        if plan.versions and request.form.get("all") != "1":
            within = self.get_query().filter(identity.among(self.model, plan.versions))
            visible = {id for (id,) in within.with_entities(self.model.id)}
            for id in plan.versions.keys() - visible:  # the view keeps it out of its lists
                plan.records.pop(id)
                plan.skip(id, "unknown")
        for _ in range(asked.unreadable):
            plan.skip(None, "unknown")
        return plan

    def _selection(self) -> selection.Selection:
        if request.form.get("all") != "1":
            return selection.ticked(self.model)
        args = self._get_list_extra_args()
        asked = [name for name in request.args if name.startswith("flt")]
        if len(args.filters or ()) != len(asked):  # the list would show more than was asked for
            abort(400, NO_FILTER)
        most = selection.MOST_MATCHING + 1
        found = self.get_list(0, None, False, args.search, args.filters, False, most)
        return selection.matching(found[1], self.model)

    def _carry_out(self, plan: ManyPlan, form: Any, field: Any) -> int:
        """Act and commit as one change. The status of the answer: 302 when done, 409 when the
        records are others than those asked about, 422 with an error on the form when refused."""
        session = self.session.session
        try:
            with change(session, reason=form.reason.data or None):
                self._act(plan, field)
                session.commit()
        except (SelectionChanged, VersionConflict):
            session.rollback()
            return 409
        except Exception as error:
            session.rollback()
            ours = isinstance(error, (ValidationError, VersioningError))
            if not ours and not refusals.is_refusal(error):
                raise
            form.form_errors.append(in_use.said(self.session, error) if ours else REFUSED)
            return 422
        self._tell_hooks(plan, field)
        return 302

    def _tell_hooks(self, plan: ManyPlan, field: Any) -> None:
        rows = [plan.records[id] for id in plan.versions]
        if plan.action == "delete" and self._overrides("after_model_delete"):
            for row in rows:
                self.after_model_delete(row)
        if plan.action == "set" and self._overrides("after_model_change"):
            for row in rows:
                self.after_model_change(field, row, False)

    def _act(self, plan: ManyPlan, field: Any) -> None:
        """By one statement; record by record where the model or the view has a say in each."""
        rows = [plan.records[id] for id in plan.versions]
        if plan.action == "delete" and self._overrides("on_model_delete"):
            for row in rows:
                self.on_model_delete(row)
        if plan.action == "set" and self._checks_each(plan):
            with self.session.session.no_autoflush:
                for row in rows:
                    _set(row, plan.values)
                    self._on_model_change(field, row, False)
        else:
            act_on_many(self.session.session(), plan)

    def _checks_each(self, plan: ManyPlan) -> bool:
        validated = plan.values.keys() & inspect(self.model).validators.keys()
        return bool(validated) or self._overrides("on_model_change")

    def _overrides(self, hook: str) -> bool:
        return getattr(type(self), hook) is not getattr(BaseModelView, hook)


def _set(row: Any, values: dict[str, Any]) -> None:
    """Raises ValidationError with what the model's own checks say."""
    try:
        for name, value in values.items():
            setattr(row, name, value)
    except (ValueError, AssertionError) as error:
        raise ValidationError(str(error) or "This value is refused.") from None


def _records(count: int) -> str:
    return "1 record was" if count == 1 else f"{count:,} records were"
