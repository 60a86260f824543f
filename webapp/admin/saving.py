"""Create and edit: what was typed becomes a version, or comes back with a word on what is wrong."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from wtforms import ValidationError

from webapp.errors import names_bad_text
from webapp.versioning import (
    ReadOnlyVersion,
    RecordExists,
    VersionConflict,
    VersioningError,
    change,
    key_columns,
)

from . import in_use, presentation, refusals, unique
from .merge_page import MergeView
from .merging import columns_of

UNCHANGED = "Nothing changed, no new version was made."


class SaveView(MergeView):
    """Flask-Admin's create and edit pages, with our answers: 409, 410, 422, "nothing changed"."""

    @expose("/new/", methods=("GET", "POST"))
    @names_bad_text
    def create_view(self) -> Any:
        """Hook: answers 403 and 422 where the stock page redirects or answers 200."""
        self.permit(self.can_create)
        form = self.with_children(self.create_form(), None)
        self._validate_form_instance(ruleset=self._form_create_rules, form=form)
        if request.method == "POST" and self.validate_form(form):
            model = self.create_model(form)
            if model:
                flash(f"{presentation.told(model)} was created.", "success")
                return redirect(self._next_url(model, is_created=True))
        return self.form_page(self.create_template, form, self._form_create_rules)

    @expose("/edit/", methods=("GET", "POST"))
    @names_bad_text
    def edit_view(self) -> Any:
        """Hook: checks the base version, and tells what a save has done."""
        self.permit(self.can_edit)
        id = self.asked_id()
        model = self.get_one(id)
        if model is None:
            return self.gone(id)
        form: Any = self.with_children(self.edit_form(obj=model), model)
        self._validate_form_instance(ruleset=self._form_edit_rules, form=form)
        if request.method == "GET":
            form.base_version.process(None, str(model.version_id))
            undone = self.offer_undone(form, model)
            self.tell(undone=undone, undone_version=request.args.get("undo"))
            return self.form_page(self.edit_template, form, self._form_edit_rules, model)
        draft = self.draft(form, model)
        if draft.base != model.version_id:
            return self.merge_page(draft, model)
        if draft.asked:
            merge = self.merge_of(draft, model)
            if merge.left:
                return self.merge_page(draft, model, too_late=False)
            form = self.form_over(model, draft.resolved(merge.rows, merge.form_of_theirs))
            self.with_children(form, model)
        if self.has_conflict(form):
            return self.rows_page(form, draft, model)
        try:
            if self.validate_form(form) and self.update_model(form, model):
                return redirect(self._next_url(model, is_created=False))
        except (VersionConflict, ReadOnlyVersion):
            # They saved, or deleted, between our look at the record and our write.
            self.session.session.rollback()
            model = self.get_one(id)
            if model is None:
                return self.gone(id)
            if model.version_id != draft.base:
                return self.merge_page(draft, model)
            self.with_children(form, model)
            if not self.has_conflict(form):  # not about these records: a hook edited an old one
                raise
            return self.rows_page(form, draft, model)
        if draft.asked:
            return self.merge_page(draft, model, refused=form, too_late=False)
        return self.form_page(self.edit_template, form, self._form_edit_rules, model)

    # -- writing

    def create_model(self, form: Any) -> Any:
        """Hook: the stock one flashes the text of any error, SQL and values included."""
        model = self.build_new_instance()
        return model if self._write(form, model, is_created=True) else False

    def update_model(self, form: Any, model: Any) -> bool:
        """Hook: the stock one flashes the text of any error, and "saved" whatever happened.

        Raises VersionConflict or ReadOnlyVersion when someone else's newer version is found at the
        flush.
        """
        before = model.version_id
        if not self._write(form, model, is_created=False):
            return False
        rows = self.said_of_children(form)
        if model.version_id != before:
            flash(f"Saved as version {model.version_id}. {rows}".strip(), "success")
        elif rows:
            flash(f"Saved. {rows}", "success")
        elif form.wrote_in_place:
            flash("Saved. Only fields without history changed.", "success")
        else:
            flash(UNCHANGED, "info")
        return True

    def handle_view_exception(self, exc: Exception) -> bool:
        """Hook: asked by actions of a view's own. The stock one flashes SQL and values."""
        if refusals.is_refusal(exc):
            flash(refusals.GENERAL, "error")
            return True
        return super().handle_view_exception(exc)

    def build_new_instance(self) -> Any:
        """Hook: runs the model's `__init__`, which sets its defaults; the stock one skips it.

        A dataclass whose `__init__` demands values is made as the stock one does.
        """
        try:
            return self.model()
        except TypeError:
            return super().build_new_instance()

    def _write(self, form: Any, model: Any, *, is_created: bool) -> bool:
        """Write the form into the model and commit. False with errors on the form when refused."""
        session = self.session.session
        try:
            with change(session, reason=form.reason.data or None):
                # A query between two attributes would flush half of the edit.
                with session.no_autoflush:
                    form.populate_obj(model)
                    if is_created:
                        session.add(model)
                    self.write_children(form, model)
                    self._on_model_change(form, model, is_created)
                    form.note_in_place(model)
                if not form.errors and self._is_unique(form, model):
                    self.flush_children(form)
                    session.commit()
        except (VersionConflict, ReadOnlyVersion):
            raise
        except RecordExists as error:
            self._tell_taken(form, error)
        except (ValidationError, VersioningError) as error:
            session.rollback()
            form.form_errors.append(in_use.said(self.session, error))
        except Exception as error:
            session.rollback()
            if not refusals.is_refusal(error):
                raise
            if not any(each.refused(error) for each in form.inlines):
                refusals.show(error, form, self.model)
        if form.errors:
            session.rollback()
            return False
        self.after_model_change(form, model, is_created)
        for each in form.inlines:
            each.after()
        return True

    def _tell_taken(self, form: Any, error: RecordExists) -> None:
        """Say at the field of the id, or at the first of those that make it, that it is taken."""
        if "id" in form:  # typed by the person
            form["id"].errors = [*form["id"].errors, unique.MESSAGE]
            return
        key = {*key_columns(error.model)} if error.model else set()
        said = unique.taken(error.model, error.id) if error.model and key else str(error)
        columns = form.columns_by_field().items() if error.model is self.model else ()
        fields = [name for name, at in columns if key & columns_of(self.model, at)]
        if fields:
            form[fields[0]].errors = [*form[fields[0]].errors, said]
        else:
            form.form_errors.append(said)

    def _is_unique(self, form: Any, model: Any) -> bool:
        taken = unique.clashing(self.session.session, model)
        if taken:
            fields = {attr: name for name, attr in form.columns_by_field().items()}
            names = [fields[attribute] for attribute in taken if attribute in fields]
            said = unique.message(model, taken)
            if names:
                form[names[0]].errors = [*form[names[0]].errors, said]
            else:
                form.form_errors.append(said)
        rows = [each.are_unique(self.session.session) for each in form.inlines]
        return not taken and all(rows)

    def _next_url(self, model: Any, is_created: bool) -> str:
        if "_add_another" in request.form:
            return self.get_url(".create_view", url=self.back())
        if "_continue_editing" in request.form:
            return self.record_url("edit", model.id, url=self.back())
        return self.get_save_return_url(model, is_created)

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:
        """Hook: the stock one takes addresses of other sites."""
        return self.back()
