"""A forgotten password: the link to a new one, from an administrator, a command, or by mail."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select, text

from tests import accounts
from tests.auth import smtp
from tests.auth.conftest import account_id, events, with_password
from tests.ready import done_with, make_ready
from webapp import create_app
from webapp.accounts.commands import user
from webapp.auth import accounts as ours
from webapp.auth import mail
from webapp.auth.models import OneTimeLink
from webapp.extensions import db
from webapp.versioning import utcnow

NEW = "four quiet harbours later"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


def make_link(app: Flask, name: str = "Alice") -> str:
    answer = accounts.as_(app, "Carol").post(f"/admin/accounts/{account_id(app, name)}/link/")
    assert answer.status_code == 200, answer.text
    found = re.search(r'value="http://localhost(/new-password\?token=[\w-]+)"', answer.text)
    assert found
    return found[1]


def use(app: Flask, link: str, password: str = NEW, **typed: str) -> int:
    token = link.partition("token=")[2]
    data = {"token": token, "password": password, "again": password, **typed}
    return accounts.as_(app, None).post("/new-password", data=data).status_code


def may_sign_in(app: Flask, password: str) -> bool:
    typed = {"email": accounts.address("Alice"), "password": password}
    return accounts.as_(app, None).post("/sign-in", data=typed).status_code == 302


def test_a_link_of_an_administrator_leads_to_a_new_password(app: Flask) -> None:
    with_password(app)
    link = make_link(app)
    assert may_sign_in(app, accounts.PASSWORD)  # nothing is changed until it is used
    page = accounts.as_(app, None).get(link)
    assert page.status_code == 200 and "For the account of" in page.text
    assert use(app, link) == 302
    assert may_sign_in(app, NEW) and not may_sign_in(app, accounts.PASSWORD)
    told = events(app)
    assert ("password link made", "Alice", "Carol") in told
    assert ("password link used", "Alice", None) in told
    assert NEW not in str(told)


def test_a_new_password_ends_every_sign_in(app: Flask) -> None:
    alice = accounts.as_(app, "Alice")
    assert use(app, make_link(app)) == 302
    assert alice.get("/admin/").status_code == 302


def test_the_link_signs_nobody_in(app: Flask) -> None:
    eve, link = accounts.as_(app, None), make_link(app)
    data = {"token": link.partition("token=")[2], "password": NEW, "again": NEW}
    assert eve.post("/new-password", data=data).location == "/sign-in"
    assert eve.get("/admin/").status_code == 302


def test_a_link_works_once(app: Flask) -> None:
    link = make_link(app)
    assert [use(app, link), use(app, link)] == [302, 404]


def test_of_two_at_once_one_sets_the_password(app: Flask) -> None:
    link = make_link(app)
    passwords = [NEW, "eleven old kettles sing"]
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lambda each: use(app, link, each), passwords)) == [302, 404]


def test_a_newer_link_ends_the_older(app: Flask) -> None:
    older, newer = make_link(app), make_link(app)
    assert [use(app, older), use(app, newer)] == [404, 302]


@pytest.mark.parametrize("what", ["hour", "password", "disabled"])
def test_a_link_ends_with(app: Flask, what: str) -> None:
    link = make_link(app)
    with app.app_context():
        alice = ours.named("Alice")
        assert alice
        if what == "hour":
            row = db.session.scalars(select(OneTimeLink)).one()
            row.expires_at = utcnow() - timedelta(seconds=1)
            db.session.commit()
        elif what == "password":
            ours.set_password(alice, accounts.PASSWORD)
        else:
            ours.set_active(alice, False)
            ours.set_active(alice, True)
    assert use(app, link) == 404


@pytest.mark.parametrize("typed", [{"password": "short", "again": "short"}, {"again": "other"}])
def test_a_password_that_cannot_be_leaves_the_link_open(app: Flask, typed: dict[str, str]) -> None:
    link = make_link(app)
    assert use(app, link, **typed) == 422
    assert use(app, link) == 302


def test_no_link_is_made_for_a_disabled_account(app: Flask) -> None:
    with app.app_context():
        ours.set_active(ours.named("Alice"), False)
    answer = accounts.as_(app, "Carol").post(f"/admin/accounts/{account_id(app, 'Alice')}/link/")
    assert answer.status_code == 422 and "no link was made" in answer.text


def test_a_link_asks_for_the_password_when_the_last_time_is_long_ago(app: Flask) -> None:
    with_password(app, "Carol")
    carol = accounts.as_(app, None)
    carol.post("/sign-in", data={"email": accounts.address("Carol"), "password": accounts.PASSWORD})
    with carol.session_transaction() as session:
        session["fs_paa"] = time.time() - 16 * 60
    answer = carol.post(f"/admin/accounts/{account_id(app, 'Alice')}/link/")
    assert answer.status_code == 302 and answer.location.startswith("/confirm")


def test_the_command_makes_a_link_as_well(app: Flask) -> None:
    said = CliRunner().invoke(user, ["link", accounts.address("Alice")], obj=lambda: app).output
    assert use(app, said.strip().rpartition(" ")[2]) == 302


def test_the_database_holds_no_token(app: Flask) -> None:
    token = make_link(app).partition("token=")[2]
    with app.app_context():
        assert token not in str(db.session.execute(text("SELECT * FROM one_time_link")).all())


def test_without_mail_the_sign_in_page_says_whom_to_ask(app: Flask) -> None:
    eve = accounts.as_(app, None)
    assert "Ask an administrator for a link" in eve.get("/sign-in").text
    assert eve.get("/forgotten").status_code == 404
    assert eve.post("/forgotten", data={"email": "alice@example.org"}).status_code == 404


@pytest.fixture
def mails() -> Iterator[tuple[str, Queue[EmailMessage]]]:
    with smtp.serving() as found:
        yield found


@pytest.fixture
def mailing(
    tmp_path: Path,
    database_url: str,
    mails: tuple[str, Queue[EmailMessage]],
    settings: dict[str, Any],
) -> Iterator[Flask]:
    app = create_app(
        {
            **accounts.SETTINGS,
            "WTF_CSRF_ENABLED": False,
            "DATABASE_URL": database_url,
            "INSTANCE_PATH": str(tmp_path / "mailing"),
            "MAIL_URL": mails[0],
            "MAIL_FROM": "admin@example.org",
            "SITE_URL": "https://admin.example.org",
            **settings,
        }
    )
    make_ready(app)
    yield app
    app.extensions["mail"].shutdown()
    done_with(app)


def ask(app: Flask, email: str) -> tuple[int, str, str]:
    browser = accounts.as_(app, None)
    answer = browser.post("/forgotten", data={"email": email})
    return answer.status_code, answer.location, browser.get("/sign-in").text.replace(email, "…")


def last_event(app: Flask, kind: str) -> None:
    """Wait for an event of that kind."""
    end = time.monotonic() + 15
    while kind not in [each for each, _, _ in events(app)]:
        assert time.monotonic() < end, events(app)
        time.sleep(0.02)


def test_a_mailed_link_leads_to_a_new_password(
    mailing: Flask, mails: tuple[str, Queue[EmailMessage]]
) -> None:
    code, location, page = ask(mailing, "ALICE@example.org")
    assert (code, location) == (302, "/sign-in") and "on its way" in page
    sent = mails[1].get(timeout=15)
    assert (sent["To"], sent["From"]) == ("alice@example.org", "admin@example.org")
    words = str(sent.get_content())
    link = re.search(r"https://admin\.example\.org(/new-password\?token=[\w-]+)\s", words)
    assert link and use(mailing, link[1]) == 302
    assert may_sign_in(mailing, NEW)
    assert "password link mailed" in [kind for kind, _, _ in events(mailing)]


def test_asking_for_a_mail_ends_no_other_link(
    mailing: Flask, mails: tuple[str, Queue[EmailMessage]]
) -> None:
    with mailing.app_context():
        alice = ours.named("Alice")
        assert alice
        token = ours.password_link(alice)
    ask(mailing, "alice@example.org")
    mails[1].get(timeout=15)
    assert use(mailing, f"token={token}") == 302


def test_host_header_a_mail_leads_to_the_site_alone(
    mailing: Flask, mails: tuple[str, Queue[EmailMessage]]
) -> None:
    typed, headers = {"email": "alice@example.org"}, {"Host": "evil.example"}
    accounts.as_(mailing, None).post("/forgotten", data=typed, headers=headers)
    words = str(mails[1].get(timeout=15).get_content())
    assert "https://admin.example.org/new-password?" in words and "evil" not in words


def test_an_unknown_address_gets_the_same_answer_and_no_mail(
    mailing: Flask, mails: tuple[str, Queue[EmailMessage]]
) -> None:
    known, unknown = ask(mailing, "alice@example.org"), ask(mailing, "nobody@example.org")
    assert known[:2] == unknown[:2]
    assert "on its way" in known[2] and "on its way" in unknown[2]
    last_event(mailing, "password link asked in vain")
    assert mails[1].get(timeout=15)["To"] == "alice@example.org"
    assert mails[1].empty()


def test_the_answer_waits_for_no_mail_server(mailing: Flask) -> None:
    """So that its time tells nothing: here the server takes the call and never speaks."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mailing.config["MAIL_URL"] = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        assert ask(mailing, "alice@example.org")[0] == 302
        assert time.monotonic() - began < mail.SECONDS


def test_a_disabled_account_gets_no_mail(
    mailing: Flask, mails: tuple[str, Queue[EmailMessage]]
) -> None:
    with mailing.app_context():
        ours.set_active(ours.named("Alice"), False)
    ask(mailing, "alice@example.org")
    last_event(mailing, "password link asked in vain")
    assert mails[1].empty()


@pytest.mark.parametrize("email", ["a\r\nBcc: eve@example.org", "x" * 400 + "@example.org", ""])
def test_header_injection_what_is_no_address_sends_nothing(
    mailing: Flask, mails: tuple[str, Queue[EmailMessage]], email: str
) -> None:
    assert ask(mailing, email)[0] in (302, 422)
    mailing.extensions["mail"].shutdown()
    assert mails[1].empty()


def test_a_mail_server_that_is_away_is_told_in_the_log_without_the_link(
    mailing: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    mailing.config["MAIL_URL"] = "smtp://name:secret@127.0.0.1:1"
    assert ask(mailing, "alice@example.org")[0] == 302
    mailing.extensions["mail"].shutdown()
    assert "was not sent" in caplog.text
    assert "token" not in caplog.text and "secret" not in caplog.text


@pytest.mark.parametrize("settings", [{"RATELIMIT_ENABLED": True}])
def test_asking_very_often_is_slowed_down(mailing: Flask) -> None:
    codes = [
        accounts.as_(mailing, None).post("/forgotten", data={"email": "alice@example.org"})
        for _ in range(6)
    ]
    assert [each.status_code for each in codes] == [302] * 5 + [429]
