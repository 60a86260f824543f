"""Which version of a record is the newest: asked now and then by a page that edits it."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask_admin import expose
from sqlalchemy import select

from webapp.changes import Change
from webapp.versioning import Operation

from . import identity
from .inline_view import InlineView


class NewestView(InlineView):
    """The address `newest/?id=7`, so that an open edit page can say that someone else saved."""

    @expose("/newest/")
    def newest_view(self) -> Any:
        """`{version, actor, at}`, and `deleted` for a tombstone: one statement, by the key."""
        self.permit(self.can_edit)
        id = identity.parse(self.model, self.asked_id())
        if id is None:
            self.unknown()
        model = self.model
        actor = select(Change.actor).where(Change.id == model.change_id).scalar_subquery()
        query = (
            select(model.version_id, model.version_from, model.version_op, actor)
            .where(identity.matches(model, id))
            .order_by(model.version_id.desc())
            .limit(1)
        )
        found = self.session.session.execute(query).first()
        if found is None:
            self.unknown()
        version, at, operation, actor_name = found
        answer = {"version": version, "actor": actor_name, "at": at.isoformat()}
        if operation == Operation.DELETE:
            answer["deleted"] = True
        response = jsonify(answer)
        response.headers["Cache-Control"] = "no-store"
        return response
