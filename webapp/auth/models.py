"""The tables of accounts: who may sign in, how, with which roles, and what happened.

Accounts and grants are written in place; nothing is lost by it, since each change of them is an
event, and the table of events only grows.
"""

from __future__ import annotations

import datetime as dt

from flask_security import RoleMixin, UserMixin
from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import db
from webapp.versioning import UtcDateTime, utcnow

LONGEST_NAME = 80
LONGEST_EMAIL = 254


class Grant(RoleMixin, db.Model):
    """One role of one account."""

    __tablename__ = "account_role"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(20), primary_key=True)


class Account(UserMixin, db.Model):
    """A person who may sign in. Changes bear the `name`, so it is never given to somebody else:
    accounts are disabled, not deleted, and names are unique whatever their capitals."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    name_key: Mapped[str] = mapped_column(String(LONGEST_NAME * 3), unique=True)
    email: Mapped[str] = mapped_column(String(LONGEST_EMAIL), unique=True)
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    #: Made by the demo, without a password: good for nothing where the demo does not run.
    demo: Mapped[bool] = mapped_column(default=False)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)

    roles: Mapped[list[Grant]] = relationship(  # type: ignore[assignment]
        order_by=Grant.name, cascade="all, delete-orphan", lazy="selectin"
    )
    second_step: Mapped[SecondStep | None] = relationship()


class SecondStep(db.Model):
    """The authenticator app of an account. Its key is encrypted; `last_counter` is the time step of
    the newest code that was used, so that none is used twice."""

    __tablename__ = "second_step"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    sealed_key: Mapped[str] = mapped_column(Text)
    last_counter: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)


class RecoveryCode(db.Model):
    """Stands in for the authenticator app, once. Of its 140 bits the table holds a digest."""

    __tablename__ = "recovery_code"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class Passkey(db.Model):
    """A passkey of an account: the half of it that is no secret, and how it is known."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    #: In base 64; at most 1,023 bytes before that.
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    since: Mapped[dt.datetime] = mapped_column(UtcDateTime, default=utcnow)
    used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    account: Mapped[Account] = relationship()


class SignIn(db.Model):
    """One sign-in: a cookie counts only while its row here is not ended.

    The table holds a digest of the cookie's token, so that whoever reads it can sign in as nobody.
    """

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, sort_order=-1
    )
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    began_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    account: Mapped[Account] = relationship()


class OneTimeLink(db.Model):
    """An address that works once: to the first account, or to a new password of an account.

    The table holds a digest of its token, so that whoever reads it can open nothing.
    """

    __tablename__ = "one_time_link"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, sort_order=-1
    )
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    account: Mapped[Account | None] = relationship()


class AccountEvent(db.Model):
    """What happened to accounts: sign-ins, grants, passwords changed (never which); and what was
    done to the whole, such as digests completed. Append-only."""

    __tablename__ = "account_event"
    __table_args__ = {"info": {"append_only": True}}

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, sort_order=-1
    )
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    kind: Mapped[str] = mapped_column(String(40))
    #: The account that it is about; empty where the typed address belongs to nobody.
    account: Mapped[str | None] = mapped_column(String(LONGEST_NAME), index=True)
    #: Who did it: a person, or the user of the command line.
    actor: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(64))
