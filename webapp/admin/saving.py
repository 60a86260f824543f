"""Create and edit: what was typed becomes a version, or comes back with a word on what is wrong."""

from __future__ import annotations

import re
from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_admin.form import FormOpts
from wtforms import ValidationError

from webapp.versioning import VersionConflict, VersioningError, change, timeline

from . import conflict, presentation, refusals, unique
from .converters import FormConverter
from .deleting import DeleteView
from .forms import RecordForm, RecordRules, own_class, rename_reserved, with_own_fields

NUMBER = re.compile(r"[1-9]\d{0,17}", re.ASCII)
UNCHANGED = "Nothing changed, no new version was made."


class SaveView(DeleteView):
    """Flask-Admin's create and edit pages, with our answers: 409, 410, 422, "nothing changed"."""

    #: Columns that hold the id of another record: {"supplier_id": Supplier}.
    form_references: dict[str, type[Any]] = {}
    conflict_template = "admin/model/conflict.html"
    gone_template = "history/gone.html"
    form_base_class = RecordForm
    model_form_converter = FormConverter

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Hook: answers 403 and 422 where the stock page redirects or answers 200."""
        self._permit(self.can_create)
        form = self.create_form()
        self._validate_form_instance(ruleset=self._form_create_rules, form=form)
        if request.method == "POST" and self.validate_form(form):
            model = self.create_model(form)
            if model:
                flash(f"{self.name} “{presentation.name_of(model)}” was created.", "success")
                return redirect(self._next_url(model, is_created=True))
        return self._form_page(self.create_template, form, self._form_create_rules)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """Hook: checks the base version, and tells what a save has done."""
        self._permit(self.can_edit)
        id = self.asked_id()
        model = self.get_one(id)
        if model is None:
            return self._gone(id)
        form = self.edit_form(obj=model)
        self._validate_form_instance(ruleset=self._form_edit_rules, form=form)
        if request.method == "GET":
            form.base_version.process(None, str(model.version_id))
            return self._form_page(self.edit_template, form, self._form_edit_rules, model=model)
        base = self._base_version(form, model)
        if base != model.version_id:
            return self._conflict_page(form, model, base)
        try:
            if self.validate_form(form) and self.update_model(form, model):
                return redirect(self._next_url(model, is_created=False))
        except VersionConflict:  # they saved between our look at the record and our write
            self.session.session.rollback()
            model = self.get_one(id)
            return self._gone(id) if model is None else self._conflict_page(form, model, base)
        return self._form_page(self.edit_template, form, self._form_edit_rules, model=model)

    # -- writing

    def create_model(self, form: Any) -> Any:
        """Hook: the stock one flashes the text of any error, SQL and values included."""
        model = self.build_new_instance()
        return model if self._write(form, model, is_created=True) else False

    def update_model(self, form: Any, model: Any) -> bool:
        """Hook: the stock one flashes the text of any error, and "saved" whatever happened.

        Raises VersionConflict when someone else's newer version is found at the flush.
        """
        before = model.version_id
        if not self._write(form, model, is_created=False):
            return False
        if model.version_id != before:
            flash(f"Saved as version {model.version_id}.", "success")
        elif form.wrote_in_place:
            flash("Saved. Only fields without history changed.", "success")
        else:
            flash(UNCHANGED, "info")
        return True

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
                    self._on_model_change(form, model, is_created)
                    form.note_in_place(model)
                if not form.errors and self._is_unique(form, model):
                    session.commit()
        except VersionConflict:
            raise
        except (ValidationError, VersioningError) as error:
            form.form_errors.append(str(error))
        except Exception as error:
            session.rollback()
            if not refusals.is_refusal(error):
                raise
            refusals.show(error, form, self.model)
        if form.errors:
            session.rollback()
            return False
        self.after_model_change(form, model, is_created)
        return True

    def _is_unique(self, form: Any, model: Any) -> bool:
        taken = unique.clashing(self.session.session, model)
        if taken:
            fields = {attr: name for name, attr in form.columns_by_field().items()}
            names = [fields[attribute] for attribute in taken if attribute in fields]
            if names:
                form[names[0]].errors = [*form[names[0]].errors, unique.MESSAGE]
            else:
                form.form_errors.append(unique.MESSAGE)
        return not taken

    # -- answers

    def _form_page(self, template: str, form: Any, rules: Any, **more: Any) -> Any:
        for error in form.hidden_errors():
            flash(error, "error")
        page = self.render(
            template,
            form=form,
            form_opts=FormOpts(widget_args=self.form_widget_args, form_rules=rules),
            return_url=self.back(),
            row_url=self.row_url,
            **more,
        )
        return (page, 422) if request.method == "POST" else page

    def _conflict_page(self, form: Any, theirs: Any, base_version: int) -> Any:
        session = self.session.session
        base = conflict.version(session, self.model, theirs.id, base_version)
        if base is None:
            abort(400, "The form says that it began with a version that does not exist.")
        rows = conflict.rows(form, base, theirs)
        conflict.move_to(form, base, theirs)
        newest = timeline(session(), self.model, theirs.id, limit=1).entries[0]
        page = self.render(
            self.conflict_template,
            form=form,
            form_opts=FormOpts(widget_args=self.form_widget_args, form_rules=self._form_edit_rules),
            model=theirs,
            rows=rows,
            base_version=base_version,
            current_version=theirs.version_id,
            theirs_actor=newest.actor,
            theirs_at=newest.at,
            timeline_url=self.record_url("timeline", theirs.id),
            edit_url=self.record_url("edit", theirs.id),
            return_url=self.back(),
            row_url=self.row_url,
        )
        return page, 409

    def _gone(self, id: str) -> Any:
        """A deleted record: its timeline for a reader; a 410 that keeps the typing for a writer."""
        tombstone = self.newest(id)
        if tombstone is None:
            self.unknown()
        timeline_url = self.record_url("timeline", tombstone.id)
        if request.method == "GET":
            flash("This record was deleted. Its timeline keeps every version.", "warning")
            return redirect(timeline_url)
        form = self.edit_form(obj=tombstone)
        newest = timeline(self.session.session(), self.model, tombstone.id, limit=1).entries[0]
        page = self.render(
            self.gone_template,
            form=form,
            form_opts=FormOpts(widget_args=self.form_widget_args, form_rules=self._form_edit_rules),
            model=tombstone,
            theirs_actor=newest.actor,
            theirs_at=newest.at,
            timeline_url=timeline_url,
            return_url=self.back(),
        )
        return page, 410

    def _next_url(self, model: Any, is_created: bool) -> str:
        if "_add_another" in request.form:
            return self.get_url(".create_view", url=self.back())
        if "_continue_editing" in request.form:
            return self.record_url("edit", model.id, url=self.back())
        return self.get_save_return_url(model, is_created)

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:
        """Hook: the stock one takes addresses of other sites."""
        return self.back()

    @staticmethod
    def _base_version(form: Any, model: Any) -> int:
        """The version that the edit began with. 400 when the form does not say so."""
        text = form.base_version.data or ""
        number = int(text) if NUMBER.fullmatch(text) else 0
        if not 1 <= number <= model.version_id:
            abort(400, "The form does not say with which version it began. Open it again.")
        return number

    @staticmethod
    def _permit(allowed: bool) -> None:
        if not allowed:
            abort(403)

    # -- forms

    def scaffold_form(self) -> type[Any]:
        """Hook: moves the columns whose name the form itself needs."""
        return rename_reserved(super().scaffold_form())

    def get_create_form(self) -> type[Any]:
        """Hook: adds the reason."""
        form = own_class(super().get_create_form(), given=self.form is not None)
        return with_own_fields(form, required=self.reason_required, base_version=False)

    def get_edit_form(self) -> type[Any]:
        """Hook: adds the reason and the version that the edit begins with."""
        form = own_class(super().get_edit_form(), given=self.form is not None)
        return with_own_fields(form, required=self.reason_required, base_version=True)

    def _refresh_form_rules_cache(self) -> None:
        """Hook: rules that do not list the form's own fields would strip them."""
        super()._refresh_form_rules_cache()
        for name in ("_form_create_rules", "_form_edit_rules"):
            rules = getattr(self, name)
            if rules is not None:
                setattr(self, name, RecordRules(self, rules.rules))
