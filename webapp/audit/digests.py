"""What a change's versions hold, as digests."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.versioning import data_columns, recorded_models


def change_digest(session: Session, change_id: int) -> str:
    return change_digests(session, [change_id])[change_id]


def change_digests(session: Session, ids: Collection[int]) -> dict[int, str]:
    found = {id: hashlib.sha256() for id in ids}
    for model in recorded_models(session):
        rows: Any = model
        query = select(rows).where(rows.change_id.in_(ids)).order_by(rows.id)
        for row in session.scalars(query.execution_options(populate_existing=True)):
            values = [getattr(row, name) for name in data_columns(type(row))]
            line = repr((model.__name__, row.id, row.version_id, row.version_op, values))
            found[row.change_id].update(line.encode())
    return {id: each.hexdigest() for id, each in found.items()}
