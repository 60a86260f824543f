"""Passwords that leaked are refused wherever a password is set."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from flask import Flask

from tests import accounts
from tests.auth.conftest import account_id, events
from webapp.accounts.commands import user
from webapp.auth import accounts as ours

LEAKED = ["1q2w3e4r5t6y", "123456qwerty", "motherfucker", "MotherFucker", "leavemealone"]


@pytest.mark.parametrize("password", LEAKED)
def test_a_password_that_leaked_is_refused_with_a_word(app: Flask, password: str) -> None:
    with app.app_context(), pytest.raises(ours.AccountError, match="leaked"):
        ours.set_password(ours.named("Alice"), password)
    assert events(app) == []


@pytest.mark.parametrize("password", ["seven odd lanterns hum", "Ünïcode wörds äre fïne"])
def test_one_that_did_not_is_taken(app: Flask, password: str) -> None:
    with app.app_context():
        ours.set_password(ours.named("Alice"), password)
    assert [kind for kind, _, _ in events(app)] == ["password changed"]


def test_an_administrator_may_not_set_one_either(app: Flask) -> None:
    address = f"/admin/accounts/{account_id(app, 'Alice')}/password/"
    answer = accounts.as_(app, "Carol").post(address, data={"password": LEAKED[0]})
    assert answer.status_code == 422 and "leaked" in answer.text
    assert LEAKED[0] not in answer.text


def test_nor_may_the_command(app: Flask) -> None:
    arguments = ["password", accounts.address("Alice"), "--password-stdin"]
    result = CliRunner().invoke(user, arguments, obj=lambda: app, input=LEAKED[0])
    assert result.exit_code == 1 and "leaked" in str(result.exception)
