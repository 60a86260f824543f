"""The timeline of a record: every version, newest first, of deleted records as well."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from flask import abort, g, request, url_for
from flask_admin import expose
from sqlalchemy import inspect

from webapp.versioning import (
    MASKED,
    FieldChange,
    Operation,
    Timeline,
    UnknownVersion,
    timeline,
)

from . import inline_changes, looks, moments, presentation, runs
from .declared import Declared
from .lookup_page import LookUpView
from .marks import marks_of
from .plot import Plot, plot
from .references import Target
from .shown import Layout

NUMBER = re.compile(r"\d{1,18}", re.ASCII)


class TimelineView(LookUpView):
    """The page `timeline/?id=7`, and its next pages `&before=40`."""

    timeline_template = "history/timeline.html"
    #: Versions on a page.
    timeline_size = 20
    #: A column of numbers that the timeline draws over time.
    timeline_plot: str | None = None
    #: Columns that hold the id of another record: {"supplier_id": Supplier}.
    form_references: dict[str, type[Any]] = {}

    @cached_property
    def declared(self) -> Declared:
        """The references that the model itself declares."""
        return Declared(self.model)

    @cached_property
    def references(self) -> dict[str, type[Any]]:
        """The model behind each column that holds an id, declared there or in `form_references`."""
        return self.declared.targets | self.form_references

    @expose("/timeline/")
    def timeline_view(self) -> Any:
        record = self.asked_record()
        before = self._before(record.version_id)
        try:
            page = timeline(
                self.session.session(),
                self.model,
                record.id,
                before=before,
                limit=self.timeline_size,
            )
        except UnknownVersion:
            self.unknown()
        return self._timeline_page(record, page, before)

    def _timeline_page(self, record: Any, page: Timeline, before: int | None) -> str:
        self.look_up_all(each for entry in page.entries for each in entry.changes)
        layout = self.layout(runs.TIMELINE)
        deleted = self.is_tombstone(record)
        numbers = [entry.version_id for entry in page.entries]
        return self.render(
            self.timeline_template,
            timeline=page,
            record=record,
            title=presentation.name_of(record),
            deleted=deleted,
            differing=len(page.differing),
            newer_url=self._newer_url(record, before),
            newest_url=self._newest_url(record, before),
            older_url=self._page_url(record, page.older) if page.older else None,
            first_shown=max(numbers),
            last_shown=min(numbers),
            edit_url=self._url("edit", record, self.can_edit and not deleted),
            details_url=self._url("details", record, self.can_view_details and not deleted),
            list_url=self.back(),
            looks_url=looks.log_url(self, record.id),
            revive_url=self.revive_url(record) if deleted and self.can_restore else None,
            restore_url=partial(self._restore_url, record),
            undo_url=partial(self._undo_url, record),
            then_url=partial(self._then_url, record),
            shown={
                entry.version_id: layout.changes(
                    entry.changes, first=entry.operation == Operation.CREATE
                )
                for entry in page.entries
            },
            plot=self._plot(record),
            children=inline_changes.latest(self.session.session, self.inlines, record.id),
            marks=marks_of(entry.change_id for entry in page.entries),
            picked={"a": numbers[min(1, len(numbers) - 1)], "b": numbers[0]},
            form_url=self.get_url(".compare_view"),
            compare_url=lambda a, b, **more: self.compare_url(record, a, b, **more),
        )

    def _plot(self, record: Any) -> Plot | None:
        name = self.timeline_plot
        if name is None:
            return None
        label, session = self.get_column_name(name), self.session.session()
        return plot(
            session, self.model, record.id, name, label, lambda value: self.show_value(name, value)
        )

    def asked_record(self) -> Any:
        """The newest version of the record that the address names, a tombstone too; else 404."""
        record = self.newest(self.asked_id())
        if record is None:
            self.unknown()
        return record

    def show_value(self, name: str, value: Any) -> str:
        """Text of a column's value; "" for none. Hook for models with values of their own."""
        if name in self.hidden_fields_now():  # in the way of a restore, say: never with its value
            return str(MASKED)
        if value is MASKED:
            return str(value)
        if name in self.references and value is not None:
            if isinstance(value, tuple):  # of links
                return ", ".join(self.look_up(name, set(value))[id] for id in value)
            return self.look_up(name, {value})[value]
        choices = self._column_choices_map.get(name)
        return str(choices[value]) if choices and value in choices else presentation.text_of(value)

    def look_up(self, name: str, ids: set[Any], when: datetime | None = None) -> dict[Any, str]:
        """Names of the records that a column of `references` points at, by id, kept for the length
        of the request: as of the moment, of the page's unless told, else the present ones.
        """
        when = self.moment.at if when is None and self.moment else when
        names = g.setdefault("reference_names", {})  # a page of changes shows several models
        known: dict[Any, str] = names.setdefault((self.model, name), {})
        missing = ids - {None} - known.keys()
        if missing:
            known |= Target(self.session, self.references[name]).names(missing, when)
        return known

    def look_up_all(self, changes: Iterable[FieldChange]) -> None:
        """Look up what the changes refer to: one query for each column of `references`."""
        ids: dict[str, set[Any]] = {name: set() for name in self.references}
        for each in changes:
            if each.name in ids:
                ids[each.name] |= ids_in((each.old, each.new))
        for name, found in ids.items():
            self.look_up(name, found)

    def page_of(self, row: Any, version: int | None = None) -> str | None:
        """Address of a record of any model, or of a version on its timeline; None where no view
        shows it to whoever asks."""
        for view in self.admin._views:
            if isinstance(view, TimelineView) and type(row) is view.model and view.is_accessible():
                id = str(view.get_pk_value(row))
                if version is not None:
                    page, place = f"{view.endpoint}.timeline_view", f"v{version}"
                    return url_for(page, id=id, before=version + 1, _anchor=place)
                page = "details_view" if view.can_view_details else "timeline_view"
                return url_for(f"{view.endpoint}.{page}", id=id)
        return None

    def layout(self, room: runs.Room) -> Layout:
        """How the columns of this view are laid out. References, choices and files
        are compared as a whole."""
        columns = inspect(self.model).columns
        references = {name for name, column in columns.items() if column.foreign_keys}
        plain = references | self.references.keys() | self._column_choices_map.keys()
        plain |= set(self.file_columns())
        return Layout(self.show_value, self.get_column_name, frozenset(plain), room)

    def compare_url(self, record: Any, a: int, b: int, **more: Any) -> str:
        """Address of the comparison of two versions. It stays good whatever is saved later."""
        return self.record_url("compare", record.id, a=a, b=b, **more)

    def version_url(self, record: Any, number: int) -> str:
        """Address of a version on the timeline."""
        below = number + 1 if number <= record.version_id - self.timeline_size else None
        return f"{self._page_url(record, below)}#v{number}"

    def _before(self, newest: int) -> int | None:
        """The `before` of the address, None for the first page. 400 for what is no number, 404 for
        a page below version 1."""
        text = request.args.get("before")
        if not text:
            return None
        if not NUMBER.fullmatch(text):
            abort(400, "“before” is no version number.")
        number = min(int(text), newest + 1)
        if number <= 1:
            abort(404, "There are no versions before the first.")
        return None if number > newest else number

    def _newer_url(self, record: Any, before: int | None) -> str | None:
        if before is None:
            return None
        above = before + self.timeline_size
        return self._page_url(record, above if above <= record.version_id else None)

    def _newest_url(self, record: Any, before: int | None) -> str | None:
        """The first page, where it is not the next newer one as well."""
        if before is None or before + self.timeline_size > record.version_id:
            return None
        return self._page_url(record, None)

    def _page_url(self, record: Any, before: int | None) -> str:
        more = {} if before is None else {"before": before}
        return self.record_url("timeline", record.id, **more)

    def _url(self, page: str, record: Any, offered: bool) -> str | None:
        return self.record_url(page, record.id) if offered else None

    def revive_url(self, tombstone: Any) -> str:
        """Address that asks whether to restore a deleted record, with the values that it had."""
        return self.record_url("restore", tombstone.id, version=tombstone.version_id - 1)

    def _restore_url(self, record: Any, entry: Any) -> str | None:
        """Address that asks whether to restore a version: not the newest, and no tombstone."""
        if entry.version_id == record.version_id or entry.operation == Operation.DELETE:
            return None
        return self._asking(self.can_restore, "restore", record, entry)

    def _undo_url(self, record: Any, entry: Any) -> str | None:
        """Address that asks whether to undo a version: of a deleted record, its deletion alone."""
        if entry.operation == Operation.DELETE or self.is_tombstone(record):
            return self._asking(
                self.can_restore and entry.version_id == record.version_id, "undo", record, entry
            )
        offered = self.can_restore and (entry.version_id > 1 or self.can_delete)
        return self._asking(offered, "undo", record, entry)

    def _then_url(self, record: Any, entry: Any) -> str | None:
        """Address of the record as of the moment of a version: not for a tombstone, nor for one
        that was superseded at that very moment."""
        seen = entry.operation != Operation.DELETE and entry.at != entry.superseded_at
        return self.then_url(record, entry.at) if seen and self.can_view_details else None

    def then_url(self, record: Any, at: datetime) -> str:
        """Address of the record as it was at a moment."""
        return self.record_url("details", record.id, **{moments.NAME: moments.write(at)})

    def _asking(self, offered: bool, page: str, record: Any, entry: Any) -> str | None:
        return self.record_url(page, record.id, version=entry.version_id) if offered else None


def ids_in(values: Iterable[Any]) -> set[Any]:
    """The ids among the values of a reference, or of links, whose values are tuples of ids."""
    found: set[Any] = set()
    for value in values:
        found |= set(value) if isinstance(value, tuple) else {value}
    return found - {MASKED}
