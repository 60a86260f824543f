"""Two people saved the same record: both sides, field by field, and nothing of either lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from webapp.versioning import data_columns, diff


@dataclass(frozen=True)
class ConflictRow:
    """One field: as it was when you began, as they saved it, and as you typed it."""

    name: str
    label: str
    base: Any
    theirs: Any
    yours: Any
    theirs_changed: bool
    yours_changed: bool

    @property
    def overlap(self) -> bool:
        """Whether both changed it, to different values."""
        return self.theirs_changed and self.yours_changed and self.theirs != self.yours


def version(session: Any, model: type[Any], id: Any, number: int) -> Any | None:
    """The row of that version, None when there is none."""
    statement = select(model).where(model.id == id, model.version_id == number)
    return session.scalars(statement).first()


def rows(
    form: Any, base: Any, theirs: Any, show: Callable[[str, Any], str]
) -> tuple[ConflictRow, ...]:
    """The fields that either side changed since `base`. The form holds what was typed, and `show`
    makes text of a column's value."""
    before = type(form)(None, obj=base)
    changed = {change.name for change in diff(base, theirs)}
    fields = {attribute: name for name, attribute in form.columns_by_field().items()}
    found = []
    for attribute in dict.fromkeys((*fields, *data_columns(type(base)))):
        name = fields.get(attribute)
        typed = name is not None and not form.is_untouched_since(name, before)
        if not typed and attribute not in changed:
            continue
        was = show(attribute, getattr(base, attribute))
        found.append(
            ConflictRow(
                name=name or attribute,
                label=form[name].label.text if name else attribute,
                base=was,
                theirs=show(attribute, getattr(theirs, attribute)),
                yours=_typed(form[name], attribute, show) if name and typed else was,
                theirs_changed=attribute in changed,
                yours_changed=typed,
            )
        )
    return tuple(found)


def is_done(rows: Sequence[ConflictRow]) -> bool:
    """Whether their version is what the form asks for already, no more and no less."""
    return bool(rows) and all(row.yours_changed and row.yours == row.theirs for row in rows)


def move_to(form: Any, base: Any, theirs: Any) -> None:
    """Make the form one over the newest version: what was typed stays, and a field that was left
    alone takes their value, so that saving again undoes nothing of theirs."""
    before = type(form)(None, obj=base)
    for name, attribute in form.columns_by_field().items():
        if form.is_untouched_since(name, before):
            form[name].raw_data = None
            form[name].process(None, getattr(theirs, attribute))
    form.base_version.process(None, str(theirs.version_id))


def _typed(field: Any, attribute: str, show: Callable[[str, Any], str]) -> str:
    if field.process_errors:
        return " ".join(field.raw_data or [])
    return show(attribute, field.data)
