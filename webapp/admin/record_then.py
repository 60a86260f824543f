"""A record as it was at a moment, and the comparison of two moments. Read only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask import abort, flash, g, request
from sqlalchemy import select

from webapp.changes import Change
from webapp.versioning import FieldChange, as_of, blame, utcnow

from . import givers, moments, presentation
from .list_then import NO_MOMENT, ThenListView
from .moments import Moment
from .timeline_page import ids_in

Sides = tuple[Moment, Moment | None]


class ThenView(ThenListView):
    """The pages `details/?id=7&as_of=` and `compare/?id=7&from=&to=`."""

    then_template = "history/then.html"
    not_then_template = "history/not_then.html"

    # -- the record

    def tell_picker(self) -> None:
        """Give the page of the present the control that picks a moment."""
        self.tell(**self._picker())
        if moments.NAME in request.args:
            flash(NO_MOMENT, "info")

    def record_then(self, moment: Moment) -> Any:
        """The page of the record as it was; a 404 that tells when it lived, if not then."""
        record = self.asked_record()
        self._tell_ways(record, moment)
        session, model = self.session.session(), self.model
        row = session.scalars(as_of(model, moment.at, record.id)).first()
        if row is None:
            return self._not_then(record, moment)
        change = session.get(Change, row.change_id or 0)
        g.last_actors = {row.id: change.actor if change else None}
        self.load_relations([row], self._details_columns, moment)
        names = [name for name, _ in self._details_columns]
        found = blame(session, model, row.id, row.version_id)
        return self.render(
            self.then_template,
            model=row,
            newest=record.version_id,
            title=presentation.name_of(row),
            change=change,
            details_columns=self._details_columns,
            get_value=self.get_detail_value,
            blame=givers.by_column(model, names, found),
            version_url=lambda number: self.version_url(record, number),
            older=self._version_before(row),
            then_url=lambda at: self.then_url(record, at),
        )

    def _not_then(self, record: Any, moment: Moment) -> Any:
        """Why it is not there: not created yet, or deleted; what came before and after."""
        model, session = self.model, self.session.session()
        of_it = select(model).where(model.id == record.id)
        before = of_it.where(model.version_from <= moment.at).order_by(model.version_id.desc())
        after = of_it.where(model.version_from > moment.at).order_by(model.version_id)
        tombstone, next_one = (session.scalars(each.limit(1)).first() for each in (before, after))
        ids = {each.change_id for each in (tombstone, next_one) if each is not None} - {None}
        actors = {
            each.id: each.actor
            for each in session.scalars(select(Change).where(Change.id.in_(ids)))
        }
        page = self.render(
            self.not_then_template,
            record=record,
            title=presentation.name_of(tombstone or next_one),
            tombstone=tombstone,
            next_one=next_one,
            actors=actors,
            older=self._version_before(tombstone) if tombstone is not None else None,
            then_url=lambda at: self.then_url(record, at),
        )
        return page, 404

    def _tell_ways(self, record: Any, moment: Moment) -> None:
        """Tell the pages of a record's past where they lead to."""
        then = self.get_url(".index_view", **{moments.NAME: moment.address})
        self.tell(
            **self._picker(),
            list_url=self.back(request.args.get("url") or then),
            timeline_url=self.record_url("timeline", record.id),
            compare_now_url=self.record_url("compare", record.id, **{"from": moment.address}),
        )
        if self.is_tombstone(record):  # the record has no page now, its timeline is the present
            self.tell(now_url=self.record_url("timeline", record.id))

    def _version_before(self, row: Any) -> Any | None:
        """Number and moment of the version before, as far as it was there for any time."""
        model = self.model
        query = select(model.version_id, model.version_from).where(
            model.id == row.id,
            model.version_id < row.version_id,
            model.version_from < row.version_from,
        )
        query = query.order_by(model.version_id.desc()).limit(1)
        return self.session.session.execute(query).first()

    # -- the comparison

    def asked_versions(self, record: Any) -> tuple[int, int]:
        """Hook: `as_of=` compares with now, `from=` and `to=` two moments."""
        sides = self._sides()
        g.times_compared = []
        self.tell(sides=None, **self._picker())
        if sides is None:
            return super().asked_versions(record)
        if "a" in request.args or "b" in request.args:
            abort(400, "The address names versions and moments. Compare two of one kind.")
        first, second = sides
        asked = self._number_at(record, first), self._number_at(record, second)
        g.times_compared = sorted([first.at, second.at if second else utcnow()])
        given = {"from": first.address, "to": second.address if second else None}
        self.tell(
            sides=sides,
            edit_url=None,
            fields_url=lambda **more: self.record_url("compare", record.id, **given, **more),
        )
        return asked

    def _sides(self) -> Sides | None:
        """The two moments of the address, of which the second may be now; None for none."""
        first = self.moment or self.read_moment("from")
        second = self.read_moment("to")
        if first is None and second is None:
            return None
        if first is None:
            abort(
                400,
                "The address names no moment to begin with: it needs one, like from=2030-05-17.",
            )
        return first, second

    def _number_at(self, record: Any, moment: Moment | None) -> int:
        """The version at that moment, a tombstone too. 404 when the record was not there yet."""
        if moment is None:
            return int(record.version_id)
        model = self.model
        query = select(model.version_id).where(
            model.id == record.id, model.version_from <= moment.at
        )
        found = self.session.session.scalar(query.order_by(model.version_id.desc()).limit(1))
        if found is None:
            abort(404, f"This record did not exist yet on {moment.shown} ({moment.zone}).")
        return int(found)

    def look_up_all(self, changes: Iterable[FieldChange]) -> None:
        """Hook: between two moments, each side's references are called as they were then."""
        times: list[datetime] = g.get("times_compared", [])
        if not times:
            return super().look_up_all(changes)
        changes = list(changes)
        for name in (*self.form_references, *self.declared.linked):
            of_it = [each for each in changes if each.name == name]
            self.look_up(name, ids_in(each.new for each in of_it), times[1])
            self.look_up(name, ids_in(each.old for each in of_it), times[0])
        return None
