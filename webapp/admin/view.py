"""The admin pages of a versioned model. Subclass it as one would Flask-Admin's `ModelView`."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any, NoReturn

from flask import abort, g
from flask_admin import expose

from webapp.changes import Change
from webapp.versioning import Reference, blame, is_versioned

from . import givers, hidden, inline, inline_changes, policies, presentation
from .file_page import shown_file
from .marks import marks_of
from .plain import drop_actions, make_plain, stock_over_plain
from .record_then import ThenView


@stock_over_plain
class VersionedModelView(ThenView):
    """List, details, create, edit, delete and timeline of a model's records.

    All of Flask-Admin's settings work, but for `column_editable_list` and the modal forms. Ours are
    `reason_required`, `form_references`, `timeline_size`, `timeline_plot` and `review_policy`. Over
    a model without versions it behaves like the stock view, in our look.
    """

    keeps_versions = True
    #: Which changes of the model await an auditor's review: one of `policies`, or a list of them.
    review_policy: Any = ()

    can_export = False  # exported text is escaped and capped where a view turns it on
    export_max_rows = 10_000
    named_filter_urls = True
    column_type_formatters = presentation.cells(shorten=True)
    column_type_formatters_detail = presentation.cells(shorten=False)
    column_type_formatters_export = presentation.cells(shorten=False)

    def __init__(self, model: type[Any], *args: Any, **kwargs: Any) -> None:
        self.keeps_versions = is_versioned(model)
        self.model = model
        if not self.keeps_versions:
            inline.refuse_in_place(self)
            make_plain(self, VersionedModelView)
        elif self.column_editable_list:
            raise ValueError(
                f"{type(self).__name__}.column_editable_list: the script behind it runs stored text"
                " as JavaScript. Edit records on their page."
            )
        elif self.edit_modal or self.create_modal or self.details_modal:
            raise ValueError(f"{type(self).__name__}: records have pages, not modal windows.")
        else:
            self.inlines = inline.declared(self, VersionedModelView)
        super().__init__(model, *args, **kwargs)
        if self.keeps_versions:
            hidden.check(self)
            policies.check(self)
        else:
            drop_actions(self, VersionedModelView)

    def _get_list_value(self, context: Any, model: Any, name: Any, *formatters: Any) -> Any:
        """Hook: of a masked column, lists, details and exports show that it has a value."""
        if hidden.hides(self.model, name):
            return hidden.stand_in(self._get_field_value(model, name))
        return super()._get_list_value(context, model, name, *formatters)

    def _refresh_cache(self) -> None:
        """Hook: the version columns are shown in our way unless the view has its own."""
        ours: dict[str, Any] = {"version_id": _versions, "version_from": _last_change}
        ours |= dict.fromkeys(self.file_columns(), shown_file)
        self.column_formatters = ours | dict(self.column_formatters or {})
        if self.column_formatters_export is None:
            given = self.column_formatters.items()
            self.column_formatters_export = {name: do for name, do in given if name not in ours}
        descriptions = (self.column_descriptions or {}).items()
        self.column_descriptions = {name: presentation.escaped(text) for name, text in descriptions}
        references = dict.fromkeys(self.form_references, _reference)
        references |= {each.name: partial(_declared, each) for each in self.declared.all}
        given = self.column_formatters_detail
        self.column_formatters_detail = (
            references | self.column_formatters if given is None else given
        )
        super()._refresh_cache()

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Hook: the stock one turns every TypeError into one about an argument `cls`."""
        return fn(self, *args, **kwargs)

    @expose("/")
    def index_view(self) -> Any:
        """Hook: tells the template which list it is, and the way to the other one."""
        self.tell(
            row_url=self.row_url,
            row_name=self.row_name,
            revive_url=self.revive_url if self.can_restore else None,
            deleted=self.shows_deleted,
            live_url=self.get_url(".index_view"),
            deleted_url=self.get_url(".index_view", deleted=1),
        )
        return super().index_view()

    @expose("/details/")
    def details_view(self) -> Any:
        """Hook: answers 403 and 404 where the stock page redirects."""
        self.permit(self.can_view_details)
        if self.moment is not None:
            return self.record_then(self.moment)
        self.tell_picker()
        id = self.asked_id()
        model = self.get_one(id)
        if model is None:
            return self.gone(id)
        change = self.session.session.get(Change, model.change_id or 0)
        g.last_actors = {model.id: change.actor if change else None}
        found = blame(self.session.session(), self.model, model.id)
        made_by = {each.change_id for each in found.values()} | {model.change_id}
        return self.record_page(
            self.details_template,
            model,
            details_columns=self._details_columns,
            get_value=self.get_detail_value,
            blame=givers.by_column(self.model, (name for name, _ in self._details_columns), found),
            version_url=lambda number: self.version_url(model, number),
            living=inline_changes.living(self.inlines, model),
            marks=marks_of(made_by),
            delete_form=self.delete_form() if self.can_delete else None,
        )

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> Any:
        """Hook: without the right, the stock one redirects to any address."""
        self.permit(self.can_export and export_type in self.export_types)
        return super().export(export_type)

    def get_export_value(self, model: Any, name: Any) -> Any:
        """Hook: a spreadsheet would run text that looks like a formula."""
        value = self._get_field_value(model, name)
        text = super().get_export_value(model, name)
        return text if isinstance(value, (int, float, Decimal)) else presentation.exported(text)

    def ajax_update(self) -> NoReturn:
        """Unexposed: it ignores `can_edit`."""
        abort(404)

    def ajax_lookup(self) -> NoReturn:
        """Unexposed: it has no permission of its own and no limit."""
        abort(404)


def _versions(view: Any, context: Any, row: Any, name: str) -> Any:
    return presentation.versions_link(row.version_id, view.row_url("timeline", row))


def _reference(view: Any, context: Any, row: Any, name: str) -> Any:
    return view.show_value(name, getattr(row, name))


def _declared(reference: Reference, view: Any, context: Any, row: Any, name: str) -> Any:
    """The record that a reference leads to: its page, or its timeline at the version meant."""
    target = getattr(row, reference.name)
    if target is None:
        return ""
    version = target.version_id if reference.version else None
    return presentation.record_link(target, view.page_of(target, version), version)


def _last_change(view: Any, context: Any, row: Any, name: str) -> Any:
    return presentation.last_change(row.version_from, g.get("last_actors", {}).get(row.id))
