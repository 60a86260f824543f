"""One child in its owner's form: as it is stored, as it was sent, and what stands against it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from webapp.auth import who
from webapp.versioning import masked_columns, shown_columns

from . import merging, presentation
from .inline import Inline
from .uploads import UploadField

#: Parts of a row's names that are no fields: no attribute has a hyphen in its name.
ID, VERSION, REMOVE, THEIRS = "row-id", "row-version", "row-remove", "row-theirs"
#: In place of a row's number, in the row that a script copies.
BLANK = "__row__"


class Row:
    """A row of the form.

    `child` is the living record, None for one that is to be made. `base` is the version that the
    row was filled with. `touched` names the fields that the person changed. `note` says why the row
    came back unsaved, and `theirs` holds, by field, what somebody else saved meanwhile.
    """

    def __init__(
        self,
        inline: Inline,
        number: int | str,
        form: Any,
        child: Any = None,
        *,
        is_sent: bool,
        removed: bool = False,
    ) -> None:
        self.inline, self.number, self.form, self.child = inline, number, form, child
        self.removed = removed
        self.base: int = child.version_id if child is not None else 0
        self.note = ""
        self.who = ""
        self.theirs: dict[str, str] = {}
        self.record: Any = None
        #: Id and version of a child that is gone, in a row that the person may not save anew.
        self.lost: tuple[Any, int] | None = None
        self.touched: set[str] = touched_fields(form, form.as_rendered) if is_sent else set()
        for name, attribute in form.columns_by_field().items():
            if isinstance(form[name], UploadField):  # theirs would look for the owner's file
                form[name].address = lambda attribute=attribute: self._file_url(attribute)

    @property
    def is_conflict(self) -> bool:
        return bool(self.note)

    @property
    def is_new(self) -> bool:
        return self.child is None

    @property
    def is_blank(self) -> bool:
        """Whether it is an empty row, to be filled or left."""
        return self.is_new and not self.touched and not self.note

    @property
    def is_dropped(self) -> bool:
        """Whether it was filled and then taken away, before there was anything to delete."""
        return self.is_new and self.removed

    @property
    def is_to_write(self) -> bool:
        return not self.is_blank and not self.is_dropped and bool(self.removed or self.touched)

    @property
    def title(self) -> str:
        if self.child is not None:
            return presentation.name_of(self.child)
        if self.record is not None and self.is_conflict:
            return f"{presentation.name_of(self.record)} (not here any more)"
        return f"New {self.inline.word}"

    @property
    def url(self) -> str | None:
        """Address of the child's own page."""
        return None if self.is_new else self.inline.url_of(self.child)

    @property
    def began(self) -> tuple[Any, int] | None:
        """The id and version that the form sends back; None for a row to be made."""
        return self.lost if self.child is None else (self.child.id, self.child.version_id)

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Each field by name, and the attribute that it writes."""
        return list(self.form.columns_by_field().items())

    @property
    def fields(self) -> list[Any]:
        return [field for field in self.form if field.type != "HiddenField"]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Label and text of what the person sees and may not change."""
        view, model = self.inline.view, self.inline.model
        if self.is_new:
            return []
        names = view.fixed_fields() - view.hidden_fields_now() - masked_columns(model)
        names -= {*self.inline.reference.columns, self.inline.reference.version}
        ordered = [name for name in shown_columns(model) if name in names]
        return [(view.get_column_name(n), self._text(n, self.child)) for n in ordered]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Label and text of every field, for who may not edit the child."""
        if self.is_new:
            return []
        view = self.inline.view
        found = [
            (field.label.text, self._text(self.form.columns_by_field()[name], self.child))
            for name, field in self.form._fields.items()
            if self.form.columns_by_field()[name] not in masked_columns(self.inline.model)
        ]
        labels = {view.get_column_name(name) for name in view.fixed_fields()}
        return [pair for pair in found if pair[0] not in labels] + self.kept

    @property
    def id(self) -> str:
        """The id of the row on the page."""
        return f"{self.inline.key}-{self.number}"

    def name_of(self, part: str) -> str:
        """The name in the form of one of the row's parts that are no fields."""
        return f"{self.inline.key}-{self.number}-{part}"

    def conflict(self, note: str, base: Any, theirs: Any) -> None:
        """Somebody saved `theirs` after the row was filled with `base`."""
        self.note, self.record = note, theirs
        altered = altered_columns(base, theirs)
        for name, attribute in self.form.columns_by_field().items():
            secret = attribute in masked_columns(self.inline.model)
            if merging.columns_of(self.inline.model, attribute) & altered and not secret:
                self.theirs[name] = self._text(attribute, theirs) or "—"

    def move(self, rendered: Any) -> None:
        """Let a row filled with an older version be one over the present: what was typed stays, and
        a field that was left alone takes the value that is stored."""
        typed = touched_fields(self.form, rendered)
        for name, attribute in self.form.columns_by_field().items():
            if name not in typed:
                self.form[name].raw_data = None
                self.form[name].process(None, getattr(self.child, attribute, None))
        stored = type(self.form)(None, obj=self.child)
        columns = self.form.columns_by_field()
        same = {
            name
            for name in typed
            if merging.is_theirs(
                self.form[name], stored[name], getattr(self.child, columns[name], None)
            )
        }
        self.touched = typed - same

    def _text(self, attribute: str, record: Any) -> str:
        value = getattr(record, attribute, None)
        if hasattr(type(value), "__mapper__"):
            return presentation.name_of(value) if who.may_see(type(value)) else ""
        return str(self.inline.view.show_value(attribute, value))

    def _file_url(self, attribute: str) -> str:
        view = self.inline.view
        if self.is_new or view.blueprint is None:
            return ""
        return str(view.file_url(self.child.id, self.child.version_id, attribute))


def touched_fields(form: Any, rendered: Any) -> set[str]:
    """The fields that did not come back as they had been rendered."""
    return {name for name in form.columns_by_field() if not form.is_untouched_since(name, rendered)}


def altered_columns(base: Any, theirs: Any) -> set[str]:
    """What differs between two versions of a child, as far as the person may see it."""
    return merging.changed(base, theirs) - who.hidden_fields(type(theirs))


def numbers(sent: Mapping[str, Any], key: str) -> list[int]:
    """The numbers of the rows that a form has sent, each once."""
    pattern = re.compile(rf"{re.escape(key)}-(0|[1-9][0-9]{{0,3}})-", re.ASCII)
    found = (pattern.match(name) for name in sent)
    return sorted({int(match[1]) for match in found if match})


def prefix(inline: Inline, number: int | str) -> str:
    return f"{inline.key}-{number}-"


def new_row(inline: Inline, number: int | str, sent: MultiDict[str, Any] | None = None) -> Row:
    form = inline.forms._create_form_class(sent, prefix=prefix(inline, number))
    removed = sent is not None and f"{prefix(inline, number)}{REMOVE}" in sent
    return Row(inline, number, form, is_sent=sent is not None, removed=removed)


def stored_row(
    inline: Inline,
    number: int,
    child: Any,
    sent: MultiDict[str, Any] | None = None,
    removed: bool = False,
) -> Row:
    form = inline.forms._edit_form_class(sent, obj=child, prefix=prefix(inline, number))
    return Row(inline, number, form, child, is_sent=sent is not None, removed=removed)


def looks_like(row: Row, children: Collection[Any]) -> Any | None:
    """The child that holds just what the new row asks for; None when there is none."""
    for child in children:
        stored = row.inline.forms._edit_form_class(None, obj=child)
        if all(_holds(row, name, at, stored, child) for name, at in row.columns):
            return child
    return None


def _holds(row: Row, name: str, attribute: str, stored: Any, child: Any) -> bool:
    value = getattr(child, attribute, None)
    if name not in stored:  # an id that is typed once, and never again
        return bool(row.form[name].data == value)
    return merging.is_theirs(row.form[name], stored[name], value)
