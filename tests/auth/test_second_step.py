"""The second step of a sign-in: the code of an authenticator app, and what stands in for it."""

from __future__ import annotations

import html
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from passlib.totp import TOTP
from sqlalchemy import func, select, text

from tests import accounts
from tests.auth.conftest import account_id, events, with_password
from webapp import create_app
from webapp.accounts.commands import user
from webapp.auth import accounts as ours
from webapp.auth import second_step
from webapp.auth.models import Account, SignIn
from webapp.config import ConfigError
from webapp.extensions import db

NOW = 30 * 58_000_000 + 15


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def app(app: Flask) -> Flask:
    """Its clock for codes stands in the middle of a half minute."""
    app.config["CLOCK"] = lambda: NOW
    return app


def code_of(key: str, steps: int = 0) -> str:
    """The code that an app shows now, or so many half minutes later."""
    return str(TOTP(key=key).generate(time=NOW + 30 * steps).token)


def sign_in(app: Flask, name: str = "Alice", **typed: str) -> FlaskClient:
    """A browser in which the password was given."""
    browser = accounts.as_(app, None)
    data = {"email": accounts.address(name), "password": accounts.PASSWORD, **typed}
    assert browser.post("/sign-in", data=data).status_code == 302
    return browser


def is_in(browser: FlaskClient) -> bool:
    return browser.get("/admin/").status_code == 200


def shown(browser: FlaskClient) -> tuple[str, str]:
    """The key on the page that sets the second step up, and what the form has of it."""
    page = browser.get("/second-step").text
    key = re.search(r'class="mono key">([A-Z2-7 ]+)<', page)
    sealed = re.search(r'name="sealed"[^>]* value="([^"]+)"', page)
    assert key and sealed
    return key[1].replace(" ", ""), html.unescape(sealed[1])


def set_up(app: Flask, name: str = "Alice") -> tuple[str, list[str]]:
    """The key of that person's app from now on, and the recovery codes. The code of the half minute
    before is used up."""
    with_password(app, name)
    browser = sign_in(app, name)
    key, sealed = shown(browser)
    data = {"sealed": sealed, "code": code_of(key, -1)}
    answer = browser.post("/second-step", data=data)
    assert answer.status_code == 200, answer.text
    return key, re.findall(r"<li>((?:[a-z2-7]{4}-){6}[a-z2-7]{4})</li>", answer.text)


def give(browser: FlaskClient, code: str, **more: str) -> Any:
    return browser.post("/sign-in/code", data={"code": code, **more})


def test_it_is_set_up_with_a_code_and_gives_recovery_codes(app: Flask) -> None:
    _, codes = set_up(app)
    assert len(set(codes)) == second_step.RECOVERY_CODES
    assert ("second step set up", "Alice", "Alice") in events(app)


def test_the_password_alone_begins_no_session(app: Flask) -> None:
    set_up(app)
    with app.app_context():
        before = db.session.scalar(select(func.count()).select_from(SignIn))
    browser = sign_in(app)
    assert not is_in(browser)
    assert browser.get("/sign-in/code").status_code == 200
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(SignIn)) == before
    assert events(app)[-1][0] != "signed in"


def test_password_and_code_sign_in(app: Flask) -> None:
    key, _ = set_up(app)
    browser = sign_in(app, next="/admin/product/")
    at = browser.get("/sign-in/code?next=/admin/product/")
    assert 'name="next" value="/admin/product/"' in at.text
    answer = give(browser, code_of(key), next="/admin/product/")
    assert (answer.status_code, answer.location) == (302, "/admin/product/")
    assert is_in(browser)


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_open_redirect_the_code_leads_nowhere_else(app: Flask, address: str) -> None:
    key, _ = set_up(app)
    answer = give(sign_in(app, next=address), code_of(key), next=address)
    assert (answer.status_code, answer.location) == (302, "/")


@pytest.mark.parametrize("wrong", ["", "000000", "1", "x" * 60, "x" * 61, "\u0661\u0662", "-1"])
def test_a_wrong_code_signs_nobody_in_and_is_an_event(app: Flask, wrong: str) -> None:
    set_up(app)
    browser = sign_in(app)
    answer = give(browser, wrong)
    assert answer.status_code == 422 and "You are not signed in yet" in answer.text
    assert not is_in(browser)
    if 0 < len(wrong) < 61:
        assert events(app)[-1] == ("sign-in refused", "Alice", None)


def test_a_code_may_be_typed_with_spaces(app: Flask) -> None:
    key, _ = set_up(app)
    code = code_of(key)
    assert give(sign_in(app), f" {code[:3]} {code[3:]} ").status_code == 302


def test_a_code_is_not_used_twice(app: Flask) -> None:
    key, _ = set_up(app)
    code = code_of(key)
    assert give(sign_in(app), code).status_code == 302
    assert give(sign_in(app), code).status_code == 422


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 422), (0, 302), (1, 302), (2, 422)])
def test_a_code_counts_about_its_half_minute(app: Flask, steps: int, status: int) -> None:
    """The one before was used for the set-up."""
    key, _ = set_up(app)
    assert give(sign_in(app), code_of(key, steps)).status_code == status


def test_the_code_of_the_set_up_is_used_too(app: Flask) -> None:
    key, _ = set_up(app)
    assert give(sign_in(app), code_of(key, -1)).status_code == 422


def test_of_two_who_use_a_code_at_once_one_gets_in(app: Flask) -> None:
    key, _ = set_up(app)
    browsers, code = [sign_in(app), sign_in(app)], code_of(key)
    with ThreadPoolExecutor(2) as pool:
        codes = pool.map(lambda browser: give(browser, code).status_code, browsers)
        assert sorted(codes) == [302, 422]


def test_a_recovery_code_stands_in_once(app: Flask) -> None:
    _, codes = set_up(app)
    assert give(sign_in(app), codes[0].upper()).status_code == 302
    assert give(sign_in(app), codes[0]).status_code == 422
    assert give(sign_in(app), codes[1].replace("-", " ")).status_code == 302
    assert ("recovery code used", "Alice", None) in events(app)


def test_of_two_who_use_a_recovery_code_at_once_one_gets_in(app: Flask) -> None:
    _, codes = set_up(app)
    browsers = [sign_in(app), sign_in(app)]
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda browser: give(browser, codes[0]).status_code, browsers)
        assert sorted(answers) == [302, 422]


def test_a_recovery_code_of_another_account_opens_nothing(app: Flask) -> None:
    _, codes = set_up(app, "Bob")
    set_up(app)
    assert give(sign_in(app), codes[0]).status_code == 422


def test_new_recovery_codes_end_the_old(app: Flask) -> None:
    key, codes = set_up(app)
    browser = sign_in(app)
    give(browser, code_of(key))
    fresh = re.findall(r"<li>([a-z2-7-]{34})</li>", browser.post("/second-step/codes").text)
    assert give(sign_in(app), codes[0]).status_code == 422
    assert give(sign_in(app), fresh[0]).status_code == 302
    assert ("recovery codes made", "Alice", "Alice") in events(app)


def test_it_is_turned_off_with_a_code_alone(app: Flask) -> None:
    key, _ = set_up(app)
    browser = sign_in(app)
    give(browser, code_of(key))
    assert browser.post("/second-step/off", data={"code": "000000"}).status_code == 422
    assert not is_in(sign_in(app))
    assert browser.post("/second-step/off", data={"code": code_of(key, 1)}).status_code == 302
    assert is_in(sign_in(app))
    assert ("second step turned off", "Alice", "Alice") in events(app)
    assert browser.post("/second-step/off", data={"code": "000000"}).status_code == 409
    assert browser.post("/second-step/codes").status_code == 409


def test_setting_it_up_signs_out_everywhere_else(app: Flask) -> None:
    with_password(app)
    other = sign_in(app)
    assert is_in(other)
    browser = sign_in(app)
    key, sealed = shown(browser)
    browser.post("/second-step", data={"sealed": sealed, "code": code_of(key)})
    assert is_in(browser) and not is_in(other)


def test_setting_it_up_again_is_refused(app: Flask) -> None:
    with_password(app)
    browser = sign_in(app)
    (key, sealed), (other, again) = shown(browser), shown(browser)
    browser.post("/second-step", data={"sealed": sealed, "code": code_of(key)})
    browser.post("/second-step", data={"sealed": again, "code": code_of(other)})
    browser.post("/sign-out")
    assert give(sign_in(app), code_of(other, 1)).status_code == 422
    assert give(sign_in(app), code_of(key, 1)).status_code == 302


def test_the_key_of_the_page_of_another_person_is_refused(app: Flask) -> None:
    with_password(app)
    with_password(app, "Bob")
    key, sealed = shown(sign_in(app, "Bob"))
    alice = sign_in(app)
    answer = alice.post("/second-step", data={"sealed": sealed, "code": code_of(key)})
    assert answer.status_code == 422 and key not in answer.text
    assert is_in(sign_in(app))


def test_what_is_sealed_for_one_page_is_not_read_by_another(app: Flask) -> None:
    with_password(app)
    browser = sign_in(app)
    question = re.search(r'name="sealed" value="([^"]+)"', browser.get("/passkeys").text)
    assert question
    answer = browser.post("/second-step", data={"sealed": question[1], "code": "123456"})
    assert answer.status_code == 422 and "open for too long" in answer.text


@pytest.mark.parametrize("sealed", ["", "x", "\u202e", "gAAAA" * 30])
def test_a_made_up_key_is_refused(app: Flask, sealed: str) -> None:
    with_password(app)
    answer = sign_in(app).post("/second-step", data={"sealed": sealed, "code": "123456"})
    assert answer.status_code == 422 and "open for too long" in answer.text


def test_it_asks_for_the_password_when_the_last_time_is_long_ago(app: Flask) -> None:
    with_password(app)
    browser = sign_in(app)
    with browser.session_transaction() as session:
        session["fs_paa"] = time.time() - 16 * 60
    for answer in (browser.get("/second-step"), browser.post("/second-step/codes"),
                   browser.post("/second-step/off")):  # fmt: skip
        assert answer.location == "/confirm?next=/second-step"


def test_the_database_holds_neither_key_nor_recovery_codes(app: Flask) -> None:
    key, codes = set_up(app)
    with app.app_context():
        told = "".join(
            str(db.session.execute(text(f"SELECT * FROM {table}")).all())
            for table in ("second_step", "recovery_code", "account_event", "account")
        )
    assert key not in told and not any(code.replace("-", "") in told for code in codes)


@pytest.mark.parametrize("what", ["time", "disabled", "password"])
def test_the_wait_for_the_code_ends_with(app: Flask, what: str) -> None:
    key, _ = set_up(app)
    browser = sign_in(app)
    if what == "time":
        with browser.session_transaction() as session:
            session["second_step"] = [*session["second_step"][:2], time.time() - 601]
    with app.app_context():
        alice = ours.named("Alice")
        assert alice
        if what == "disabled":
            ours.set_active(alice, False)
        elif what == "password":
            ours.set_password(alice, "four quiet harbours later")
    answer = give(browser, code_of(key))
    assert (answer.status_code, answer.location) == (302, "/sign-in")
    assert not is_in(browser)


def test_without_the_password_there_is_no_second_step(app: Flask) -> None:
    key, _ = set_up(app)
    eve = accounts.as_(app, None)
    assert eve.get("/sign-in/code").location == "/sign-in"
    assert give(eve, code_of(key)).location == "/sign-in"


def test_session_fixation_the_session_is_new_after_the_code(app: Flask) -> None:
    key, _ = set_up(app)
    browser = sign_in(app)
    planted = browser.get_cookie("session")
    give(browser, code_of(key))
    with browser.session_transaction() as session:
        assert "second_step" not in session
    other = accounts.as_(app, None)
    other.set_cookie("session", planted.value)
    assert not is_in(other)


def test_a_sign_in_by_any_other_way_stops_before_it_begins(app: Flask) -> None:
    """Should a page ever forget to ask."""
    set_up(app)
    with app.test_request_context(), pytest.raises(RuntimeError, match="past the second step"):
        from flask_security.utils import login_user

        login_user(ours.named("Alice"))


@pytest.mark.own_app  # which counts what was tried
@pytest.mark.parametrize("settings", [{"RATELIMIT_ENABLED": True}])
def test_guessing_codes_is_slowed_down(app: Flask) -> None:
    key, _ = set_up(app)
    with app.app_context():
        app.extensions["throttle"].reset()  # the set-up took a code as well
    browsers = [sign_in(app), sign_in(app)]
    codes = [give(browsers[n % 2], "000000").status_code for n in range(7)]
    assert codes == [422] * 5 + [429] * 2
    assert give(browsers[0], code_of(key)).status_code == 429
    kinds = [kind for kind, _, _ in events(app)]
    assert kinds.count("sign-in throttled") == 1


def test_an_administrator_takes_it_away(app: Flask) -> None:
    key, _ = set_up(app)
    alice = sign_in(app)
    give(alice, code_of(key))
    carol, address = accounts.as_(app, "Carol"), f"/admin/accounts/{account_id(app, 'Alice')}/"
    assert "Take them away" in carol.get(address).text
    assert carol.post(f"{address}second-step/").status_code == 302
    assert not is_in(alice) and is_in(sign_in(app))
    assert ("second step reset", "Alice", "Carol") in events(app)
    assert carol.post(f"{address}second-step/").status_code == 302  # again: nothing to do
    assert [kind for kind, _, _ in events(app)].count("second step reset") == 1


def test_taking_it_away_asks_for_the_password_when_the_last_time_is_long_ago(app: Flask) -> None:
    set_up(app)
    with_password(app, "Carol")
    carol = sign_in(app, "Carol")
    with carol.session_transaction() as session:
        session["fs_paa"] = time.time() - 16 * 60
    answer = carol.post(f"/admin/accounts/{account_id(app, 'Alice')}/second-step/")
    assert answer.location.startswith("/confirm")
    assert not is_in(sign_in(app))


def test_the_command_takes_it_away(app: Flask) -> None:
    set_up(app)
    for word in ("has no second step and no passkey.", "as before"):
        arguments = ["reset-second-step", accounts.address("Alice")]
        assert word in CliRunner().invoke(user, arguments, obj=lambda: app).output
    assert is_in(sign_in(app))


def test_a_new_password_does_not_take_it_away(app: Flask) -> None:
    set_up(app)
    with_password(app)
    assert not is_in(sign_in(app))


@pytest.mark.parametrize("settings", [{"SECOND_STEP": ("editor", "auditor")}])
class TestWhereARoleNeedsIt:
    def test_nothing_opens_before_it_is_set_up(self, app: Flask) -> None:
        with_password(app)
        browser = sign_in(app)
        for address in ("/", "/admin/", "/admin/product/", "/password"):
            answer = browser.get(address)
            assert (answer.status_code, answer.location) == (302, "/second-step")
        assert browser.post("/admin/product/new/", data={"name": "x"}).status_code == 403
        key, sealed = shown(browser)
        browser.post("/second-step", data={"sealed": sealed, "code": code_of(key)})
        assert is_in(browser)

    def test_others_are_let_in_without(self, app: Flask) -> None:
        assert is_in(accounts.as_(app, "Dave"))

    def test_a_role_granted_meanwhile_counts_at_once(self, app: Flask) -> None:
        dave = accounts.as_(app, "Dave")
        with app.app_context():
            ours.set_roles(ours.named("Dave"), ["auditor"])
        assert dave.get("/admin/").location == "/second-step"

    def test_turned_off_it_has_to_be_set_up_anew(self, app: Flask) -> None:
        key, _ = set_up(app)
        browser = sign_in(app)
        give(browser, code_of(key))
        browser.post("/second-step/off", data={"code": code_of(key, 1)})
        assert browser.get("/admin/").location == "/second-step"


def test_a_role_that_there_is_not_stops_the_start(tmp_path: Any) -> None:
    given = accounts.SETTINGS | {"INSTANCE_PATH": str(tmp_path), "SECOND_STEP": "boss"}
    with pytest.raises(ConfigError, match="VERSIONED_ADMIN_SECOND_STEP is 'boss': use some of"):
        create_app(given)


def test_after_a_change_of_the_secret_key_the_old_one_still_reads_keys(app: Flask) -> None:
    key, codes = set_up(app)
    old, app.config["SECRET_KEY"] = app.config["SECRET_KEY"], "another-0123456789-abcdef-ghijk"
    assert give(sign_in(app), code_of(key)).status_code == 422
    app.config["SECRET_KEY_FALLBACKS"] = [old]
    assert give(sign_in(app), code_of(key)).status_code == 302
    app.config["SECRET_KEY_FALLBACKS"] = None
    assert give(sign_in(app), codes[0]).status_code == 302  # these need no key


def test_the_demo_has_none(app: Flask) -> None:
    with app.app_context():
        alice = db.session.scalars(select(Account).where(Account.name == "Alice")).one()
        alice.demo, app.config["DEMO"] = True, True
        db.session.commit()
    page = accounts.as_(app, "Alice").get("/second-step").text
    assert "This account has no second step" in page
