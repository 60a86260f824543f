"""`integrity check` and `integrity mend-guards` on the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.integrity.conftest import spoil
from webapp.auth.models import AccountEvent
from webapp.cli import commands
from webapp.extensions import db


def run(app: Flask, *words: str) -> Result:
    return CliRunner().invoke(commands, ["integrity", *words], obj=lambda: app)


@pytest.fixture
def kettle(shop: Shop) -> int:
    id = int(shop.add(Gadget, name="Kettle", sku="K"))
    shop.edit(Gadget, id, price=31)
    return id


def test_a_sound_shop_ends_with_0(app: Flask, kettle: int) -> None:
    done = run(app, "check")
    assert done.exit_code == 0
    assert "Gadget: 1 records, 2 versions, sound." in done.output
    assert "Guards: all stand." in done.output


def test_findings_are_named_and_end_with_3(app: Flask, kettle: int) -> None:
    spoil(app, "DELETE FROM shop_gadget WHERE version_id = 1")
    done = run(app, "check")
    assert done.exit_code == 3
    assert "first missing: Gadget 1 version 2: the history begins with version 2" in done.output
    assert "shop_gadget_guard_delete on shop_gadget is missing" in done.output


def test_text_that_is_none_is_named(app: Flask, kettle: int) -> None:
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("PostgreSQL refuses text that is not UTF-8")
    spoil(app, "UPDATE shop_gadget SET name = CAST(x'61ff62' AS TEXT) WHERE version_id = 1")
    done = run(app, "check")
    assert done.exit_code == 3
    told = "unreadable: Gadget 1 version 1: bytes that are no text stand where text should"
    assert told in done.output


def test_json_tells_a_watchdog_the_same(app: Flask, kettle: int) -> None:
    assert json.loads(run(app, "check", "--json").stdout)["sound"] is True
    spoil(app, "DELETE FROM shop_gadget WHERE version_id = 1")
    done = run(app, "check", "--json", "--model", "Gadget")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["sound"]) == (3, False)
    (model,) = told["models"]
    counts = {"first missing": 1, "version missing": 1}
    assert (model["records"], model["versions"], model["counts"]) == (1, 1, counts)
    assert model["without_digest"] == 0
    assert model["findings"][0] == {
        "fault": "first missing",
        "id": 1,
        "version": 2,
        "told": "the history begins with version 2",
    }
    assert {
        "table": "shop_gadget",
        "guard": "shop_gadget_guard_delete",
        "state": "missing",
    } in told["guards"]


def test_a_list_is_cut_and_the_numbers_are_not(app: Flask, shop: Shop, kettle: int) -> None:
    shop.add(Gadget, name="Pan", sku="P")
    spoil(app, "UPDATE shop_gadget SET version_to = version_from WHERE is_current_version")
    (model,) = json.loads(run(app, "check", "--json", "--most", "1", "--model", "Gadget").stdout)[
        "models"
    ]
    assert model["counts"] == {"period": 2}
    assert len(model["findings"]) == 1


def test_an_unknown_model_is_named_with_those_that_are_known(app: Flask) -> None:
    done = run(app, "check", "--model", "Nowhere")
    assert done.exit_code == 1
    assert "There is no versioned model 'Nowhere': use one of" in done.output


def test_guards_are_mended_once(app: Flask, kettle: int) -> None:
    spoil(app)
    done = run(app, "mend-guards")
    assert done.exit_code == 0
    assert "shop_gadget_guard_update on shop_gadget is missing: made anew." in done.output
    assert run(app, "mend-guards").output == "All guards stand.\n"
    assert run(app, "check").exit_code == 0


def test_guards_are_not_mended_over_rows_that_they_forbid(app: Flask, kettle: int) -> None:
    spoil(
        app,
        "DROP INDEX uq_shop_gadget_one_current",
        "DROP INDEX uq_shop_gadget_sku_current",
        "UPDATE shop_gadget SET is_current_version = true",
    )
    done = run(app, "mend-guards")
    assert done.exit_code == 1
    assert "nothing was changed" in done.output
    assert run(app, "check", "--model", "Gadget").exit_code == 3


def test_older_versions_get_their_digests_once(app: Flask, kettle: int) -> None:
    spoil(app, "DELETE FROM shop_gadget_digest", table="shop_gadget_digest")
    assert "2 versions are older than the digests" in run(app, "check").output
    done = run(app, "digest")
    assert done.exit_code == 0
    assert "Gadget: 2 versions got a digest." in done.output
    assert "Maker: every version has its digest." in done.output
    with app.app_context():
        event = db.session.scalars(select(AccountEvent).order_by(AccountEvent.id.desc())).first()
        assert event is not None
        assert (event.kind, event.detail) == ("digests completed", "Gadget: 2 versions")
    assert "older than the digests" not in run(app, "check").output


def test_digests_are_not_made_for_what_should_have_them(app: Flask, kettle: int) -> None:
    spoil(app, "DELETE FROM shop_gadget_digest", table="shop_gadget_digest")
    run(app, "digest")
    spoil(app, "DELETE FROM shop_gadget_digest WHERE version_id = 2", table="shop_gadget_digest")
    assert "have got their digests already" in run(app, "digest", "--model", "Gadget").output
    assert "digest missing: Gadget 1 version 2: it has no digest" in run(app, "check").output
