"""The form field of a file: what is there, a choice of another, and a way to have none.

A file that comes with a form which is then refused is in the store already: the form that comes
back holds a signed reference to it, so that nobody has to choose it again.
"""

from __future__ import annotations

from typing import Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.datastructures import FileStorage
from wtforms.fields import Field
from wtforms.validators import DataRequired, InputRequired

from webapp import files
from webapp.files import FileType, StoredFile

from . import presentation

#: What is added to the field's name for its other controls.
UPLOAD, REMOVE = "-upload", "-remove"


class UploadWidget:
    input_type = "file"

    def __call__(self, field: UploadField, **kwargs: Any) -> str:
        return presentation.upload_input(
            field.id,
            field.name,
            field.label.text,
            token=field._value(),
            stored=field.shown(),
            address=field.address() if field.is_stored else "",
            images=field.kind.images,
            may_remove=field.nullable,
            attributes=kwargs,
        )


class UploadField(Field):
    """A column of `FileType`."""

    widget = UploadWidget()

    def __init__(
        self,
        label: Any = None,
        validators: Any = (),
        *,
        kind: FileType,
        nullable: bool,
        address: Any,
        **kwargs: Any,
    ) -> None:
        # A file that is there need not be chosen again, and this says itself when there is none.
        kept = [each for each in validators if not isinstance(each, (InputRequired, DataRequired))]
        kwargs["description"] = kwargs.get("description") or _hint(kind)
        super().__init__(label, kept, **kwargs)
        self.kind = kind
        self.nullable = nullable
        self.address = address

    @property
    def is_stored(self) -> bool:
        """Whether the file shown is that of the record, not one that came with a refused form."""
        return self.data is not None and self.data == self.object_data

    def shown(self) -> StoredFile | None:
        return self.data

    def _value(self) -> str:
        return _signer().dumps(str(self.data)) if self.data else ""

    def process(self, formdata: Any, data: Any = None, **kwargs: Any) -> None:
        """The field reads three controls, and is from then on as if one had sent it all."""
        super().process(None, data, **kwargs)
        if formdata is None or self.name not in formdata:
            return
        try:
            self.data = self._read(formdata)
        except ValueError as error:
            self.process_errors.append(str(error))
            self.data = self.object_data
            self.raw_data = ["refused"]  # the field was touched, and holds nothing of its own
            return
        self.raw_data = [self._value()]
        if self.data is None and not self.nullable:
            self.process_errors.append("Choose a file.")

    def _read(self, formdata: Any) -> StoredFile | None:
        sent = [each for each in formdata.getlist(self.name + UPLOAD) if is_file(each)]
        if sent:
            return self._keep(sent[-1])
        if self.nullable and formdata.get(self.name + REMOVE):
            return None
        token = str(formdata.getlist(self.name)[0])
        if not token:
            return None
        try:
            return StoredFile(_signer().loads(token))
        except BadSignature:
            raise ValueError("This file is not known any more: choose it again.") from None

    def _keep(self, sent: FileStorage) -> StoredFile:
        sent.stream.seek(0)  # a form may be read more than once
        stored = files.keep(sent.stream, sent.filename or "", most=self.kind.most)
        if self.kind.images and not stored.is_image:
            raise ValueError("Not an image: choose a PNG, JPEG, GIF or WebP file.")
        return stored


def is_file(value: Any) -> bool:
    return isinstance(value, FileStorage) and bool(value.filename)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="upload")


def _hint(kind: FileType) -> str:
    kinds = "PNG, JPEG, GIF or WebP" if kind.images else "Any file"
    return f"{kinds}, at most {presentation.bytes_in_words(kind.most)}."
