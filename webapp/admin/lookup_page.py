"""Look-ups for a form: the living records that a reference may point at, by what is typed."""

from __future__ import annotations

from typing import Any

from flask import abort, jsonify, request
from flask_admin import expose
from wtforms.fields.core import UnboundField

from . import documents, search
from .fields import ReferenceField
from .file_page import FileView
from .references import Target


class LookUpView(FileView):
    """Answers for the references of this view's own forms alone, to whoever may use the forms."""

    _create_form_class: Any
    _edit_form_class: Any

    @expose("/lookup/")
    def lookup_view(self) -> Any:
        """JSON: at most `references.FOUND` pairs of key and name, by name."""
        self.permit(self.can_create or self.can_edit)
        typed = request.args.get("q", "").strip()
        if not documents.is_storable(typed) or len(typed) > search.LONGEST:
            abort(400, "This cannot be looked for: it is too long, or no text.")
        answer = jsonify(self._target(request.args.get("field", "")).search(typed))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _target(self, name: str) -> Target:
        """What the field of that name refers to. 404 when no form of these has such a field."""
        first, _, rest = name.partition("-")
        for each in self.inlines:
            if each.key == first and each.is_shown():
                may = (each.may_edit, each.may_create)
                return self._target_in(each.forms, rest.rpartition("-")[2], *may)
        return self._target_in(self, name, self.can_edit, self.can_create)

    @staticmethod
    def _target_in(view: Any, name: str, edits: bool, creates: bool) -> Target:
        for form, is_used in (
            (view._edit_form_class, edits),
            (view._create_form_class, creates),
        ):
            field = vars(form).get(name) if is_used else None
            if isinstance(field, UnboundField) and field.field_class is ReferenceField:
                target: Target = field.kwargs["target"]
                return target
        abort(404, "The form has no such reference.")
