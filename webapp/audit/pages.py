"""The pages of this room, and where the admin finds them."""

from __future__ import annotations

from functools import partial

from flask_admin import Admin

from webapp.admin.home import add_panel

from . import reads
from .home_panel import activity_panel
from .reads_page import ReadsView
from .undo_page import UndoView

#: Endpoints that no model may take.
ENDPOINTS = ("changes", "reads")


class ChangesView(UndoView):
    """`/admin/changes/`: the feed, the page of a change, and its undo."""

    about = "Who changed what, when and why"


def init_audit(admin: Admin) -> None:
    """Add the pages of this room to the admin and to its navigation."""
    view = ChangesView("Changes", endpoint="changes")
    admin.add_view(view)
    add_panel(admin, partial(activity_panel, view))
    admin.add_view(ReadsView("Reads", endpoint="reads"))
    reads.init_app(admin.app, admin._views)
