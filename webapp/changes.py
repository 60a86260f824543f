"""The table of changes, and what a request or a command says about the one that it makes."""

from __future__ import annotations

import getpass
import uuid

from flask import g, has_request_context

from webapp.extensions import db
from webapp.versioning import ChangeContext, ChangeRecord

ANONYMOUS = "anonymous"


class Change(ChangeRecord, db.Model):
    """What one transaction did: who made it, when, why, and from where."""

    __tablename__ = "change"


def describe() -> ChangeContext:
    """Asked once for each transaction that makes a version.

    In a request, a view names the person in `g.actor` and the reason in `g.reason`; nobody named
    is "anonymous". Outside of one, it is the user of the command line.
    """
    if has_request_context():
        return ChangeContext(
            actor=g.get("actor") or ANONYMOUS,
            reason=g.get("reason") or None,
            origin="web",
            request_id=request_id(),
        )
    return ChangeContext(actor=_user(), reason=None, origin="command", request_id=None)


def request_id() -> str:
    """The id of the running request, which its log lines and its change share."""
    if "request_id" not in g:
        g.request_id = uuid.uuid4().hex
    return str(g.request_id)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "command line"
