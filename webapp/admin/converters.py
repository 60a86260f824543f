"""Columns into form fields: Flask-Admin's converter with our fields for every type that we know.

The stock one knows no Float, Double, REAL, Uuid or Interval on SQLAlchemy 2.1 and leaves them out
without a word; others lose what the text cannot carry.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import request
from flask_admin.contrib.sqla.form import AdminModelConverter
from flask_admin.contrib.sqla.validators import Unique
from sqlalchemy import String, TypeDecorator, inspect
from sqlalchemy.orm import RelationshipDirection
from wtforms import validators
from wtforms.fields import BooleanField

from webapp.files import FileType
from webapp.versioning import VERSION_COLUMNS, is_versioned

from . import identity, presentation
from .fields import ChoiceField, ReferenceField, ValueField
from .looked_up import target_of
from .references import Target
from .secret_fields import concealed
from .uploads import UploadField
from .values import Codec, choices_codec, codec_for


class FormConverter(AdminModelConverter):
    """Which field a column or many-to-one relation gets; None leaves it out of the form."""

    def convert(
        self, model: Any, mapper: Any, name: str, prop: Any, field_args: Any, hidden_pk: bool
    ) -> Any:
        """Hook: version columns and the id are no fields, even where `form_columns` names them.

        Nor is the column that tells the class of a row: it follows from the model.
        """
        if is_versioned(model) and (name in VERSION_COLUMNS or name == "id"):
            return None
        if any(column is mapper.polymorphic_on for column in getattr(prop, "columns", ())):
            return None
        field: Any = super().convert(model, mapper, name, prop, field_args, hidden_pk)
        if field is not None and "validators" in field.kwargs:
            # Theirs sees older versions; `unique.py` looks at the living alone.
            given = field.kwargs["validators"]
            field.kwargs["validators"] = [each for each in given if not isinstance(each, Unique)]
        return concealed(model, prop, field) if is_versioned(model) else field

    def _get_label(self, name: str, field_args: Any) -> Any:
        """Hook: a field bears the name that its column has in the list."""
        return field_args.get("label") or self.view.get_column_name(name)

    def _get_description(self, name: str, field_args: Any) -> Any:
        """Hook: the stock template marks descriptions safe, so they are escaped here."""
        text = super()._get_description(name, field_args)
        return presentation.escaped(text) if text else None

    def _get_field_override(self, name: str) -> Callable[..., Any] | None:
        """Hook: a plain column that holds an id is a choice of records (`form_references`), and one
        of `form_choices` our kind of choice."""
        override = super()._get_field_override(name)
        model = getattr(self.view, "form_references", {}).get(name)
        choices = (getattr(self.view, "form_choices", None) or {}).get(name)
        if override is None and model is not None:
            target = target_of(self.view, name) or Target(self.session, model)
            return lambda **kwargs: ReferenceField(**_plain(kwargs), target=target)
        if override is None and choices:
            return partial(_choice_field, choices_codec(choices))
        return override

    def get_converter(self, column: Any) -> Callable[..., Any] | None:
        """Hook: our field where the column's type has a codec, else Flask-Admin's."""
        if column.computed is not None:
            return None
        if isinstance(column.type, FileType):
            return self._file_field
        if codec_for(column.type) is None or self._is_known_by_name(column.type):
            return super().get_converter(column)
        return self._field_of

    def _file_field(self, column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
        kwargs = _plain(field_args)
        address = partial(self._file_address, extra["prop"].key)
        return UploadField(**kwargs, kind=column.type, nullable=column.nullable, address=address)

    def _file_address(self, column: str) -> str:
        """Where the file of the record that is edited lies."""
        record = self.view.get_one(request.args.get("id"))
        return "" if record is None else self.view.file_url(record.id, record.version_id, column)

    def _is_known_by_name(self, type_: Any) -> bool:
        """Whether Flask-Admin has a converter for this very type of another package, such as the
        choices and colours of SQLAlchemy-Utils."""
        known = f"{type(type_).__module__}.{type(type_).__name__}"
        return isinstance(type_, TypeDecorator) and known in self.converters

    def _field_of(self, column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
        codec = codec_for(column.type)
        assert codec is not None
        kwargs = _plain(field_args)
        if codec.choices and codec.choices[0][0] == "1" and not column.nullable:
            return BooleanField(**kwargs)
        if codec.choices:
            return ChoiceField(**kwargs, codec=codec, nullable=column.nullable)
        if isinstance(column.type, String) and column.type.length:
            kwargs["validators"].append(validators.Length(max=column.type.length))
        return ValueField(**kwargs, codec=codec, nullable=column.nullable)

    def _convert_relation(
        self, name: str, prop: Any, property_is_association_proxy: bool, kwargs: Any
    ) -> Any:
        """Hook: a many-to-one that can be written. The stock select lists every version."""
        if prop.direction is not RelationshipDirection.MANYTOONE or prop.viewonly:
            return None
        form_columns = getattr(self.view, "form_columns", None)
        if form_columns and name not in form_columns:
            return None
        kwargs["label"] = self._get_label(name, kwargs)
        kwargs["description"] = self._get_description(name, kwargs)
        override = super()._get_field_override(name)
        if override is not None:
            return override(**kwargs)
        nullable = all(column.nullable for column in prop.local_columns)
        check = validators.Optional() if nullable else validators.InputRequired()
        kwargs["validators"] = [*kwargs["validators"], check]
        target = target_of(self.view, name) or Target(self.session, prop.mapper.class_)
        return ReferenceField(**_plain(kwargs), target=target, as_object=True)


def id_field(model: type[Any], label: str) -> Any:
    """The first field of a new record whose id a person gives."""

    def check(form: Any, field: Any) -> None:
        try:
            identity.check(model, field.data)
        except ValueError as error:
            raise validators.ValidationError(str(error)) from None

    type_: Any = inspect(model).base_mapper.columns["id"].type
    longest = [validators.Length(max=type_.length)] if getattr(type_, "length", None) else []
    checks = [validators.InputRequired(), *longest, check]
    codec = codec_for(type_)
    assert codec is not None
    field = ValueField(label, checks, codec=codec, nullable=False)
    field.creation_counter = 0  # before those of the columns
    return field


def _choice_field(codec: Codec, **kwargs: Any) -> Any:
    nullable = any(isinstance(each, validators.Optional) for each in kwargs["validators"])
    return ChoiceField(**_plain(kwargs), codec=codec, nullable=nullable)


def _plain(kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments without Flask-Admin's filter that turns '' into NULL: our fields do that."""
    return {name: value for name, value in kwargs.items() if name != "allow_blank"}
