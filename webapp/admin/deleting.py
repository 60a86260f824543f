"""Delete: a tombstone for a record. Of many at once, see `bulk.py`."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from wtforms.fields import HiddenField
from wtforms.validators import InputRequired

from webapp.versioning import VersionConflict, VersioningError, change

from . import in_use, presentation, refusals
from .compare_page import CompareView
from .forms import reason_field

REFUSED = "The database refused to delete this. Nothing was deleted."


class DeleteView(CompareView):
    """Flask-Admin's delete page, over tombstones."""

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
            abort(422, said(form))
        name = presentation.told(model)
        if self.delete_model(model):
            flash(f"{name} was deleted. Its timeline keeps every version.", "success")
        return redirect(self.back(request.form.get("url")))

    def delete_model(self, model: Any) -> bool:
        """Hook: the stock one flashes the text of any error, SQL and values included."""
        session = self.session.session
        reason = request.form.get("reason", "").strip() or None
        try:
            with change(session, reason=reason):
                self.on_model_delete(model)
                session.delete(model)
                session.commit()
        except VersionConflict:
            session.rollback()
            flash("Not deleted: someone else saved in the meantime. Look again.", "error")
            return False
        except Exception as error:
            session.rollback()
            ours = isinstance(error, VersioningError)
            if not ours and not refusals.is_refusal(error):
                raise
            flash(in_use.said(self.session, error) if ours else REFUSED, "error")
            return False
        self.after_model_delete(model)
        return True

    def get_delete_form(self) -> type[Any]:
        """Hook: adds the reason."""

        class DeleteForm(self.form_base_class):
            id = HiddenField(validators=[InputRequired()])
            url = HiddenField()
            reason = reason_field(self.reason_required)

        return DeleteForm

    def _was_deleted(self, id: str) -> Any:
        if self.newest(id) is None:
            self.unknown()
        flash("This record was deleted already. Its timeline keeps every version.", "info")
        return redirect(self.back(request.form.get("url")))


def said(form: Any) -> str:
    """All that is wrong with a form, in one line."""
    return " ".join(str(error) for errors in form.errors.values() for error in errors)
