"""What a list selects: live current records, or the deleted ones, in two statements."""

from __future__ import annotations

from typing import Any

from flask import flash, g, has_request_context, request
from flask_admin.model.base import ViewArgs
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import selectinload

from webapp.changes import Change
from webapp.versioning import count_live, deleted

from . import looks, presentation, search
from .records import RecordView
from .saving import SaveView

#: Beyond it no database takes an offset.
LARGEST_OFFSET = 2**62


class QueryView(SaveView):
    """The hooks between a list's address and its SQL."""

    page_size = 20
    #: Arguments of the list's address that its links carry on, besides Flask-Admin's own.
    list_args: tuple[str, ...] = ("deleted",)

    @property
    def shows_deleted(self) -> bool:
        """Whether the page is the list of deleted records: `?deleted=1`."""
        return (
            has_request_context()
            and request.endpoint == f"{self.endpoint}.index_view"
            and request.args.get("deleted") == "1"
        )

    def get_query(self) -> Any:
        """Hook: on the list of deleted records, their tombstones."""
        if not self.shows_deleted:
            return super().get_query()
        return self.session.session.query(self.model).filter(deleted(self.model))

    def get_count_query(self) -> Any:
        """Hook: counts what `get_query` selects."""
        if g.get("lists_all"):
            return self.session.session.query(count_live(self.model))
        if not self.shows_deleted:
            return super().get_count_query()
        return super(RecordView, self).get_count_query().filter(deleted(self.model))

    def count_queries(self) -> tuple[Any, Any]:
        """How many live and how many deleted records the home page tells.

        Each is answered by partial indexes alone. A view that narrows `get_query` narrows these as
        well.
        """
        counted = select(func.count()).select_from(self.model)
        return count_live(self.model), counted.where(deleted(self.model)).scalar_subquery()

    def get_list(
        self,
        page: int | None,
        sort_column: Any,
        sort_desc: bool,
        search: str | None,
        filters: Any,
        execute: bool = True,
        page_size: int | None = None,
    ) -> tuple[int | None, Any]:
        """Hook: brings the actors along in the same statement, and a page too far to the last."""
        size = page_size or self.page_size
        page = min(max(page or 0, 0), LARGEST_OFFSET // size)
        given = (sort_column, sort_desc, search, filters, False, size)
        g.lists_all = not (search or filters or self.shows_deleted) and self._counts_all()
        count, query = super().get_list(page, *given)
        if not execute:
            return count, query
        rows = self._with_actors(query)
        if not rows and count and page:
            page = (count - 1) // size
            rows = self._with_actors(super().get_list(page, *given)[1])
        self.tell(page=page)
        return count, rows

    def _counts_all(self) -> bool:
        """Whether no view of an application narrows the count: then the quicker one will do."""
        return type(self).get_count_query.__module__.startswith(f"{__package__}.")

    def _with_actors(self, query: Any) -> list[Any]:
        if self.moment is None:  # as of a moment, they are loaded as they were then
            links = (getattr(self.model, name) for name in self.shown_links())
            query = query.options(*map(selectinload, links))
        actor = select(Change.actor).where(Change.id == self.model.change_id).scalar_subquery()
        found = query.add_columns(actor).all()
        g.last_actors = {row.id: actor for row, actor in found}
        looks.saw(*(row for row, _ in found))
        return [row for row, _ in found]

    def shown_links(self) -> list[str]:
        """The kinds of links among the columns of the list, or of the export."""
        is_export = has_request_context() and request.endpoint == f"{self.endpoint}.export"
        shown = self._export_columns if is_export else self._list_columns
        return [name for name, _ in shown if name in self.declared.linked]

    def _apply_sorting(self, query: Any, joins: Any, sort_column: Any, sort_desc: bool) -> Any:
        """Hook: ends every order with the id, so that pages neither repeat nor skip a record."""
        query, joins = super()._apply_sorting(query, joins, sort_column, sort_desc)
        if sort_column is None:
            declared = list(self._get_default_order())
            sort_desc = bool(declared and declared[-1][2])
        return query.order_by(self.model.id.desc() if sort_desc else self.model.id), joins

    def _apply_search(
        self, query: Any, count_query: Any, joins: Any, count_joins: Any, text: str
    ) -> Any:
        """Hook: the stock search takes % and _ as wildcards."""
        for term in search.terms(text):
            query, joins = self._search(query, joins, term)
            if count_query is not None:
                count_query, count_joins = self._search(count_query, count_joins, term)
        return query, count_query, joins, count_joins

    def _search(self, query: Any, joins: Any, term: str) -> tuple[Any, Any]:
        columns = []
        for field, path in self._search_fields or ():
            query, joins, alias = self._apply_path_joins(query, joins, path, inner_join=False)
            columns.append(field if alias is None else getattr(alias, field.key))
        return query.filter(search.condition(columns, term)), joins

    def scaffold_auto_joins(self) -> list[Any]:
        """Hook: also the relations of dotted columns (`supplier.name`), which are N+1 in the stock
        view, and one that points back at this very model."""
        mapper = inspect(self.model)
        names = dict.fromkeys(str(name).split(".")[0] for name, _ in self._list_columns)
        relations = [getattr(self.model, name) for name in names if name in mapper.relationships]
        return [each for each in relations if not each.property.uselist]

    def _get_list_extra_args(self) -> ViewArgs:
        """Hook: arguments of any shape become ones that the database takes, with a word on it."""
        args = super()._get_list_extra_args()
        args.page = max(args.page or 0, 0)
        if args.search:
            args.search, message = search.cleaned(args.search)
            if message:
                flash(message, "warning")
        if self._get_column_by_idx(args.sort) is None:
            args.sort = None
        # They go into url_for(), where `_scheme` or `endpoint` would have a meaning.
        args.extra_args = {
            name: value for name, value in args.extra_args.items() if name in self.list_args
        }
        return args

    def _get_list_filter_args(self) -> Any:
        """Hook: a filter that this list does not have is named instead of silently dropped."""
        known = self._filter_args or {}
        asked = [name for name in request.args if name.startswith("flt")]
        unknown = [name for name in asked if name[3:].partition("_")[2] not in known]
        if unknown:
            flash(f"This list has no filter “{presentation.shortened(unknown[0])}”.", "warning")
        return super()._get_list_filter_args() or []

    def get_invalid_value_msg(self, value: str, filter: Any) -> str:
        """Hook: the stock message repeats a value of any length."""
        return f"“{presentation.shortened(value)}” is no value for the filter “{filter.name}”."
