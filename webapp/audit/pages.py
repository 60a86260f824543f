"""The pages of this room, and where the admin finds them."""

from __future__ import annotations

from flask_admin import Admin

from .undo_page import UndoView

#: Endpoints that no model may take.
ENDPOINTS = ("changes",)


class ChangesView(UndoView):
    """`/admin/changes/`: the feed, the page of a change, and its undo."""


def init_audit(admin: Admin) -> None:
    """Add the pages of this room to the admin and to its navigation."""
    admin.add_view(ChangesView("Changes", endpoint="changes"))
