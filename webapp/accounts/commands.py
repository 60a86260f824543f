"""The command `user`: accounts from the command line, the first administrator among them."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from flask import Flask, current_app
from sqlalchemy import select

from webapp import database
from webapp.auth import accounts, recovery, second_step
from webapp.auth.models import Account
from webapp.auth.policy import Role
from webapp.config import ConfigError
from webapp.extensions import db

MakeApp = Callable[[], Flask]
ROLES = click.Choice([role.value for role in Role])


@click.group()
def user() -> None:
    """Make accounts, list them, and change what they may do."""


@user.command()
@click.option("--name", prompt="Name", help="What changes are signed with; never used again.")
@click.option("--email", prompt="E-mail address", help="What one signs in with.")
@click.option("--role", "roles", type=ROLES, multiple=True, required=True, help="May be repeated.")
@click.option("--generate", is_flag=True, help="Make a password and print it, once.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.pass_obj
def create(
    make_app: MakeApp,
    name: str,
    email: str,
    roles: tuple[str, ...],
    generate: bool,
    password_stdin: bool,
) -> None:
    """Make an account. The password is asked for, twice, unless it is to be made."""
    with _accounts(make_app):
        password = _password(generate, password_stdin)
        account = accounts.create(name, email, password, roles)
        click.echo(f"{account.name} may sign in with {account.email} as {', '.join(roles)}.")
        if generate:
            click.echo(f"Password, shown only now: {password}")


@user.command("list")
@click.pass_obj
def list_(make_app: MakeApp) -> None:
    """List the accounts, one a line."""
    with _accounts(make_app):
        for each in db.session.scalars(select(Account).order_by(Account.name_key)):
            roles = ", ".join(grant.name for grant in each.roles) or "no role"
            state = "" if each.active else ", disabled"
            click.echo(f"{each.name} <{each.email}>: {roles}{state}")


@user.command("roles")
@click.argument("email")
@click.option("--role", "roles", type=ROLES, multiple=True, help="May be repeated; none: no role.")
@click.pass_obj
def set_roles(make_app: MakeApp, email: str, roles: tuple[str, ...]) -> None:
    """Give an account exactly these roles, from its next request on."""
    with _accounts(make_app):
        account = _account(email)
        changed = accounts.set_roles(account, roles)
        given = ", ".join(roles) or "no role"
        click.echo(f"{account.name} has {given}{'' if changed else ', as before'}.")


@user.command("password")
@click.argument("email")
@click.option("--generate", is_flag=True, help="Make a password and print it, once.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.pass_obj
def set_password(make_app: MakeApp, email: str, generate: bool, password_stdin: bool) -> None:
    """Give an account a new password, and end its sign-ins."""
    with _accounts(make_app):
        account = _account(email)
        password = _password(generate, password_stdin)
        accounts.set_password(account, password)
        click.echo(f"{account.name} has a new password and is signed out everywhere.")
        if generate:
            click.echo(f"Password, shown only now: {password}")


@user.command()
@click.argument("email")
@click.pass_obj
def link(make_app: MakeApp, email: str) -> None:
    """Make a link by which one chooses a new password: once, within an hour."""
    with _accounts(make_app):
        account = _account(email)
        path = recovery.path_of(accounts.password_link(account))
        site = current_app.config["SITE_URL"]
        where = "" if site else " (after the address that people open this site with)"
        click.echo(f"Link for {account.name}, shown only now{where}: {site}{path}")


@user.command("reset-second-step")
@click.argument("email")
@click.pass_obj
def reset_second_step(make_app: MakeApp, email: str) -> None:
    """Take second step and passkeys away from somebody who lost them, and end their sign-ins."""
    with _accounts(make_app):
        account = _account(email)
        changed = second_step.reset(account)
        click.echo(
            f"{account.name} has no second step and no passkey{'' if changed else ', as before'}."
        )


@user.command()
@click.argument("email")
@click.pass_obj
def disable(make_app: MakeApp, email: str) -> None:
    """Keep an account out from its next request on. What it did stays under its name."""
    _set_active(make_app, email, False)


@user.command()
@click.argument("email")
@click.pass_obj
def enable(make_app: MakeApp, email: str) -> None:
    """Let a disabled account sign in again."""
    _set_active(make_app, email, True)


def _set_active(make_app: MakeApp, email: str, active: bool) -> None:
    with _accounts(make_app):
        account = _account(email)
        changed = accounts.set_active(account, active)
        state = "enabled" if active else "disabled"
        click.echo(f"{account.name} is {state}{'' if changed else ', as before'}.")


@contextmanager
def _accounts(make_app: MakeApp) -> Iterator[None]:
    with make_app().app_context():
        database.create_tables()
        try:
            yield
        except accounts.AccountError as error:
            raise ConfigError(str(error)) from None
        finally:
            database.close()


def _account(email: str) -> Account:
    account = accounts.by_email(email)
    if account is None:
        raise ConfigError(f"There is no account with the address {email}: see `user list`.")
    return account


def _password(generate: bool, from_stdin: bool) -> str:
    if generate:
        return secrets.token_urlsafe(16)
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password
