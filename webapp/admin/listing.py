"""What a list shows: its columns, filters and actions, and on the details page all of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import g
from jinja2 import pass_context
from jinja2.filters import do_striptags, soft_str
from sqlalchemy import Column, inspect
from sqlalchemy.orm import RelationshipDirection

from webapp.versioning import data_columns

from . import hidden, presentation, search
from .filters import FilterConverter, default_filters, names_of
from .list_query import QueryView
from .values import codec_for

VERSIONS = ("version_id", "version_from")
MOST_COLUMNS = 7


class ListView(QueryView):
    """The hooks by which Flask-Admin finds out what to show."""

    list_template = "history/list.html"
    can_set_page_size = True
    page_size_options = (20, 50, 100)
    filter_converter = FilterConverter()

    def scaffold_list_columns(self) -> list[str]:
        """Hook: the columns that fit a cell; a reference is shown as the record it points at."""
        mapper = inspect(self.model)
        relations = self._relations()
        held = {each.key for name in relations for each in mapper.relationships[name].local_columns}
        columns = [
            name
            for name in data_columns(self.model)
            if name not in held
            and self._fits(mapper.columns[name].type)
            and not hidden.hides(self.model, name)
        ]
        shown = [name for name in relations if not hidden.hides(self.model, name)]
        return [*columns[:MOST_COLUMNS], *shown]

    @staticmethod
    def _fits(type_: Any) -> bool:
        codec = codec_for(type_)
        return codec is not None and not codec.lines and codec.kind != "document"

    def get_list_columns(self) -> list[tuple[Any, str]]:
        """Hook: every list ends with the number of versions and the last change."""
        given = [*(self.column_list or self.scaffold_list_columns())]
        names = [*given, *(name for name in VERSIONS if name not in given)]
        return self.get_column_names(names, self.column_exclude_list)

    @pass_context
    def row_name(self, context: Any, row: Any) -> str:
        """What a list calls a row, its first column as text: once for all the row's links."""
        names: dict[Any, str] = g.setdefault("row_names", {})
        key = self.get_pk_value(row)
        if key not in names:
            value = self.get_list_value(context, row, context["list_columns"][0][0])
            names[key] = do_striptags(soft_str(value))
        return names[key]

    def get_details_columns(self) -> list[tuple[Any, str]]:
        """Hook: the details show every column of the record, long ones too."""
        columns = self.declared.in_place(data_columns(self.model))
        relations = self._relations(self.form_references)
        names = self.column_details_list or [*columns, *relations]
        return self.get_column_names(
            [*dict.fromkeys(names), *VERSIONS], self.column_details_exclude_list
        )

    def _relations(self, shown_otherwise: Collection[str] = ()) -> list[str]:
        """The many-to-one relations, but for those of columns that are shown by name themselves."""
        return [
            each.key
            for each in inspect(self.model).relationships
            if each.direction is RelationshipDirection.MANYTOONE
            and not each.uselist
            and not {column.key for column in each.local_columns} <= set(shown_otherwise)
        ]

    def get_sortable_columns(self) -> dict[Any, Any]:
        """Hook: the version columns sort in every list."""
        own = {name: getattr(self.model, name) for name in VERSIONS}
        found = own | super().get_sortable_columns()
        return {name: by for name, by in found.items() if not hidden.hides(self.model, name)}

    def get_column_name(self, field: str) -> str:
        """Hook: names for the version columns; `maker.name` is the “Maker name”."""
        names = {"version_id": "Versions", "version_from": "Last change"}
        given = (self.column_labels or {}).get(field) or names.get(field)
        given = given or self.declared.label(field, self.get_column_name)
        return given or presentation.sentence(field.replace(".", " ").replace("_", " "))

    def search_placeholder(self) -> str | None:
        """Hook: the names that the columns bear in the list."""
        given = [str(name) for name in self.column_searchable_list or ()]
        names = [self.get_column_name(name) for name in given if not self.is_hidden(name)]
        return ", ".join(names) or None

    def init_search(self) -> bool:
        """Hook: without a declaration, the search looks into every text."""
        if self.column_searchable_list is None:
            mapper = inspect(self.model)
            names = [
                name
                for name in data_columns(self.model)
                if search.is_text(mapper.columns[name]) and not hidden.hides(self.model, name)
            ]
            self.column_searchable_list = names
        return super().init_search()

    def get_filters(self) -> Any:
        """Hook: without a declaration, one can filter by every column that the list shows."""
        if self.column_filters is None:
            shown = [str(name) for name, _ in self._list_columns]
            found = default_filters(self.model, shown)
            self.column_filters = [name for name in found if not hidden.hides(self.model, name)]
        found = super().get_filters() or []
        self._filter_names = names_of(found)
        return found

    def get_filter_arg(self, index: int, flt: Any) -> str:
        """Hook: named by column and operation. The stock names are places in the list, or labels
        stripped of all but Latin letters."""
        return self._filter_names[index]

    def scaffold_filters(self, name: Any) -> Any:
        """Hook: a calculated property has no table, over which the stock one stumbles."""
        attribute: Any = getattr(self.model, name, None) if isinstance(name, str) else name
        columns = getattr(getattr(attribute, "property", None), "columns", ())
        if not columns or isinstance(columns[0], Column):
            return super().scaffold_filters(name)
        label = self.get_column_name(attribute.key)
        return self.filter_converter.convert("", attribute, label)

    def get_list_row_actions(self) -> list[Any]:
        """Hook: a deleted record has a timeline, which the template links, and nothing else."""
        return [] if self.shows_deleted else super().get_list_row_actions()
