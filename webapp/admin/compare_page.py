"""Two versions of a record side by side, of deleted records as well."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import abort, request
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.orm import undefer

from webapp.changes import Change
from webapp.versioning import (
    MASKED,
    Entry,
    FieldChange,
    data_columns,
    diff,
    links_at,
    masked_columns,
    shown_columns,
)

from . import presentation, runs
from .shown import Shown
from .timeline_page import NUMBER, TimelineView


class CompareView(TimelineView):
    """The page `compare/?id=7&a=2&b=5`, with every field by `&all=1`."""

    compare_template = "history/compare.html"

    @expose("/compare/")
    def compare_view(self) -> Any:
        record = self.asked_record()
        asked = self.asked_versions(record)
        versions = self._versions(record, set(asked))
        if len(versions) < len(set(asked)):
            abort(404, "One of the two versions is not there: it was removed past the application.")
        older, newer = (versions[number] for number in sorted(asked))
        changes = diff(older.row, newer.row)
        shows_all = request.args.get("all") == "1"
        deleted = self.is_tombstone(record)
        return self.render(
            self.compare_template,
            record=record,
            title=presentation.name_of(record),
            deleted=deleted,
            older=older,
            newer=newer,
            swapped=asked[0] > asked[1],
            shows_all=shows_all,
            changed=len(changes),
            rows=self._rows(older, newer, changes, shows_all),
            newest=record.version_id,
            compare_url=lambda a, b, **more: self.compare_url(record, a, b, **more),
            fields_url=lambda **more: self.compare_url(record, *sorted(asked), **more),
            version_url=lambda number: self.version_url(record, number),
            form_url=self.get_url(".compare_view"),
            edit_url=self._url("edit", record, self.can_edit and not deleted),
            details_url=self._url("details", record, self.can_view_details and not deleted),
            timeline_url=self.record_url("timeline", record.id),
            list_url=self.back(),
        )

    def asked_versions(self, record: Any) -> tuple[int, int]:
        """The two versions that the address names; 404 when the record has no such."""
        asked = self._asked_version("a"), self._asked_version("b")
        if not 1 <= min(asked) <= max(asked) <= record.version_id:
            abort(404, f"There is no such version. This record has 1 to {record.version_id}.")
        return asked

    def _rows(
        self, older: Entry, newer: Entry, changes: tuple[FieldChange, ...], shows_all: bool
    ) -> tuple[Shown, ...]:
        """A row for each changed field, or for each field, in the order of the model."""
        layout = self.layout(runs.COMPARISON)
        if not shows_all:
            self.look_up_all(changes)
            return layout.changes(changes)
        changed = {change.name: change for change in changes}
        hidden = masked_columns(self.model)
        values = {
            name: MASKED if name in hidden else getattr(newer.row, name)
            for name in shown_columns(self.model)
            if name not in changed
        }
        links = self._links(newer)
        values |= {name: ids for name, ids in links.items() if name not in changed}
        alike = [FieldChange(name, value, value) for name, value in values.items()]
        self.look_up_all([*changes, *alike])
        return tuple(
            layout.change(changed[name]) if name in changed else layout.same(name, values[name])
            for name in (*shown_columns(self.model), *links)
        )

    def _links(self, entry: Entry) -> dict[str, tuple[Any, ...]]:
        """The ids that the version was linked to, by kind of links, as far as they may be seen."""
        key = (entry.row.id, entry.version_id)
        found = links_at(self.session.session(), self.model, [key])[key]
        return {name: ids for name, ids in found.items() if name not in self.hidden_fields_now()}

    def _versions(self, record: Any, numbers: Collection[int]) -> dict[int, Entry]:
        """Those of the versions that there are, in two statements."""
        session, model = self.session.session, self.model
        every_column = (undefer(getattr(model, name)) for name in data_columns(model))
        query = select(model).where(model.id == record.id, model.version_id.in_(numbers))
        rows = list(session.scalars(query.options(*every_column)))
        ids = {row.change_id for row in rows} - {None}
        made = {each.id: each for each in session.scalars(select(Change).where(Change.id.in_(ids)))}
        return {row.version_id: _entry(row, made.get(row.change_id), record) for row in rows}

    @staticmethod
    def _asked_version(side: str) -> int:
        """The version number of that side. 400 for none, for several, and for what is no number."""
        given = request.args.getlist(side)
        if len(given) != 1 or not NUMBER.fullmatch(given[0]):
            abort(400, "The address names no two versions: it needs two numbers, like a=2&b=5.")
        return int(given[0])


def _entry(row: Any, change: Change | None, newest: Any) -> Entry:
    return Entry(
        version_id=row.version_id,
        at=row.version_from,
        superseded_at=row.version_to,
        operation=row.version_op,
        actor=change.actor if change else None,
        reason=change.reason if change else None,
        origin=change.origin if change else None,
        change_id=row.change_id,
        flag=row.is_current_version,
        calculated=row.version_id == newest.version_id,
        changes=(),
        row=row,
    )
