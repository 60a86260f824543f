"""The children in a record's form, as the pages that show and save it need them."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_admin.helpers import get_form_data

from .drafts import Draft
from .form_view import FormView
from .inline_children import Children


class InlineView(FormView):
    """What `inline_models` adds to a form: sections of rows, saved in the one change of the record.

    The record itself gets a version only where it was edited as well.
    """

    edit_template: str
    _form_edit_rules: Any

    def scaffold_inline_form_models(self, form_class: type[Any]) -> type[Any]:
        """Hook: the stock one puts fields into the form that edit the children's rows in place."""
        return form_class

    def with_children(self, form: Any, owner: Any) -> Any:
        """The form, with the sections that the person may see: as stored, or as sent. A record that
        is yet to be made, None, has no children."""
        sent = get_form_data()
        shown = (each for each in self.inlines if each.is_shown())
        form.inlines = tuple(Children(each, owner, sent) for each in shown)
        if request.method == "GET":
            for each in form.inlines:
                each.learn_names()
        return form

    def write_children(self, form: Any, owner: Any) -> None:
        """Put what was typed into the children; into their owner it was put before."""
        for each in form.inlines:
            each.owner = owner
            each.write(self.session.session)

    def flush_children(self, form: Any) -> None:
        """Find out what was written, which the commit would make to be loaded again."""
        if form.inlines:
            self.session.session.flush()
            for each in form.inlines:
                each.count()

    @staticmethod
    def said_of_children(form: Any) -> str:
        """What was done with them, in a sentence; "" for nothing."""
        return " ".join(each.said for each in form.inlines if each.said)

    @staticmethod
    def has_conflict(form: Any) -> bool:
        """Whether someone saved a row meanwhile that the person edited too."""
        return any(each.conflicts for each in form.inlines)

    @staticmethod
    def has_rows_to_write(form: Any) -> bool:
        return any(each.to_write or each.conflicts for each in form.inlines)

    def rows_page(self, form: Any, draft: Draft, model: Any) -> Any:
        """409: the form again, with both sides of the rows that someone else saved meanwhile."""
        if draft.asked:
            return self.merge_page(draft, model, too_late=False)
        page, _ = self.form_page(self.edit_template, form, self._form_edit_rules, model)
        return page, 409
