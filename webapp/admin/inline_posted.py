"""Rows of children as a form has sent them, found again among what is stored.

What was never a child of this owner, or is no version of one, is a 400: no form of ours sends it.
What somebody else has saved or deleted since is a conflict, told at the row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort
from sqlalchemy import and_, or_
from werkzeug.datastructures import MultiDict

from . import identity
from .drafts import number_of
from .inline import Inline
from .inline_rows import (
    ID,
    REMOVE,
    THEIRS,
    VERSION,
    Row,
    altered_columns,
    looks_like,
    new_row,
    numbers,
    prefix,
    stored_row,
    touched_fields,
)

#: Rows of stored children that are read at most: more than any form of ours holds.
MOST_SENT = 500
UNKNOWN = "The form names rows that do not belong to this record. Open it again."
BEGAN = "The form does not say with which version a row began. Open it again."
SAVED = "saved version {} of this while you were editing version {}."
DELETED = "deleted this while you were editing it."
ELSEWHERE = "moved this to another record while you were editing it."


@dataclass(frozen=True)
class Sent:
    """What the form says of a row that was there when it was opened."""

    number: int
    id: Any
    base: int
    removed: bool
    takes_theirs: bool


class Posted:
    """The rows of one section. `rows` are those that are still in play, in the order sent, then the
    living that the form did not name; `repeated` counts new rows that are stored already."""

    def __init__(self, inline: Inline, owner: Any, sent: MultiDict[str, Any]) -> None:
        self.inline, self.owner, self.sent = inline, owner, sent
        self.repeated = 0
        known = [] if owner is None else inline.living(owner, 2 * inline.most)
        self.living = {child.id: child for child in known}
        places = numbers(sent, inline.key)
        self.asked = [each for number in places if (each := self._asked(number)) is not None]
        is_twice = len({each.id for each in self.asked}) < len(self.asked)
        if is_twice or (owner is None and self.asked) or len(self.asked) > MOST_SENT:
            abort(400, UNKNOWN)
        self.newest = self._find_newest()
        self.bases = self._find_bases()
        kept = {each.number: self._kept(each) for each in self.asked}
        named = {each.id for each in self.asked}
        self.unnamed = [child for id, child in self.living.items() if id not in named]
        made = {number: self._made(number) for number in places if number not in kept}
        found = kept | made
        self.rows = [row for number in places if (row := found[number]) is not None]
        start = max(places, default=-1) + 1
        self.rows += [stored_row(inline, start + n, row) for n, row in enumerate(self.unnamed)]

    def _asked(self, number: int) -> Sent | None:
        """What is said of a stored child; None for a row without an id, which is a new one."""
        at = prefix(self.inline, number)
        if not (text := self.sent.get(f"{at}{ID}", "")):
            return None
        id, base = identity.parse(self.inline.model, text), self.sent.get(f"{at}{VERSION}", "")
        if id is None:
            abort(400, UNKNOWN)
        if not number_of(base):
            abort(400, BEGAN)
        said = (f"{at}{REMOVE}" in self.sent, f"{at}{THEIRS}" in self.sent)
        return Sent(number, id, number_of(base), *said)

    def _find_newest(self) -> dict[Any, Any]:
        """The newest versions of the children that the form names; one statement for those that do
        not live here any more."""
        missing = [each.id for each in self.asked if each.id not in self.living]
        found = dict(self.living)
        if missing:
            model = self.inline.model
            where = and_(identity.among(model, missing), model.is_current_version)
            found |= {row.id: row for row in self.inline.versions(where, self.owner)}
        if any(each.id not in found for each in self.asked):
            abort(400, UNKNOWN)
        for each in self.asked:
            row = found[each.id]
            if row.version_op != "delete" and self.inline.is_of(row, self.owner):
                self.living.setdefault(each.id, row)
        return found

    def _find_bases(self) -> dict[Any, Any]:
        """The older versions that rows began with, in one statement."""
        model = self.inline.model
        if any(each.base > self.newest[each.id].version_id for each in self.asked):
            abort(400, BEGAN)
        wanted = [each for each in self.asked if each.base != self.newest[each.id].version_id]
        wanted += [each for each in self.asked if each.id not in self.living and each not in wanted]
        if not wanted:
            return {}
        pairs = (and_(model.id == each.id, model.version_id == each.base) for each in wanted)
        found = {row.id: row for row in self.inline.versions(or_(*pairs), self.owner)}
        for each in wanted:
            base = found.get(each.id)
            if base is None or base.version_op == "delete" or not self._was_mine(base):
                abort(400, UNKNOWN)
        return found

    def _was_mine(self, version: Any) -> bool:
        return self.inline.is_of(version, self.owner)

    def _kept(self, each: Sent) -> Row | None:
        """The row of a stored child; None where it is gone and nothing of the person's with it."""
        child, base = self.living.get(each.id), self.bases.get(each.id)
        if child is None:
            return self._lost(each, base)
        if each.takes_theirs:
            return stored_row(self.inline, each.number, child)
        row = stored_row(self.inline, each.number, child, self.sent, each.removed)
        if base is None:
            return row
        row.move(type(row.form)(None, obj=base))
        if (row.touched or row.removed) and altered_columns(base, child):
            row.conflict(SAVED.format(child.version_id, base.version_id), base, child)
        return row

    def _lost(self, each: Sent, base: Any) -> Row | None:
        """What was typed into a row whose child was deleted, or given to another owner, meanwhile:
        it comes back as a new row."""
        typed = stored_row(self.inline, each.number, base, self.sent)
        touched = touched_fields(typed.form, type(typed.form)(None, obj=base))
        if each.removed or each.takes_theirs or not touched:
            return None
        newest = self.newest[each.id]
        row = new_row(self.inline, each.number, self.sent)
        for name, attribute in row.columns:
            if name not in typed.form:  # the key of a row that was there
                row.form[name].process(None, getattr(base, attribute, None))
        row.note = DELETED if newest.version_op == "delete" else ELSEWHERE
        row.record = newest
        if not self.inline.may_create:
            row.lost = (each.id, each.base)
        return row

    def _made(self, number: int) -> Row | None:
        """A row for a child that is to be made. None where an empty one was left as it was, and
        where the very same was saved since: the form was sent twice."""
        row = new_row(self.inline, number, self.sent)
        if row.is_blank or row.is_dropped:
            return None
        if looks_like(row, self.unnamed):
            self.repeated += 1
            return None
        return row
