"""The pages of one record and their forms: what every one of them is given."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from flask_admin.form import FormOpts

from webapp.versioning import data_columns, masked_columns, shown_columns, timeline

from . import identity, presentation
from .converters import FormConverter, id_field
from .deleting import DeleteView
from .drafts import number_of
from .forms import (
    RecordForm,
    RecordRules,
    in_order,
    own_class,
    rename_reserved,
    with_own_fields,
)
from .looked_up import LivingLoader, loader_of


class FormView(DeleteView):
    """The hooks by which Flask-Admin makes and shows forms."""

    form_base_class = RecordForm
    model_form_converter = FormConverter

    def scaffold_form(self) -> type[Any]:
        """Hook: moves the columns whose name the form itself needs; a reference stands where its
        column does, which the stock form puts before all columns."""
        form: type[Any] = super().scaffold_form()
        if not self.form_columns:
            in_order(form, self.declared.in_place(data_columns(self.model)))
        return rename_reserved(form)

    def _create_ajax_loader(self, name: str, options: dict[str, Any]) -> LivingLoader:
        """Hook: the stock loader knows a record by its whole key, which names a version."""
        return loader_of(self, name, options)

    def get_create_form(self) -> type[Any]:
        """Hook: adds the reason, and the id where nothing else makes one."""
        form = own_class(super().get_create_form(), given=self.form is not None)
        if identity.is_typed(self.model) and not hasattr(form, "id"):
            form.id = id_field(self.model, self.get_column_name("id"))
        return with_own_fields(form, required=self.reason_required, base_version=False)

    def get_edit_form(self) -> type[Any]:
        """Hook: adds the reason and the version that the edit begins with."""
        form = own_class(super().get_edit_form(), given=self.form is not None)
        return with_own_fields(form, required=self.reason_required, base_version=True)

    def _refresh_form_rules_cache(self) -> None:
        """Hook: rules that do not list the form's own fields would strip them."""
        super()._refresh_form_rules_cache()
        # Sections of children stand below the fields, wherever the rules name them.
        sections = {each.key for each in self.inlines}
        for name in ("_form_create_rules", "_form_edit_rules"):
            rules = getattr(self, name)
            if rules is not None:
                kept = [x for x in rules.rules if getattr(x, "field_name", None) not in sections]
                setattr(self, name, RecordRules(self, kept))

    def record_page(self, template: str, model: Any, **more: Any) -> str:
        """A page about one record."""
        return self.render(
            template,
            model=model,
            title=presentation.name_of(model),
            timeline_url=self.record_url("timeline", model.id),
            return_url=self.back(),
            poll_url=self.record_url("newest", model.id),
            row_url=self.row_url,
            **more,
        )

    def form_page(self, template: str, form: Any, rules: Any, model: Any = None) -> Any:
        """The form, a 422 when it comes back, with its errors listed on top."""
        given = {"form": form, "form_opts": self.form_opts(rules)}
        if model is None:
            page = self.render(template, **given, return_url=self.back())
        else:
            page = self.record_page(template, model, **given, kept=self._kept_values(model))
        return (page, 422) if request.method == "POST" else page

    def _kept_values(self, model: Any) -> list[tuple[str, str]]:
        """Label and text of the fields that the person sees and may not change."""
        return [
            (self.get_column_name(name), self.show_value(name, getattr(model, name)))
            for name in shown_columns(self.model)
            if name in self.kept_fields() and name not in masked_columns(self.model)
        ]

    def form_opts(self, rules: Any) -> FormOpts:
        # Rules may name fields that are kept from the person: without them, what is left is shown.
        given = None if self.kept_fields() else rules
        return FormOpts(widget_args=self.form_widget_args, form_rules=given)

    def who_saved(self, row: Any) -> dict[str, Any]:
        """Who made the newest version, and when."""
        newest = timeline(self.session.session(), self.model, row.id, limit=1).entries[0]
        return {"theirs_actor": newest.actor, "theirs_at": newest.at}

    @staticmethod
    def base_version(form: Any, model: Any) -> int:
        """The version that the edit began with. 400 when the form does not say so."""
        number = number_of(form.base_version.data or "")
        if not 1 <= number <= model.version_id:
            abort(400, "The form does not say with which version it began. Open it again.")
        return number

    @staticmethod
    def permit(allowed: bool) -> None:
        if not allowed:
            abort(403)
