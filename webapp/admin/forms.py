"""The form of a record: its own fields beside the model's, and what was left as it was.

A model may have columns named like parts of a form (`meta`, `data`, `reason`): their fields bear
the name with an underscore after it, in HTML too, and still read and write the column of that name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from flask_admin.form import BaseForm, rules
from sqlalchemy import inspect
from wtforms import validators
from wtforms.fields import HiddenField, StringField
from wtforms.fields.core import UnboundField

from .untouched import as_sent, came_back
from .values import NOT_STORABLE, read_text

#: Fields of the form that are no columns.
OWN_FIELDS = ("reason", "base_version")
LONGEST_REASON = 500
SAY_WHY = "Say why."


class RecordForm(BaseForm):
    """Base of the create and edit forms."""

    #: Columns whose name a form needs for itself: field name -> attribute.
    _renamed: ClassVar[dict[str, str]] = {}

    #: Whether the save wrote a column that keeps no history (`__unversioned__`).
    wrote_in_place = False

    #: The children that stand in the form: `inline_children.Children`.
    inlines: tuple[Any, ...] = ()

    def process(
        self, formdata: Any = None, obj: Any = None, data: Any = None, **kwargs: Any
    ) -> None:
        """Hook: take values by attribute name, and none of them for the form's own fields."""
        values = dict(data or {})
        if obj is not None:
            columns = self.columns_by_field().items()
            values |= {name: getattr(obj, attr) for name, attr in columns if hasattr(obj, attr)}
        super().process(formdata, None, values, **kwargs)
        if self._obj is not None:
            self._let_empty_stay(formdata is not None)

    def _let_empty_stay(self, is_posted: bool) -> None:
        """A browser does not send a form with an empty required field: where an empty value is
        stored, it may stay."""
        shown = self.as_rendered if is_posted else self
        for name in self.columns_by_field():
            if as_sent(shown._fields[name]) == [""]:
                self._fields[name].flags.required = False

    def columns_by_field(self) -> dict[str, str]:
        """Field name -> attribute of the model."""
        return {
            name: self._renamed.get(name, name) for name in self._fields if name not in OWN_FIELDS
        }

    @cached_property
    def as_rendered(self) -> RecordForm:
        """The form as the page showed it before the person typed."""
        return type(self)(None, obj=self._obj)

    def is_untouched(self, name: str) -> bool:
        return self.is_untouched_since(name, self.as_rendered)

    def is_untouched_since(self, name: str, rendered: RecordForm) -> bool:
        """Whether the field came back as that form had shown it."""
        return came_back(self._fields[name], rendered._fields[name])

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Hook: in an edit, a stored value that is left alone is not questioned again."""
        super().validate(extra_validators)
        for field in self._fields.values():
            if any("\0" in text for text in field.raw_data or () if isinstance(text, str)):
                field.errors = field.errors or [NOT_STORABLE]
        if self._obj is not None:
            for name in self.columns_by_field():
                if self.is_untouched(name):
                    self._fields[name].errors = []
        for each in self.inlines:
            each.validate()
            if each.wants_reason and "reason" in self._fields and not self._fields["reason"].errors:
                is_given = str(self._fields["reason"].data or "").strip()
                self._fields["reason"].errors = [] if is_given else [SAY_WHY]
        return not self.errors

    @property
    def errors(self) -> dict[Any, Any]:
        """Hook: those of the children too, by the name of their section."""
        of_rows = {each.key: each.errors for each in self.inlines if each.errors}
        return {**super().errors, **of_rows}

    def populate_obj(self, obj: Any) -> None:
        """Hook: write the touched fields alone. What the model refuses is the field's error."""
        columns = self.columns_by_field()
        for name in [name for name in columns if not self._keeps(name)]:
            field = self._fields[name]
            try:
                field.populate_obj(obj, columns[name])
            except (ValueError, AssertionError) as error:
                field.errors = [*field.errors, str(error) or "This value is refused."]

    def note_in_place(self, obj: Any) -> None:
        """Remember, before the commit, whether a column without history is about to be written."""
        state = inspect(obj)
        self.wrote_in_place = any(
            state.attrs[name].history.has_changes() for name in type(obj).__unversioned__
        )

    def _keeps(self, name: str) -> bool:
        if self._obj is not None:
            return self.is_untouched(name)
        # In a new record an empty text leaves the column to its default.
        return self._fields[name].raw_data == [""] and self.is_untouched(name)


class RecordRules(rules.RuleSet):
    """Form rules of a view, which the form's own fields need not be listed in."""

    @property
    def visible_fields(self) -> list[str]:
        return [*super().visible_fields, *OWN_FIELDS]


def reason_field(required: bool) -> Any:
    checks = [validators.Length(max=LONGEST_REASON), _storable]
    first = validators.InputRequired(SAY_WHY) if required else validators.Optional()
    return StringField("Reason", [first, *checks], render_kw={"maxlength": LONGEST_REASON})


def own_class(form: type[Any], *, given: bool) -> type[Any]:
    """A class that may be changed: a view's own `form` stays as it is, and gets our behaviour."""
    if not given:
        return form
    bases = (form,) if issubclass(form, RecordForm) else (RecordForm, form)
    return type(form.__name__, bases, {})


def with_own_fields(form: type[Any], *, required: bool, base_version: bool) -> type[Any]:
    """The form class with `reason`, and `base_version` where it edits what exists."""
    if base_version:
        form.base_version = HiddenField()
    form.reason = reason_field(required)
    return form


def in_order(form: type[Any], names: Sequence[str]) -> None:
    """Show the form's fields in the order of the names, and what these leave out behind them."""
    fields = {name: field for name, field in vars(form).items() if isinstance(field, UnboundField)}
    places = {name: place for place, name in enumerate(names)}
    wanted = sorted(fields, key=lambda name: places.get(name, len(places)))
    counters = sorted(field.creation_counter for field in fields.values())
    for name, counter in zip(wanted, counters, strict=True):
        fields[name].creation_counter = counter


def rename_reserved(form: type[Any]) -> type[Any]:
    """Move the fields whose name a form needs for itself."""
    renamed = {}
    for name in [name for name in vars(form) if isinstance(vars(form)[name], UnboundField)]:
        if is_reserved(name):
            field = vars(form)[name]
            delattr(form, name)
            setattr(form, f"{name}_", field)
            renamed[f"{name}_"] = name
    form._renamed = renamed
    return form


def is_reserved(name: str) -> bool:
    """Whether a field of that name would hide a part of the form, or be taken for one."""
    parts = {*dir(RecordForm), *OWN_FIELDS, "_obj", "csrf_token", "meta", "form_errors"}
    return name in parts or name.startswith(("validate_", "filter_"))


def _storable(form: Any, field: Any) -> None:
    try:
        read_text(field.data or "")
    except ValueError as error:
        raise validators.ValidationError(str(error)) from None
