"""The base of pages that show several models at once."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_admin import BaseView

from .subjects import Subjects


class AcrossModels(BaseView):
    """A page of the admin that belongs to no single model."""

    #: What the page is for, in a few words under its name on the home page.
    about: str = ""

    @property
    def subjects(self) -> Subjects:
        """The models, kept for the length of the request: who asks decides which may be seen."""
        if "subjects" not in g:
            g.subjects = Subjects(self.admin)
        found: Subjects = g.subjects
        return found

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Hook: the stock one turns every TypeError into one about an argument `cls`."""
        return fn(self, *args, **kwargs)
