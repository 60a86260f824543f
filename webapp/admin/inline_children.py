"""The children in a form: read, checked, and written together with their owner, as one change."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from flask import abort
from sqlalchemy import inspect, select
from werkzeug.datastructures import MultiDict

from webapp.changes import Change
from webapp.versioning import current

from . import identity, refusals, unique
from .fields import ReferenceField
from .inline import Inline
from .inline_posted import Posted
from .inline_rows import BLANK, Row, new_row, stored_row


class Children:
    """The rows of one section of the form, as stored, or as the form has sent them.

    Raises 400 for rows that no form of ours sends, and 403 for what the person may not do.
    """

    def __init__(self, inline: Inline, owner: Any, sent: MultiDict[str, Any] | None) -> None:
        self.inline, self.owner = inline, owner
        self.problems: list[str] = []
        self.repeated = 0
        self.too_many = False
        self.done: dict[str, int] = {}
        if sent is None:
            living = [] if owner is None else inline.living(owner, inline.most + 1)
            self.too_many = len(living) > inline.most
            shown = () if self.too_many else living
            self.rows = [stored_row(inline, n, child) for n, child in enumerate(shown)]
        else:
            posted = Posted(inline, owner, sent)
            self.rows, self.repeated = posted.rows, posted.repeated
            self._permit()
        self._name_conflicts()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @property
    def key(self) -> str:
        return self.inline.key

    @property
    def conflicts(self) -> list[Row]:
        return [row for row in self.rows if row.is_conflict]

    @property
    def to_write(self) -> list[Row]:
        return [row for row in self.rows if row.is_to_write]

    @property
    def errors(self) -> list[str]:
        """All that is wrong, in the order of the rows."""
        return [*self.problems, *(error for *_, error in self.summary)]

    @property
    def summary(self) -> list[tuple[str, str, str]]:
        """The errors of rows, each after the id of its field and what this is called."""
        return [each for row in self.rows for each in _errors(row)]

    # -- what the page shows

    @cached_property
    def blank(self) -> list[Row]:
        """Empty rows to fill: as many as the section offers and the bound allows."""
        if self.too_many or not self.inline.may_create:
            return []
        start = max((int(row.number) for row in self.rows), default=-1) + 1
        room = max(self.inline.most - len(self.rows), 0)
        offered = range(start, start + min(self.inline.extra, room))
        return [new_row(self.inline, number) for number in offered]

    @cached_property
    def template(self) -> Row:
        """The row that the script copies."""
        return new_row(self.inline, BLANK)

    @cached_property
    def help(self) -> dict[str, tuple[str, str]]:
        """Label and description of the fields that have one: said once, not in every row."""
        shown = [self.template, *self.rows] if self.inline.may_create else self.rows
        first = next(iter(shown), None)
        found = {
            field.short_name: (field.label.text, field.description)
            for field in (first.fields if first else ())
            if field.description
        }
        for field in (field for row in [*shown, *self.blank] for field in row.fields):
            if field.description == found.get(field.short_name, ("", None))[1]:
                field.description = ""
        return found

    def learn_names(self) -> None:
        """Look up, at once for each reference, what rows refer to and the form does not offer."""
        wanted: dict[Any, set[Any]] = {}
        for row in self.rows:
            for field in row.form:
                if isinstance(field, ReferenceField) and (key := field.key_of(field.object_data)):
                    wanted.setdefault(field.target, set()).add(key)
        for target, keys in wanted.items():
            target.learn(keys)

    # -- what is done with them

    def validate(self) -> None:
        """Put what is wrong at the rows. What is left alone is not questioned."""
        written = self.to_write
        alive = [row for row in self.rows if not row.removed]
        if len(alive) > self.inline.most and any(row.is_new for row in written):
            self.problems.append(f"At most {self.inline.most} fit here: take some away again.")
        for row in written:
            if not row.removed:
                row.form.validate()

    @property
    def wants_reason(self) -> bool:
        """Whether the children's view demands a reason for what is about to be written."""
        return bool(self.inline.view.reason_required and self.to_write)

    def write(self, session: Any) -> None:
        """Make, edit and remove the children, in the session and under their own view's hooks."""
        view = self.inline.view
        for row in self.to_write:
            if row.removed:
                view.on_model_delete(row.child)
                session.delete(row.child)
                continue
            child = row.child if row.child is not None else self.inline.new_child(self.owner)
            row.form.populate_obj(child)
            if row.is_new:
                session.add(child)
            row.record = child
            view._on_model_change(row.form, child, row.is_new)

    def are_unique(self, session: Any) -> bool:
        """Whether no other record, nor another row, has what must be unique; else it says where."""
        free = True
        alive = [row for row in self.rows if not row.removed and (row.record or row.child)]
        for row in self.to_write:
            if row.removed:
                continue
            taken = self._same_id(session, row, alive) or unique.clashing(session, row.record)
            taken = taken or self._twice(row, alive)
            if taken:
                free = False
                fields = {attr: name for name, attr in row.form.columns_by_field().items()}
                named = [fields[attribute] for attribute in taken if attribute in fields]
                told = row.form[named[0]] if named else None
                said = unique.message(row.record, taken)
                if told is None:
                    self.problems.append(f"{row.title}: {said}")
                else:
                    told.errors = [*told.errors, said]
        return free

    def _same_id(self, session: Any, row: Row, alive: list[Row]) -> tuple[str, ...]:
        """The id, where it is typed and is that of another living record or row."""
        if not row.is_new or "id" not in row.form:
            return ()
        others = (each.record or each.child for each in alive if each is not row)
        model, id = self.inline.model, row.record.id
        with session.no_autoflush:
            taken = session.scalars(current(model).where(identity.matches(model, id))).first()
        return ("id",) if taken is not None or any(each.id == id for each in others) else ()

    def _twice(self, row: Row, alive: list[Row]) -> tuple[str, ...]:
        """The attributes that another row of this form shares, though they must be unique."""
        owned = set(self.inline.reference.columns)
        for attributes in unique.rules(self.inline.model):
            names = [name for name in attributes if name not in owned]
            mine = [getattr(row.record, name) for name in names]
            others = (each.record or each.child for each in alive if each is not row)
            same = any([getattr(each, name) for name in names] == mine for each in others)
            if None not in mine and same and (names or owned):
                return attributes
        return ()

    def count(self) -> None:
        """Once flushed and not committed yet: remember what was done, for `said`."""
        made = {"added": 0, "edited": 0, "removed": 0}
        for row in self.to_write:
            if row.removed:
                made["removed"] += 1
            elif row.is_new:
                made["added"] += 1
            else:
                made["edited"] += row.record.version_id != row.base
        self.done = {word: number for word, number in made.items() if number}

    def after(self) -> None:
        """Call the hooks of the children's view for what was written."""
        for row in self.to_write:
            if row.removed:
                self.inline.view.after_model_delete(row.child)
            else:
                self.inline.view.after_model_change(row.form, row.record, row.is_new)

    @property
    def said(self) -> str:
        """Like “Lines: 1 added, 2 edited.”; "" when nothing was done."""
        told = ", ".join(f"{number:,} {word}" for word, number in self.done.items())
        return f"{self.inline.label}: {told}." if told else ""

    def refused(self, error: Exception) -> bool:
        """Whether the database's refusal is about a child; then it is told here."""
        tables = {table.name for table in inspect(self.inline.model).tables}
        if refusals.table_of(error) not in tables or not self.to_write:
            return False
        self.problems.append(refusals.of_child(error, self.inline.model))
        return True

    def _permit(self) -> None:
        for row in self.to_write:
            allowed = (
                self.inline.may_remove
                if row.removed
                else self.inline.may_create or row.is_conflict
                if row.is_new
                else self.inline.may_edit
            )
            if not allowed:
                abort(403)

    def _name_conflicts(self) -> None:
        """Who saved what stands against the rows: one statement."""
        ids = {row.record.change_id for row in self.conflicts} - {None}
        if not ids:
            return
        query = select(Change.id, Change.actor).where(Change.id.in_(ids))
        found = self.inline.owner.session.session.execute(query)
        actors = {row.id: row.actor for row in found}
        for row in self.conflicts:
            actor = actors.get(row.record.change_id)
            row.who = actor if actor and actor != "anonymous" else "Someone"


def _errors(row: Row) -> list[tuple[str, str, str]]:
    """Of each thing that is wrong: the id of the field, what it is called, and what is said."""
    if row.removed:
        return []
    of_row = [(row.id, row.title, str(error)) for error in row.form.form_errors]
    return of_row + [
        (field.id, f"{row.title}, {field.label.text}", str(error))
        for field in row.form
        for error in field.errors
    ]
