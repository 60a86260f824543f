"""The list as of a moment, `?as_of=`: what was alive then, as it was, to read and to export."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, make_response, request
from flask_admin import expose
from flask_admin.model.base import ViewArgs
from sqlalchemy import func, literal, select
from sqlalchemy.orm import Query

from webapp.versioning import (
    alive_at,
    as_of_order,
    began_before,
    deleted_at,
    is_alive,
    newest_at,
)

from . import moments, relations_then, times
from .bulk import BulkView

#: Records that a list as of a moment counts, and versions that it reads to do so. An exact number
#: would read every version there is.
MOST_COUNTED = 10_000
MOST_READ = 40_000
#: Versions that had begun by a moment, up to which they are found by their times.
FEW = 5_000
FEW_KEY = "list.begun"
#: The pages that show a moment; every other one is about the present and refuses to be told one.
OF_A_MOMENT = {"index_view", "details_view", "compare_view", "export"}
#: Arguments that stay when another moment is picked; a page's number would mean something else.
KEPT = {"page_size", "sort", "desc", "search", "id", "url", "all", "from", "to"}
ONLY_THE_PRESENT = (
    "This page is about the present alone, and the address names a moment (as_of). Nothing was"
    " changed. Open the record's timeline: a version of then can be restored from there."
)
NO_MOMENT = "No moment was given, so this is how it is now."


class ThenListView(BulkView):
    """The hooks that answer a list's address as of its moment.

    `self.moment` is set on the pages of `OF_A_MOMENT` before anything else of them runs.
    """

    list_args = (*BulkView.list_args, moments.NAME)
    refused_template = "history/no_moment.html"

    def _handle_view(self, name: str, **kwargs: Any) -> Any:
        """Hook: runs before every page, and again for each `super()` of one."""
        refusal = super()._handle_view(name, **kwargs)
        if refusal is not None or moments.KEY in request.environ:
            return refusal
        if name in OF_A_MOMENT:
            request.environ[moments.KEY] = self.read_moment()
        elif moments.NAME in request.args or moments.NAME in request.form:
            abort(400, ONLY_THE_PRESENT)
        return None

    def read_moment(self, name: str = moments.NAME) -> moments.Moment | None:
        """The moment of the address; a 400 that says what to write instead of what is none."""
        try:
            return moments.read(name)
        except ValueError as error:
            self.tell(**self._picker(name))
            typed = request.args.getlist(name)[0][:100]
            page = self.render(self.refused_template, error=str(error), typed=typed)
            abort(make_response(page, 400))

    def _picker(self, name: str = moments.NAME) -> dict[str, Any]:
        """What the control that picks a moment needs: where it leads, and what it keeps."""
        kept = [
            (each, value)
            for each, value in request.args.items(multi=True)
            if (each in KEPT or each in self.list_args or each.startswith("flt")) and each != name
        ]
        page = request.script_root + request.path
        return {
            "moment": self.moment,
            "moment_name": name,
            "picker_url": page,
            "kept": kept,
            "now_url": f"{page}?{urlencode(kept)}" if kept else page,
            "zone": times.display_zone(),
        }

    @expose("/")
    def index_view(self) -> Any:
        """Hook: hands the template the moment, and takes away what would change something."""
        self.tell(**self._picker())
        if moments.NAME in request.args and self.moment is None:
            flash(NO_MOMENT, "info")
        if self.moment is not None:
            then = {moments.NAME: self.moment.address}
            self.tell(
                delete_form=None,
                revive_url=None,
                row_then_url=self._row_then_url,
                live_url=self.get_url(".index_view", **then),
                deleted_url=self.get_url(".index_view", deleted=1, **then),
            )
        return super().index_view()

    def _row_then_url(self, row: Any) -> str:
        """Address of the record at the moment of the list, or of its timeline."""
        if self.moment is None or self.shows_deleted or not self.can_view_details:
            return self.row_url("timeline", row)
        back = request.script_root + request.full_path
        return self.record_url("details", row.id, as_of=self.moment.address, url=back)

    def get_query(self) -> Any:
        """Hook: the versions of then."""
        if self.moment is None:
            return super().get_query()
        of_then = *self._of_then(self.moment), *self._of_few(self.moment)
        return self.session.session.query(self.model).filter(*of_then)

    def get_count_query(self) -> Any:
        """Hook: counts what `get_query` selects, as far as that is quick."""
        if self.moment is None:
            return super().get_count_query()
        few = self._of_few(self.moment)
        counted: Any = CappedCount(self.model, session=self.session.session())
        if few or self.shows_deleted or not as_of_order(self.model):
            return counted.filter(*self._of_then(self.moment), *few)
        counted.when = self.moment.at
        return counted.filter(is_alive(self.model))

    def _of_few(self, moment: moments.Moment) -> tuple[Any, ...]:
        """Narrows an early moment down to the few versions that had begun. Asked once a request."""
        known = request.environ
        if FEW_KEY not in known:
            known[FEW_KEY] = ()
            if as_of_order(self.model) and not self.shows_deleted:
                few = began_before(self.session.session(), self.model, moment.at, FEW)
                known[FEW_KEY] = () if few is None else (few,)
        found: tuple[Any, ...] = known[FEW_KEY]
        return found

    def _of_then(self, moment: moments.Moment) -> tuple[Any, ...]:
        which = deleted_at if self.shows_deleted else alive_at
        return (which(self.model, moment.at),)

    def get_list(self, *args: Any, **kwargs: Any) -> tuple[int | None, Any]:
        """Hook: loads the relations of then, and tells a number that is not the whole."""
        count, rows = super().get_list(*args, **kwargs)
        if self.moment is None:
            return count, rows
        if isinstance(rows, list):
            is_export = request.endpoint == f"{self.endpoint}.export"
            shown = self._export_columns if is_export else self._list_columns
            self.load_relations(rows, shown, self.moment)
        if isinstance(count, AtLeast):
            self.tell(at_least=int(count))
            count = None
        elif count is not None and count > MOST_COUNTED:
            self.tell(more_than=MOST_COUNTED)
            count = None
        return count, rows

    def load_relations(self, rows: list[Any], columns: Any, moment: moments.Moment) -> None:
        """Load what the columns refer to, as it was then."""
        names = [str(name) for name, _ in columns]
        relations_then.load(self.session.session(), rows, names, moment.at)

    def _apply_path_joins(
        self, query: Any, joins: Any, path: Any, inner_join: bool = True
    ) -> tuple[Any, Any, Any]:
        """Hook: search, filters and sorting reach the other record as it was then."""
        if self.moment is None:
            found: tuple[Any, Any, Any] = super()._apply_path_joins(query, joins, path, inner_join)
            return found
        return relations_then.join(query, joins, path or (), inner_join, self.moment.at)

    @property
    def _auto_joins(self) -> list[Any]:
        """Hook: what is loaded as of then is not joined as it is now."""
        joined: list[Any] = self._joined
        if self.moment is None:
            return joined
        return [each for each in joined if relations_then.pair(each.property) is None]

    @_auto_joins.setter
    def _auto_joins(self, found: list[Any]) -> None:
        self._joined = found

    def _get_list_extra_args(self) -> ViewArgs:
        """Hook: the list's own links keep the moment, in a form that no setting changes."""
        args = super()._get_list_extra_args()
        args.extra_args.pop(moments.NAME, None)
        if self.moment is not None:
            args.extra_args[moments.NAME] = self.moment.address
        return args

    def get_list_row_actions(self) -> list[Any]:
        """Hook: the past can be looked at, which the template links, and nothing else."""
        return [] if self.moment is not None else super().get_list_row_actions()

    def get_actions_list(self) -> Any:
        """Hook: no bulk action on the past."""
        return ([], {}) if self.moment is not None else super().get_actions_list()

    def get_export_name(self, export_type: str = "csv") -> str:
        """Hook: a file of the past says so in its name."""
        if self.moment is None:
            return super().get_export_name(export_type)
        moment = self.moment.address.replace(":", "-").replace(".", "-")
        return f"{self.name}_as_of_{moment}.{export_type}"


class AtLeast(int):
    """A number of rows that is not the whole."""


class CappedCount(Query[Any]):
    """A query that Flask-Admin filters and joins, and that counts no further than is quick."""

    #: The moment, where it is not among the filters: versions are then read in the order of the
    #: as-of index, which tells of each whether it counts, and no more than `MOST_READ`.
    when: datetime | None = None

    def scalar(self) -> int:
        """How many rows there are, at most `MOST_COUNTED` and one; `AtLeast` so many where not all
        versions were read."""
        entity: Any = self.column_descriptions[0]["entity"]
        if self.when is None:
            rows: Any = self.with_entities(literal(1).label("one"))
        else:
            times = self.with_entities(entity.version_from, entity.version_to)
            read = times.order_by(*as_of_order(entity)).limit(MOST_READ).subquery()
            rows = select(literal(1).label("one")).where(newest_at(read, self.when))
        count = self._number(rows.limit(MOST_COUNTED + 1).subquery())
        if count <= MOST_COUNTED and self.when and self._number(read) == MOST_READ:
            return AtLeast(count)
        return count

    def _number(self, rows: Any) -> int:
        return int(self.session.scalar(select(func.count()).select_from(rows)) or 0)
