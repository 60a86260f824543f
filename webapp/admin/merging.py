"""Two people saved the same record: what each did, field by field, and what the merge page asks.

A field that only one of them changed is taken. Where both did, the page asks, and sends back the
choice beside what was typed at first, so that a third save in between can be asked about again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import inspect
from werkzeug.datastructures import MultiDict

from webapp.versioning import (
    MASKED,
    FieldChange,
    FieldMerge,
    data_columns,
    masked_columns,
    merge_fields,
    shown_columns,
)

from . import runs
from .drafts import Asked, Draft
from .secret_fields import SecretMixin
from .shown import Layout, Shown
from .untouched import came_back


@dataclass(frozen=True)
class MergeRow:
    """One field that either side changed, as it is shown, and what becomes of it.

    `outcome` is "theirs", "yours" or "both" (taken: the one that changed it, or the same from
    both), or "ask". Of a field that is asked about, `sent` is what was typed at first and `merged`
    the text of both edits where they leave each other alone; `moved_again` says that their side
    is another one than when `choice` was made.
    """

    name: str
    label: str
    outcome: str
    base_version: int
    base: Shown
    theirs: Shown
    yours: Shown
    since: bool = False
    typed: bool = False
    sent: tuple[str, ...] = ()
    merged: str | None = None
    by_hand: str | None = field(default=None, repr=False)
    choice: str = ""
    moved_again: bool = False

    @property
    def is_asked(self) -> bool:
        return self.outcome == "ask"


def changed(older: Any, newer: Any) -> set[str]:
    """The attributes that a person may edit and that differ between two rows of a record."""
    model = type(newer)
    found = merge_fields(model, _values(older), _values(newer), {})
    return {each.name for each in found if each.outcome == "theirs"}


class Merge:
    """The rows of a merge: of a draft over its versions, and the version that is the newest now.

    `typed` is the form of the draft as typed, over their version; `layout` shows what differs.
    """

    def __init__(
        self,
        draft: Draft,
        typed: Any,
        versions: Mapping[int, Any],
        theirs: Any,
        layout: Layout,
    ) -> None:
        self.draft = draft
        self.typed = typed
        self.versions = versions
        self.theirs = theirs
        self.model = type(theirs)
        self.layout = layout
        self.form_of_theirs = type(typed)(None, obj=theirs)
        self.form_of_base = type(typed)(None, obj=versions[draft.base])
        self.since_began = changed(versions[draft.began], theirs)
        self.since_base = changed(versions[draft.base], theirs)
        self.fields = typed.columns_by_field()
        self.rows = self._rows()

    @property
    def left(self) -> int:
        """How many choices are not made."""
        return sum(row.is_asked and not row.choice for row in self.rows)

    def is_done(self) -> bool:
        """Whether their version is what the draft asks for, no more and no less: it was sent
        twice."""
        rows = [row for row in self.rows if row.typed or row.since]
        if not rows or any(row.is_asked and row.name not in self.draft.asked for row in rows):
            return False
        chosen = [
            replace(row, choice=self.draft.asked[row.name].choice) for row in rows if row.is_asked
        ]
        if any(not row.choice or (row.choice == "theirs" and row.since) for row in chosen):
            return False
        final = type(self.typed)(self.draft.resolved(chosen, self.form_of_theirs), obj=self.theirs)
        agreed = all(row.outcome == "both" for row in rows if not row.is_asked)
        return agreed and all(self._is_theirs(final, row.name) for row in chosen)

    def move(self, form: Any) -> None:
        """Make the form one over their version: what was typed stays, and a field that was left
        alone takes their value, so that saving again undoes nothing of theirs."""
        kept = {row.name for row in self.rows if row.typed}
        for name, attribute in form.columns_by_field().items():
            if name not in kept:
                form[name].raw_data = None
                form[name].process(None, getattr(self.theirs, attribute))
        for row in self.rows:
            if row.is_asked and row.name not in self.draft.asked and row.by_hand is not None:
                begun = MultiDict([(row.name, row.by_hand)])
                form[row.name].process(begun, getattr(self.theirs, self.fields[row.name]))
        form.base_version.process(None, str(self.theirs.version_id))

    def _rows(self) -> tuple[MergeRow, ...]:
        found = [self._row(name, attribute) for name, attribute in self.fields.items()]
        covered = {each for name in self.fields.values() for each in self._columns(name)}
        other = self.since_began - covered
        rest = [self._other(name) for name in shown_columns(self.model) if name in other]
        return tuple(row for row in (*found, *rest) if row is not None)

    def _row(self, name: str, attribute: str) -> MergeRow | None:
        asked = self.draft.asked.get(name)
        since = bool(self._columns(attribute) & self.since_base)
        typed = asked is not None or not self.typed.is_untouched_since(name, self.form_of_base)
        if not typed:
            if not self._columns(attribute) & self.since_began:
                return None
            return replace(self._shown(name, attribute, self.draft.began, "theirs"), since=since)
        if asked is None and not since:
            row = self._shown(name, attribute, self.draft.base, "yours")
        elif asked is None and self._is_theirs(self.typed, name):
            row = self._shown(name, attribute, self.draft.base, "both")
        else:
            row = self._asked(name, attribute, asked, since)
        return replace(row, typed=True, since=since)

    def _asked(self, name: str, attribute: str, asked: Asked | None, since: bool) -> MergeRow:
        known = asked is not None and asked.base in self.versions
        number = asked.base if asked and known else self.draft.base
        row = self._shown(name, attribute, number, "ask")
        merged, by_hand = self._merged(name, attribute, number)
        choice = "merged" if merged is not None else ""
        if asked and not since:
            choice = "" if asked.choice == "merged" and merged is None else asked.choice
        sent = asked.yours if asked else tuple(map(str, self.typed[name].raw_data or ()))
        again = bool(asked and asked.choice and since)
        return replace(
            row, sent=sent, merged=merged, by_hand=by_hand, choice=choice, moved_again=again
        )

    def _merged(self, name: str, attribute: str, number: int) -> tuple[str | None, str | None]:
        """The text of both edits, and the one that editing by hand begins with."""
        field = self.typed[name]
        codec = getattr(field, "codec", None)
        if codec is None or field.process_errors or attribute not in data_columns(self.model):
            return None, None
        sides = [
            {attribute: value}
            for value in (
                getattr(self.versions[number], attribute),
                getattr(self.theirs, attribute),
                field.data,
            )
        ]
        found = next(
            (each for each in merge_fields(self.model, *sides) if each.name == attribute), None
        )
        if found is None or MASKED in (found.base, found.merged):
            return None, None
        if found.outcome == "both":
            text = codec.write(found.merged)
            return text, text
        return None, _with_yours(found)

    def _shown(self, name: str, attribute: str, number: int, outcome: str) -> MergeRow:
        old = getattr(self.versions[number], attribute)
        new = getattr(self.theirs, attribute)
        typed = self.typed[name]
        yours = self._change(attribute, old, old if outcome == "theirs" else typed.data)
        if outcome != "theirs" and typed.process_errors:
            yours = self._unreadable(attribute, old, " ".join(map(str, typed.raw_data or [])))
        return MergeRow(
            name=name,
            label=typed.label.text,
            outcome=outcome,
            base_version=number,
            base=self.layout.same(attribute, self._open(attribute, old)),
            theirs=self._change(attribute, old, new),
            yours=yours,
        )

    def _other(self, attribute: str) -> MergeRow:
        """A column that they changed and that is not in the form."""
        began = self.versions[self.draft.began]
        old, new = getattr(began, attribute), getattr(self.theirs, attribute)
        return MergeRow(
            name=attribute,
            label=self.layout.label(attribute),
            outcome="theirs",
            base_version=began.version_id,
            base=self.layout.same(attribute, self._open(attribute, old)),
            theirs=self._change(attribute, old, new),
            yours=self._change(attribute, old, old),
            since=attribute in self.since_base,
        )

    def _change(self, attribute: str, old: Any, new: Any) -> Shown:
        old, new = self._open(attribute, old), self._open(attribute, new)
        return self.layout.change(FieldChange(attribute, old, new, _kind(old, new)))

    def _unreadable(self, attribute: str, old: Any, text: str) -> Shown:
        """What was typed and is no value of the column."""
        shown = self.layout.same(attribute, self._open(attribute, old))
        if attribute in masked_columns(self.model):
            return shown
        return replace(shown, form="pair", old=shown.new, new=runs.text(text, self.layout.room))

    def _open(self, attribute: str, value: Any) -> Any:
        """The value, or MASKED where it is not for showing."""
        return MASKED if attribute in masked_columns(self.model) else value

    def _is_theirs(self, form: Any, name: str) -> bool:
        stored = getattr(self.theirs, self.fields[name], None)
        return is_theirs(form[name], self.form_of_theirs[name], stored)

    def _columns(self, attribute: str) -> set[str]:
        return columns_of(self.model, attribute)


def is_theirs(field: Any, rendered: Any, stored: Any) -> bool:
    """Whether the field was sent with what is stored, which `rendered` shows."""
    if isinstance(field, SecretMixin) and field.raw_data:
        return bool(field.data == stored)  # what was rendered does not tell
    if came_back(field, rendered):
        return True
    # 9.5 and 9.50 are one number, however it was typed.
    kind = getattr(getattr(field, "codec", None), "kind", "")
    return kind in ("number", "time") and not field.process_errors and bool(field.data == stored)


def columns_of(model: type[Any], attribute: str) -> set[str]:
    """The columns that a field writes: those of its relation, or the one of its name."""
    mapper = inspect(model)
    if attribute not in mapper.relationships:
        return {attribute}
    columns = mapper.relationships[attribute].local_columns
    return {mapper.get_property_by_column(column).key for column in columns}


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in data_columns(type(row))}


def _with_yours(found: FieldMerge) -> str | None:
    """A text with what only they changed, and yours where both changed the same lines."""
    if not found.hunks:
        return None
    return "\n".join(
        line
        for hunk in found.hunks
        for line in (hunk.yours if hunk.kind == "conflict" else hunk.merged)
    )


def _kind(old: Any, new: Any) -> str:
    """The kind of column that the two values come from, as far as it decides how they are shown."""
    for kind, types in (("text", str), ("json", dict), ("list", list)):
        if all(value is None or type(value) is types for value in (old, new)):
            return kind
    return "value"
