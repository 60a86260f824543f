"""The events of accounts and repairs, newest first: for auditors and administrators to read."""

from __future__ import annotations

import re
from typing import Any

from flask import abort, current_app, request
from flask_admin import BaseView, expose
from sqlalchemy import select

from webapp.auth import events, who
from webapp.auth.models import AccountEvent
from webapp.auth.policy import READ_EVENTS
from webapp.extensions import db

NUMBER = re.compile(r"[1-9]\d{0,17}", re.ASCII)
LONGEST = 200


class EventsView(BaseView):
    """`/admin/events/`, with `kind`, `account` and `before` in its address."""

    account_menu = True
    view_permissions = {"index_view": READ_EVENTS}

    def is_accessible(self) -> bool:
        return who.person().may_site(READ_EVENTS)

    def is_visible(self) -> bool:
        """Hook: it stands in the menu of the person, not among the models."""
        return False

    @expose("/")
    def index_view(self) -> Any:
        kind, account = request.args.get("kind", ""), request.args.get("account", "")[:LONGEST]
        size = current_app.config["PAGE_SIZE"]
        query = select(AccountEvent).order_by(AccountEvent.id.desc()).limit(size + 1)
        if kind:
            if kind not in events.KINDS:
                abort(400, "There is no such kind of event: choose one from the list.")
            query = query.where(AccountEvent.kind == kind)
        if account:
            query = query.where(AccountEvent.account == account)
        if before := self._before():
            query = query.where(AccountEvent.id < before)
        found = list(db.session.scalars(query))
        kept = {name: text for name, text in (("kind", kind), ("account", account)) if text}
        older = found[size - 1].id if len(found) > size else None
        return self.render(
            "accounts/events.html",
            events=found[:size],
            kinds=events.KINDS,
            asked=kept,
            older_url=self.get_url(".index_view", **kept, before=older) if older else None,
            first_url=self.get_url(".index_view", **kept) if before else None,
        )

    @staticmethod
    def _before() -> int | None:
        text = request.args.get("before")
        if not text:
            return None
        if not NUMBER.fullmatch(text):
            abort(400, "“before” is no number of an event.")
        return int(text)
