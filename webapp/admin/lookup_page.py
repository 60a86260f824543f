"""Look-ups for a form: the living records that a reference or a link may point at."""

from __future__ import annotations

from typing import Any

from flask import abort, jsonify, request
from flask_admin import expose
from wtforms.fields.core import UnboundField

from . import documents, search
from .fields import ReferenceField
from .file_page import FileView
from .link_fields import LinksField
from .references import Target

LOOKING_UP = (ReferenceField, LinksField)


class LookUpView(FileView):
    """Answers for references and links of this view's own forms, to whoever may use the forms."""

    _create_form_class: Any
    _edit_form_class: Any

    @expose("/lookup/")
    def lookup_view(self) -> Any:
        """JSON: at most `references.FOUND` pairs of key and name, by name."""
        self.permit(self.can_create or self.can_edit)
        typed = request.args.get("q", "").strip()
        if not documents.is_storable(typed) or len(typed) > search.LONGEST:
            abort(400, "This cannot be looked for: it is too long, or no text.")
        kind, target = self._field(request.args.get("field", ""))
        found = kind.look_up(target, typed) if kind is LinksField else target.search(typed)
        answer = jsonify(found)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _field(self, name: str) -> tuple[Any, Target]:
        """The kind of the field of that name, and what it refers to. 404 when no form of these has
        such a field."""
        first, _, rest = name.partition("-")
        for each in self.inlines:
            if each.key == first and each.is_shown():
                may = (each.may_edit, each.may_create)
                return self._field_in(each.forms, rest.rpartition("-")[2], *may)
        return self._field_in(self, name, self.can_edit, self.can_create)

    @staticmethod
    def _field_in(view: Any, name: str, edits: bool, creates: bool) -> tuple[Any, Target]:
        for form, is_used in (
            (view._edit_form_class, edits),
            (view._create_form_class, creates),
        ):
            field = vars(form).get(name) if is_used else None
            if isinstance(field, UnboundField) and field.field_class in LOOKING_UP:
                return field.field_class, field.kwargs["target"]
        abort(404, "The form has no such reference.")
