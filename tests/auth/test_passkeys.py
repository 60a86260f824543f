"""Passkeys: added, listed, removed, and a sign-in by one; what does not fit is refused."""

from __future__ import annotations

import html
import json
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests import accounts
from tests.auth.authenticator import Device
from tests.auth.conftest import account_id, events, with_password
from webapp.auth import accounts as ours
from webapp.auth import seal
from webapp.auth.models import OneTimeLink, Passkey, SecondStep
from webapp.extensions import db
from webapp.versioning import utcnow


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


def asked(page: str) -> tuple[dict[str, Any], str]:
    """What the page asks the browser for a passkey, and what its form holds of that."""
    options = re.search(r'data-passkey="([^"]+)"', page)
    assert options
    sealed = re.search(r'name="sealed" value="([^"]+)"', page[options.end() :])
    assert sealed
    return json.loads(html.unescape(options[1])), html.unescape(sealed[1])


def add(browser: FlaskClient, device: Device, name: str = "Laptop") -> Any:
    options, sealed = asked(browser.get("/passkeys").text)
    data = {"name": name, "sealed": sealed, "credential": device.create(options)}
    return browser.post("/passkeys", data=data)


def sign_in(app: Flask, device: Device, **more: str) -> tuple[FlaskClient, Any]:
    browser = accounts.as_(app, None)
    options, sealed = asked(browser.get("/sign-in").text)
    data = {"sealed": sealed, "credential": device.get(options), **more}
    return browser, browser.post("/sign-in/passkey", data=data)


def is_in(browser: FlaskClient) -> bool:
    return browser.get("/admin/").status_code == 200


def refused(app: Flask, device: Device) -> bool:
    browser, answer = sign_in(app, device)
    told = browser.get("/sign-in").text
    return answer.location == "/sign-in" and "not known here" in told and not is_in(browser)


@pytest.fixture
def device(app: Flask) -> Device:
    """Alice's, with a passkey."""
    device = Device()
    assert add(accounts.as_(app, "Alice"), device).status_code == 302
    return device


def test_a_passkey_signs_in(app: Flask, device: Device) -> None:
    browser, answer = sign_in(app, device, next="/admin/product/")
    assert (answer.status_code, answer.location) == (302, "/admin/product/")
    assert "Alice" in browser.get("/admin/").text
    assert events(app) == [("passkey added", "Alice", "Alice"), ("signed in", "Alice", "Alice")]


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_open_redirect_a_passkey_leads_nowhere_else(
    app: Flask, device: Device, address: str
) -> None:
    assert sign_in(app, device, next=address)[1].location == "/"


def test_it_is_listed_with_its_name_and_last_use(app: Flask, device: Device) -> None:
    alice = accounts.as_(app, "Alice")
    assert "Laptop" in alice.get("/passkeys").text and "not used yet" in alice.get("/passkeys").text
    sign_in(app, device)
    assert "last used" in alice.get("/passkeys").text
    assert "Laptop" not in accounts.as_(app, "Bob").get("/passkeys").text


def test_a_removed_passkey_signs_nobody_in(app: Flask, device: Device) -> None:
    alice = accounts.as_(app, "Alice")
    assert alice.post("/passkeys/1/remove").status_code == 302
    assert refused(app, device)
    assert ("passkey removed", "Alice", "Alice") in events(app)
    assert alice.post("/passkeys/1/remove").status_code == 404


@pytest.mark.parametrize("number", ["1", "2", "0", "-1", "x", "9" * 30])
def test_nobody_removes_the_passkey_of_another(app: Flask, device: Device, number: str) -> None:
    assert accounts.as_(app, "Bob").post(f"/passkeys/{number}/remove").status_code == 404
    assert is_in(sign_in(app, device)[0])


def test_a_passkey_is_both_steps(app: Flask, device: Device) -> None:
    with app.app_context():
        number = account_id(app, "Alice")
        key = seal.seal(seal.Purpose.APP_KEY, "x")
        db.session.add(SecondStep(account_id=number, sealed_key=key, last_counter=0))
        db.session.commit()
    assert is_in(sign_in(app, device)[0])


@pytest.mark.parametrize("settings", [{"SECOND_STEP": ("editor",)}])
def test_a_role_that_needs_two_steps_is_content_with_a_passkey(app: Flask) -> None:
    device = Device()
    bob = accounts.as_(app, "Bob")
    assert add(bob, device).status_code == 302
    with app.app_context():
        ours.set_roles(ours.named("Bob"), ["editor"])
    assert bob.get("/admin/").location == "/second-step"
    assert is_in(sign_in(app, device)[0])


def test_an_answer_counts_once(app: Flask, device: Device) -> None:
    device.count = -1  # a passkey that does not count, as most do not
    browser = accounts.as_(app, None)
    options, sealed = asked(browser.get("/sign-in").text)
    data = {"sealed": sealed, "credential": device.get(options)}
    assert browser.post("/sign-in/passkey", data=data).location == "/"
    again = accounts.as_(app, None)
    assert again.post("/sign-in/passkey", data=data).location == "/sign-in"
    assert not is_in(again)


def test_a_copied_passkey_that_counts_from_before_is_refused(app: Flask, device: Device) -> None:
    sign_in(app, device)
    sign_in(app, device)
    device.count = 0
    assert refused(app, device)


@pytest.mark.parametrize(
    ("name", "value"),
    [("origin", "https://evil.example"), ("origin", "http://localhost:5000"),
     ("host", "evil.example"), ("verifies", False)],
)  # fmt: skip
def test_an_answer_of_another_site_or_person_is_refused(
    app: Flask, device: Device, name: str, value: Any
) -> None:
    setattr(device, name, value)
    assert refused(app, device)
    assert events(app)[-1] == ("sign-in refused", "Alice", None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("origin", "https://evil.example"), ("host", "evil.example"), ("verifies", False)],
)
def test_a_passkey_of_another_site_is_not_added(app: Flask, name: str, value: Any) -> None:
    device = Device(**{name: value})
    answer = add(accounts.as_(app, "Alice"), device)
    assert answer.status_code == 422 and "does not fit this page" in answer.text
    assert events(app) == []


def test_another_key_under_the_same_name_is_refused(app: Flask, device: Device) -> None:
    assert refused(app, Device(id=device.id))


def test_a_disabled_account_is_kept_out(app: Flask, device: Device) -> None:
    with app.app_context():
        ours.set_active(ours.named("Alice"), False)
    assert refused(app, device)


def test_an_unknown_passkey_is_refused(app: Flask) -> None:
    assert refused(app, Device())
    assert events(app)[-1] == ("sign-in refused", None, None)


def test_a_question_put_to_somebody_else_adds_no_passkey(app: Flask) -> None:
    alice, device = accounts.as_(app, "Alice"), Device()
    for name, address in ((None, "/sign-in"), ("Bob", "/passkeys")):
        options, sealed = asked(accounts.as_(app, name).get(address).text)
        data = {"name": "Laptop", "sealed": sealed, "credential": device.create(options)}
        answer = alice.post("/passkeys", data=data)
        assert answer.status_code == 422 and "open for too long" in answer.text


def test_a_passkey_is_kept_once(app: Flask, device: Device) -> None:
    answer = add(accounts.as_(app, "Bob"), device)
    assert answer.status_code == 422 and "kept already" in answer.text


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_passkey_has_a_name(app: Flask, name: str) -> None:
    answer = add(accounts.as_(app, "Alice"), Device(), name)
    assert answer.status_code == 422 and "Name of the passkey" in answer.text


def answer(**response: str) -> str:
    id = {"id": "YQ", "rawId": "YQ", "type": "public-key"}
    return json.dumps(id | {"response": response})


MADE_UP = {
    "nothing": "",
    "no JSON": "x",
    "no id": "{}",
    "a list": "[]",
    "null": "null",
    "a number for an id": '{"id": 1}',
    "a list for an id": '{"id": ["a"]}',
    "very deep": "[" * 15_000,
    "very long": "x" * 21_000,
    "no response": answer(),
    "no base 64": answer(
        clientDataJSON="é", attestationObject="oA", authenticatorData="YQ", signature="YQ"
    ),
    "no CBOR": answer(
        clientDataJSON="e30",
        attestationObject="_____w",
        authenticatorData="",
        signature="",
    ),
}


@pytest.mark.parametrize("name", MADE_UP)
def test_a_made_up_answer_is_refused_and_never_a_failure(
    app: Flask, device: Device, name: str
) -> None:
    alice, eve = accounts.as_(app, "Alice"), accounts.as_(app, None)
    known = json.loads(device.get({"challenge": ""}))["id"]
    for credential in (MADE_UP[name], MADE_UP[name].replace('"YQ"', json.dumps(known))):
        _, sealed = asked(alice.get("/passkeys").text)
        data = {"name": "Laptop", "sealed": sealed, "credential": credential}
        assert alice.post("/passkeys", data=data).status_code == 422
        _, sealed = asked(eve.get("/sign-in").text)
        data = {"sealed": sealed, "credential": credential}
        assert eve.post("/sign-in/passkey", data=data).location == "/sign-in"
    with app.app_context():
        assert len(db.session.scalars(select(Passkey)).all()) == 1


def test_adding_and_removing_ask_for_the_password_when_the_last_time_is_long_ago(
    app: Flask,
) -> None:
    with_password(app)
    alice = accounts.as_(app, None)
    alice.post("/sign-in", data={"email": accounts.address("Alice"), "password": accounts.PASSWORD})
    with alice.session_transaction() as session:
        session["fs_paa"] = time.time() - 16 * 60
    for answer in (alice.get("/passkeys"), alice.post("/passkeys"),
                   alice.post("/passkeys/1/remove")):  # fmt: skip
        assert answer.location == "/confirm?next=/passkeys"


def test_an_administrator_takes_passkeys_from_whoever_lost_them(app: Flask, device: Device) -> None:
    address = f"/admin/accounts/{account_id(app, 'Alice')}/"
    carol = accounts.as_(app, "Carol")
    assert "1 passkey." in carol.get(address).text
    assert carol.post(f"{address}second-step/").status_code == 302
    assert refused(app, device)
    assert ("second step reset", "Alice", "Carol") in events(app)


@pytest.mark.own_app  # which counts what was tried
@pytest.mark.parametrize("settings", [{"RATELIMIT_ENABLED": True}])
def test_trying_passkeys_is_slowed_down(app: Flask) -> None:
    eve = accounts.as_(app, None)
    codes = [eve.post("/sign-in/passkey").status_code for _ in range(31)]
    assert codes == [302] * 30 + [429]


@pytest.mark.parametrize("settings", [{"SITE_URL": "https://admin.example.org:8443"}])
def test_host_header_passkeys_belong_to_the_site_as_configured(app: Flask) -> None:
    alice = accounts.as_(app, "Alice")
    options, _ = asked(alice.get("/passkeys").text)
    assert options["rp"]["id"] == "admin.example.org"
    device = Device(origin="https://admin.example.org:8443", host="admin.example.org")
    assert add(alice, device).status_code == 302


def test_the_device_learns_nothing_of_the_person_but_what_they_sign_in_with(app: Flask) -> None:
    one, _ = asked(accounts.as_(app, "Alice").get("/passkeys").text)
    other, _ = asked(accounts.as_(app, "Bob").get("/passkeys").text)
    assert one["user"]["name"] == "alice@example.org"
    assert one["user"]["id"] != other["user"]["id"]


def test_used_questions_are_forgotten_when_they_are_too_old_anyway(
    app: Flask, device: Device
) -> None:
    sign_in(app, device)
    with app.app_context():
        past = utcnow() - timedelta(seconds=1)
        db.session.execute(update(OneTimeLink).values(expires_at=past))
        db.session.commit()
    sign_in(app, device)
    with app.app_context():
        assert len(db.session.scalars(select(OneTimeLink)).all()) == 1
