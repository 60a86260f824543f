"""The command `user`, as an operator types it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from tests import accounts
from webapp.accounts.commands import user
from webapp.auth import accounts as ours

FRANK = ("create", "--name", "Frank", "--email", "Frank@Example.org", "--role", "administrator")


def run(app: Flask, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(user, arguments, obj=lambda: app, input=typed)


def test_the_first_account_is_made_with_a_password_that_is_asked_for_twice(app: Flask) -> None:
    result = run(app, *FRANK, typed=f"{accounts.PASSWORD}\n{accounts.PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert accounts.PASSWORD not in result.output
    typed = {"email": "frank@example.org", "password": accounts.PASSWORD}
    frank = accounts.as_(app, None)
    assert frank.post("/sign-in", data=typed).status_code == 302
    assert frank.get("/admin/accounts/").status_code == 200


def test_a_made_password_is_printed_once_and_works(app: Flask) -> None:
    result = run(app, *FRANK, "--generate")
    password = result.output.split("shown only now: ")[1].strip()
    typed = {"email": "frank@example.org", "password": password}
    assert accounts.as_(app, None).post("/sign-in", data=typed).status_code == 302


def test_a_role_is_needed(app: Flask) -> None:
    assert run(app, *FRANK[:-2], "--generate").exit_code == 2


def test_roles_passwords_and_states_are_changed(app: Flask) -> None:
    email = accounts.address("Dave")
    assert "has editor" in run(app, "roles", email, "--role", "editor").output
    assert "as before" in run(app, "roles", email, "--role", "editor").output
    assert "is disabled" in run(app, "disable", email).output
    assert "Dave <dave@example.org>: editor, disabled" in run(app, "list").output
    assert "is enabled" in run(app, "enable", email).output
    assert run(app, "password", email, "--password-stdin", typed=accounts.PASSWORD).exit_code == 0
    typed = {"email": email, "password": accounts.PASSWORD}
    assert accounts.as_(app, None).post("/sign-in", data=typed).status_code == 302


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(("disable", "carol@example.org"), "only administrator"),
     (("roles", "eve@example.org"), "no account"),
     ((*FRANK[:2], "Alice", *FRANK[3:], "--generate"), "taken")],
)  # fmt: skip
def test_what_cannot_be_is_told_and_changes_nothing(
    app: Flask, arguments: tuple[str, ...], word: str
) -> None:
    result = run(app, *arguments)
    assert result.exit_code == 1
    assert word in str(result.exception)
    with app.app_context():
        carol = ours.named("Carol")
        assert carol and carol.active
