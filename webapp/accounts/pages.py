"""Where the admin finds the pages of this room."""

from __future__ import annotations

from flask_admin import Admin

from .accounts_page import AccountsView
from .events_page import EventsView

#: Endpoints that no model may take.
ENDPOINTS = ("accounts", "events")


def init_accounts(admin: Admin) -> None:
    """Add the pages of this room to the admin."""
    admin.add_view(AccountsView("Accounts", endpoint="accounts"))
    admin.add_view(EventsView("Events of accounts", endpoint="events"))
