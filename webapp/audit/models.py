"""The table of reviews: of each change, what was asked, answered and decided about it, in order.

Row 0 says why the change awaits a review (or that a draw passed it by), each later one is an act of
a person. Rows are never altered or removed, save that the next one's number is noted in the row
that it follows. So the last row of a change, the one that nothing follows, is its state, and an
index over the last rows alone finds what awaits whom, however much was reviewed before.

The database itself decides between two who act at once: there is one row of each number.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import db
from webapp.versioning import UtcDateTime

ID = BigInteger().with_variant(Integer, "sqlite")
LAST = text("followed_by IS NULL")


class Act(StrEnum):
    """What a row says. The last one of a change is its state."""

    PASSED = "passed"
    DUE = "due"
    QUERY = "query"
    ANSWER = "answer"
    SIGN_OFF = "sign-off"
    REJECT = "reject"


class Review(db.Model):
    """One row of what was said about a change.

    `actor` and `change_at` are those of the change, so that the lists need not look for them.
    `person` is the account that acted, None where a policy did. `why` tells of row 0 which policies
    asked for the review. `digest` stands for the versions that the person saw, `corrected_by` for
    the change by which a query was answered, and `act_id` is shared by the rows of one bulk act.
    """

    __tablename__ = "review"

    id: Mapped[int] = mapped_column(ID, primary_key=True, sort_order=-1)
    change_id: Mapped[int] = mapped_column(ForeignKey("change.id"))
    n: Mapped[int]
    act: Mapped[str] = mapped_column(String(10))
    person: Mapped[str | None] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    comment: Mapped[str | None] = mapped_column(Text)
    why: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    digest: Mapped[str | None] = mapped_column(String(64))
    corrected_by: Mapped[int | None] = mapped_column(ForeignKey("change.id"))
    request_id: Mapped[str | None] = mapped_column(String(64))
    act_id: Mapped[str | None] = mapped_column(String(32))
    change_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str | None] = mapped_column(Text)
    followed_by: Mapped[int | None]

    __table_args__ = (
        UniqueConstraint("change_id", "n"),
        # Whoever says that a row follows has to bring it, by the end of the transaction.
        ForeignKeyConstraint(
            ["change_id", "followed_by"],
            ["review.change_id", "review.n"],
            name="fk_review_followed_by",
            deferrable=True,
            initially="DEFERRED",
        ),
        CheckConstraint("followed_by = n + 1", name="next"),
        CheckConstraint(
            "act NOT IN ('query', 'sign-off', 'reject') OR person <> actor", name="four_eyes"
        ),
        Index(
            "ix_review_state", "act", "change_at", "change_id",
            sqlite_where=LAST, postgresql_where=LAST,
        ),
        Index(
            "ix_review_actor_state", "actor", "act", "change_at", "change_id",
            sqlite_where=LAST, postgresql_where=LAST,
        ),
        {"info": {"append_only": {"followed_by"}}},
    )  # fmt: skip


#: What may come after what; nothing after what ends a review. None: nothing was said yet.
MAY_FOLLOW: dict[Act | None, frozenset[Act]] = {
    None: frozenset({Act.QUERY, Act.SIGN_OFF, Act.REJECT}),
    Act.PASSED: frozenset({Act.QUERY, Act.SIGN_OFF, Act.REJECT}),
    Act.DUE: frozenset({Act.QUERY, Act.SIGN_OFF, Act.REJECT}),
    Act.QUERY: frozenset({Act.QUERY, Act.ANSWER, Act.SIGN_OFF, Act.REJECT}),
    Act.ANSWER: frozenset({Act.QUERY, Act.ANSWER, Act.SIGN_OFF, Act.REJECT}),
    Act.SIGN_OFF: frozenset(),
    Act.REJECT: frozenset(),
}
