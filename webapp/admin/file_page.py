"""A file of a record, as any of its versions holds it."""

from __future__ import annotations

from typing import Any

from flask import abort, request, send_file
from flask_admin import expose
from sqlalchemy import inspect, select

from webapp import files
from webapp.files import FileType, StoredFile
from webapp.versioning import masked_columns

from . import identity, presentation
from .records import RecordView

GONE = "The record names this file, and the store does not have it. An administrator can tell why."


class FileView(RecordView):
    """The address of a file is that of its record: who may see the one may see the other."""

    @expose("/file/")
    def file_view(self) -> Any:
        """An image to be shown, and with `?download=1` any file to be kept."""
        self.permit(self.can_view_details)
        stored = self._asked_file()
        path = files.path_of(stored.sha256)
        if not stored.sha256 or not path.is_file():
            abort(404, GONE)
        answer = send_file(
            path,
            mimetype=stored.type,
            as_attachment=not stored.is_image or "download" in request.args,
            download_name=stored.name,
            etag=stored.sha256,
            max_age=0,
        )
        answer.headers["Cache-Control"] = "private, no-cache"
        return answer

    def file_url(self, id: Any, version: int, column: str) -> str:
        page = f"{self.endpoint}.file_view"  # also from a page of another view, whose row it is
        return self.get_url(page, id=str(id), version=version, column=column)

    def file_columns(self) -> list[str]:
        """The columns of the model that hold files which may be shown."""
        columns = inspect(self.model).columns.items()
        hidden = masked_columns(self.model) | self.hidden_fields_now()
        return [
            name for name, each in columns if isinstance(each.type, FileType) and name not in hidden
        ]

    def files_of(self, row: Any) -> list[tuple[str, Any]]:
        """Of a version, the label of each file and a link to it."""
        if not self.can_view_details:
            return []
        return [
            (self.get_column_name(name), shown_file(self, None, row, name))
            for name in self.file_columns()
            if getattr(row, name) is not None
        ]

    def _asked_file(self) -> StoredFile:
        column, number = request.args.get("column", ""), request.args.get("version", "")
        record = self.newest(self.asked_id())
        if record is None or column not in self.file_columns() or not number.isdecimal():
            self.unknown()
        version = int(number) if len(number) < 10 else 0
        statement = select(getattr(self.model, column)).where(
            identity.matches(self.model, record.id), self.model.version_id == version
        )
        found = self.session.session.scalars(statement).first()
        if found is None:
            abort(404, "This version of the record has no file.")
        return StoredFile(found)


def shown_file(view: Any, context: Any, row: Any, name: str) -> Any:
    """Formatter of lists and details: the file's name as a link, an image small."""
    stored = getattr(row, name)
    if stored is None:
        return ""
    return presentation.file_link(stored, view.file_url(row.id, row.version_id, name))
