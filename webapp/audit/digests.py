"""What a change's versions hold, as digests."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from webapp.versioning import recorded_models

CLOSING = ("is_current_version", "version_to")


def change_digest(session: Session, change_id: int) -> str:
    return change_digests(session, [change_id])[change_id]


def change_digests(session: Session, ids: Collection[int]) -> dict[int, str]:
    found = {id: hashlib.sha256() for id in ids}
    for model in recorded_models(session):
        table: Any = inspect(model).local_table
        query = select(table).where(table.c.change_id.in_(ids)).order_by(table.c.id)
        for row in session.execute(query):
            kept = [value for name, value in row._mapping.items() if name not in CLOSING]
            found[row.change_id].update(repr((model.__name__, kept)).encode())
    return {id: each.hexdigest() for id, each in found.items()}
