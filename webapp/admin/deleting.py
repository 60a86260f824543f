"""Delete: a tombstone for one record or for many, as one change."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_admin.actions import action
from wtforms.fields import HiddenField
from wtforms.validators import InputRequired

from webapp.versioning import VersionConflict, VersioningError, change

from . import identity, presentation, refusals
from .compare_page import CompareView
from .forms import reason_field

MOST_AT_ONCE = 1000
REFUSED = "The database refused to delete this. Nothing was deleted."


class DeleteView(CompareView):
    """Flask-Admin's delete page and actions, over tombstones."""

    #: Whether every change of this model must say why.
    reason_required = False

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> Any:
        """Hook: answers 404 and 422 where the stock page redirects whatever happens."""
        if not self.can_delete:
            abort(403)
        id = self.asked_id(request.form)
        model = self.get_one(id)
        if model is None:
            return self._was_deleted(id)
        form = self.delete_form()
        if not form.validate():
            abort(422, _said(form))
        name = presentation.told(model)
        if self.delete_model(model):
            flash(f"{name} was deleted. Its timeline keeps every version.", "success")
        return redirect(self.back(request.form.get("url")))

    @expose("/action/", methods=("POST",))
    def action_view(self) -> Any:
        """Hook: the stock one goes back to any address, and takes unknown actions in silence."""
        form: Any = self.action_form()
        if not form.validate():
            abort(422, _said(form))
        chosen = self._actions_data.get(form.action.data)
        if chosen is None:
            abort(400, "There is no such action.")
        if not self.is_action_allowed(form.action.data):
            abort(403)
        response = chosen[0](request.form.getlist("rowid"))
        return response or redirect(self.back(request.form.get("url")))

    @action("delete", "Delete", "Delete the selected records? Their timelines keep every version.")
    def action_delete(self, ids: list[str]) -> Any:
        """Hook: the stock one decodes keys of two parts, and skips what it does not find."""
        rows = self._chosen(ids)
        if rows and self._delete(rows):
            records = "1 record was" if len(rows) == 1 else f"{len(rows)} records were"
            flash(f"{records} deleted. Their timelines keep every version.", "success")

    def is_action_allowed(self, name: str) -> bool:
        """Hook: an action of a view's own counts as an edit; the stock check lets it through."""
        if not self.can_bulk or (name != "delete" and not self.can_edit):
            return False
        return super().is_action_allowed(name)

    def delete_model(self, model: Any) -> bool:
        """Hook: the stock one flashes the text of any error, SQL and values included."""
        return self._delete([model])

    def get_delete_form(self) -> type[Any]:
        """Hook: adds the reason."""

        class DeleteForm(self.form_base_class):
            id = HiddenField(validators=[InputRequired()])
            url = HiddenField()
            reason = reason_field(self.reason_required)

        return DeleteForm

    def get_action_form(self) -> type[Any]:
        """Hook: adds the reason."""

        class ActionForm(self.form_base_class):
            action = HiddenField()
            url = HiddenField()
            reason = reason_field(self.reason_required)

        return ActionForm

    def _delete(self, rows: list[Any]) -> bool:
        """One change that deletes them all, or none when one is refused."""
        session = self.session.session
        reason = request.form.get("reason", "").strip() or None
        try:
            with change(session, reason=reason):
                for row in rows:
                    self.on_model_delete(row)
                    session.delete(row)
                session.commit()
        except VersionConflict:
            session.rollback()
            flash("Not deleted: someone else saved in the meantime. Look again.", "error")
            return False
        except Exception as error:
            session.rollback()
            if not isinstance(error, VersioningError) and not refusals.is_refusal(error):
                raise
            flash(str(error) if isinstance(error, VersioningError) else REFUSED, "error")
            return False
        for row in rows:
            self.after_model_delete(row)
        return True

    def _chosen(self, ids: list[str]) -> list[Any]:
        """The live records of those ids, in one statement; a word on what else was named."""
        values = {identity.parse(self.model, id) for id in ids[:MOST_AT_ONCE]} - {None}
        if len(ids) > MOST_AT_ONCE:
            abort(400, f"At most {MOST_AT_ONCE} records at once.")
        rows = self.get_query().filter(identity.among(self.model, values)).all() if values else []
        missing = len(set(ids)) - len(rows)
        if not ids:
            flash("Nothing was chosen.", "warning")
        elif missing:
            flash(f"{missing} of the chosen records are not there any more.", "warning")
        return rows

    def _was_deleted(self, id: str) -> Any:
        if self.newest(id) is None:
            self.unknown()
        flash("This record was deleted already. Its timeline keeps every version.", "info")
        return redirect(self.back(request.form.get("url")))


def _said(form: Any) -> str:
    return " ".join(str(error) for errors in form.errors.values() for error in errors)
