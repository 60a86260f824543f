"""The pages of one record and their forms: what every one of them is given."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from flask_admin.form import FormOpts
from wtforms.fields.core import UnboundField

from webapp.versioning import (
    data_columns,
    key_columns,
    masked_columns,
    shown_columns,
    timeline,
)

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
from .merging import columns_of


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
        """Hook: adds the reason and the version that the edit begins with, and leaves out what the
        id is made of, which is written once."""
        form = own_class(super().get_edit_form(), given=self.form is not None)
        for name in self._key_fields(form):
            setattr(form, name, None)
        return with_own_fields(form, required=self.reason_required, base_version=True)

    def _key_fields(self, form: type[Any]) -> set[str]:
        """The fields of the form that write a column of which the id is made."""
        key = {*key_columns(self.model)}
        columns = {**dict.fromkeys(dir(form)), **getattr(form, "_renamed", {})}
        return {
            name
            for name, attribute in columns.items()
            if key
            and isinstance(getattr(form, name), UnboundField)
            and key & columns_of(self.model, attribute or name)
        }

    def _refresh_form_rules_cache(self) -> None:
        """Hook: rules that do not list the form's own fields would strip them."""
        super()._refresh_form_rules_cache()
        # Sections of children stand below the fields, wherever the rules name them.
        sections = {each.key for each in self.inlines}
        fixed = self._key_fields(self.__dict__["_create_form_class"])
        for name, gone in (("_form_create_rules", set[str]()), ("_form_edit_rules", fixed)):
            rules = getattr(self, name)
            if rules is not None:
                left = sections | gone
                kept = [x for x in rules.rules if getattr(x, "field_name", None) not in left]
                setattr(self, name, RecordRules(self, kept))
                # A group of fields cannot lose one: then all of the form's are shown.
                if not gone.isdisjoint(getattr(self, name).visible_fields):
                    setattr(self, name, None)

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
            key = frozenset(key_columns(self.model))
            told = self._values_of(model, key)
            kept = self._values_of(model, self.kept_fields() - key)
            page = self.record_page(template, model, **given, key=told, kept=kept)
        return (page, 422) if request.method == "POST" else page

    def _values_of(self, model: Any, names: frozenset[str]) -> list[tuple[str, str]]:
        """Label and text of fields that the person sees and that the form does not have."""
        kept = names - masked_columns(self.model)
        values = {name: getattr(model, name) for name in shown_columns(self.model) if name in kept}
        for name in kept & self.declared.linked.keys() - self.hidden_fields_now():
            values[name] = tuple(each.id for each in getattr(model, name))
        return [
            (self.get_column_name(name), self.show_value(name, it)) for name, it in values.items()
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
