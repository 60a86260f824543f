"""One record of a view: found by its id alone, live, deleted, or not there at all."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import abort, has_request_context, request
from werkzeug.datastructures import MultiDict

from webapp.versioning import Operation, current, live

from . import identity, looks, moments, presentation
from .addresses import local_or, url_of
from .inline import Inline
from .moments import Moment
from .rights import GuardedView

UNKNOWN = "There is no record with this id. It may be mistyped, or belong to another list."


class RecordView(GuardedView):
    """The hooks of Flask-Admin by which a view finds records.

    The views build on each other in one line, timeline, delete, save, list: Flask-Admin's metaclass
    copies every exposed method into each class, where a second branch would not see an override.
    """

    model: Any
    session: Any
    #: The children that stand in the form of a record.
    inlines: tuple[Inline, ...] = ()
    column_descriptions: Any
    column_filters: Any
    column_formatters: Any
    column_formatters_detail: Any
    column_formatters_export: Any
    column_searchable_list: Any

    @property
    def moment(self) -> Moment | None:
        """The moment that the page shows; None for the present."""
        found: Moment | None = request.environ.get(moments.KEY) if has_request_context() else None
        return found

    @property
    def new_record(self) -> str:
        """What the button and the page of a new record are called: “New product”."""
        return presentation.sentence(f"New {presentation.word_for(self.model)}")

    def get_pk_value(self, model: Any) -> str:
        """Hook: addresses hold the id; the stock key is `id,version_id` and goes stale."""
        return str(model.id)

    def get_query(self) -> Any:
        """Hook: the list shows live current records, not every version."""
        return super().get_query().filter(live(self.model))

    def get_count_query(self) -> Any:
        """Hook: counts what `get_query` selects."""
        return super().get_count_query().filter(live(self.model))

    def get_one(self, id: Any) -> Any | None:
        """Hook: the live record of that id, None for an id of any other shape."""
        value = identity.parse(self.model, id)
        if value is None:
            return None
        statement = current(self.model).where(identity.matches(self.model, value))
        return self._seen(self.session.session.scalars(statement).first())

    def newest(self, id: Any) -> Any | None:
        """The newest version of the record, a tombstone too."""
        return self._seen(identity.newest(self.session.session, self.model, id))

    @staticmethod
    def _seen(row: Any | None) -> Any | None:
        """The record that a page is about is one that it shows."""
        if row is not None:
            looks.saw(row)
        return row

    def asked_id(self, values: MultiDict[str, str] | None = None) -> str:
        """The one id that the address (or form) names. 400 when it names none or several."""
        given = (request.args if values is None else values).getlist("id")
        if len(given) != 1 or not given[0]:
            abort(400, "The address names no record: it needs one id, like ?id=7.")
        return given[0]

    def back(self, address: str | None = None) -> str:
        """Where the page leads back to: the list it came from, as far as it is one of ours."""
        return local_or(address or request.args.get("url"), f"{self.endpoint}.index_view")

    def record_url(self, page: str, id: Any, **more: Any) -> str:
        """Address of a record's page: timeline, details or edit."""
        return url_of(f"{self.endpoint}.{page}_view", id=id, **more)

    def get_url(self, endpoint: str, **kwargs: Any) -> str:
        """Hook: a list links these pages for every row, and needs that quicker than `url_for`."""
        if endpoint in (".details_view", ".edit_view"):
            return url_of(f"{self.endpoint}{endpoint}", **kwargs)
        return super().get_url(endpoint, **kwargs)

    def row_url(self, page: str, row: Any) -> str:
        return self.record_url(page, row.id)

    def tell(self, **values: Any) -> None:
        """Give the template of this request more, or other, values than the stock page does."""
        told: dict[str, Any] = self._template_args
        told.update(values)

    @staticmethod
    def is_tombstone(row: Any) -> bool:
        return row.version_op == Operation.DELETE

    @staticmethod
    def unknown() -> NoReturn:
        abort(404, UNKNOWN)
