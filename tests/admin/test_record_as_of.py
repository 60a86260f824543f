"""A record as it was at a moment: its values then, its version, and the ways to the others."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.admin.conftest import Shop, form_of
from tests.admin.shop.models import Badge, Gadget, Maker
from tests.admin.then import MICROSECOND, asked, links, made, page, words
from webapp.extensions import db
from webapp.versioning import restore


@pytest.fixture
def kettle(shop: Shop) -> int:
    """A gadget of three versions, whose maker was renamed after the second."""
    maker = shop.add(Maker, name="Acme")
    id: int = shop.add(Gadget, name="Kettle", sku="K-1", price=1, maker_id=maker)
    shop.edit(Gadget, id, price=2)
    shop.edit(Maker, maker, name="Bolt")
    shop.edit(Gadget, id, name="Teapot", actor="Carol")
    return id


def test_it_tells_values_version_and_change(client: Any, shop: Shop, kettle: int) -> None:
    then = page(client, "gadget/details/", made(shop, Gadget, kettle, 2), id=kettle)
    said = words(then)
    assert then.status_code == 200 and "You are looking at the past" in said
    assert "Version 2 of 3" in said and "Who Bob" in said and "Change Change #" in said
    assert "Kettle" in said and "2.00" in said and "Teapot" not in said
    assert "Maker id Acme" in said and "Bolt" not in said


def test_it_shows_the_version_from_its_moment_until_the_next(
    client: Any, shop: Shop, kettle: int
) -> None:
    at = made(shop, Gadget, kettle, 2)
    for moment, version in ((at - MICROSECOND, 1), (at, 2), (at + MICROSECOND, 2)):
        then = words(page(client, "gadget/details/", moment, id=kettle))
        assert f"Version {version} of 3" in then


def test_each_field_is_blamed_as_it_was_then(client: Any, shop: Shop, kettle: int) -> None:
    then = words(page(client, "gadget/details/", made(shop, Gadget, kettle, 2), id=kettle))
    assert "Kettle since version 1" in then and "2.00 since version 2" in then


def test_it_steps_to_the_neighbours_and_to_now(client: Any, shop: Shop, kettle: int) -> None:
    then = page(client, "gadget/details/", made(shop, Gadget, kettle, 2), id=kettle)
    ways = [each for each in links(then) if "/details/" in each]
    steps = [words(client.get(each)) for each in ways if "as_of" in asked(each)]
    assert ["Version 1 of 3" in steps[0], "Version 3 of 3" in steps[1]] == [True, True]
    assert ways.count(f"/admin/gadget/details/?id={kettle}") == 2  # in the banner, at the foot
    assert "Still the newest" in steps[1] and "Version 4" not in steps[1]


def test_it_offers_nothing_that_changes_something(client: Any, shop: Shop, kettle: int) -> None:
    then = page(client, "gadget/details/", made(shop, Gadget, kettle, 2), id=kettle)
    assert 'method="post"' not in then.text
    for way in ("/edit/", "/delete/", "/restore/", "/undo/"):
        assert not [each for each in links(then) if way in each]


def test_before_it_was_created_it_says_when_it_was(client: Any, shop: Shop, kettle: int) -> None:
    at = made(shop, Gadget, kettle, 1)
    before = page(client, "gadget/details/", at - MICROSECOND, id=kettle)
    assert before.status_code == 404
    assert "Kettle did not exist yet" in words(before) and "by Alice" in words(before)
    first = next(each for each in links(before) if "as_of" in asked(each) and "/details/" in each)
    assert "Version 1 of 3" in words(client.get(first))


def test_while_it_was_deleted_it_says_since_when_and_by_whom(
    app: Flask, client: Any, shop: Shop, kettle: int
) -> None:
    shop.delete(Gadget, kettle, actor="Dave")
    at = made(shop, Gadget, kettle, 4)
    gone = page(client, "gadget/details/", at, id=kettle)
    assert gone.status_code == 404 and "Teapot was deleted then" in words(gone)
    assert "by Dave" in words(gone) and "It was not brought back since" in words(gone)
    before = next(each for each in links(gone) if "as_of" in asked(each) and "/details/" in each)
    assert "Version 3 of 4" in words(client.get(before))
    timeline = f"/admin/gadget/timeline/?id={kettle}"
    assert links(gone).count(timeline) == 3  # Now twice: a deleted record has no page of its own
    with app.app_context():
        restore(db.session(), Gadget, kettle, 1)
        db.session.commit()
    assert "Version 5 brought it back" in words(page(client, "gadget/details/", at, id=kettle))
    back = page(client, "gadget/details/", made(shop, Gadget, kettle, 5), id=kettle)
    assert back.status_code == 200 and "Version 5 of 5" in words(back)


def test_it_takes_a_fixed_number_of_statements(
    client: Any, shop: Shop, kettle: int, statements: list[str]
) -> None:
    few = made(shop, Gadget, kettle, 2)
    for price in range(3, 15):
        shop.edit(Gadget, kettle, price=price)
    for at in (few, made(shop, Gadget, kettle, 10)):
        statements.clear()
        assert page(client, "gadget/details/", at, id=kettle).status_code == 200
        # newest, as of, change, blame (2), the version before, the reference's name
        assert len(statements) == 7


def test_a_masked_value_is_not_shown_in_the_past_where_the_present_hides_it(
    client: Any, shop: Shop
) -> None:
    id = shop.add(Badge, owner="Alice", code="secret-1")
    now = "secret-1" in client.get(f"/admin/badge/details/?id={id}").text
    then = page(client, "badge/details/", made(shop, Badge, id, 1), id=id)
    assert ("secret-1" in then.text) == now


def test_no_record_of_that_id(client: Any) -> None:
    for id in ("99", "abc", "99999999999999999999", "9223372036854775807", "-1"):
        assert page(client, "gadget/details/", "2026-11-14", id=id).status_code == 404
    assert page(client, "gadget/details/", "2026-11-14").status_code == 400


def test_the_timeline_leads_to_each_version_but_the_tombstone(
    client: Any, shop: Shop, kettle: int
) -> None:
    shop.delete(Gadget, kettle)
    ways = links(client.get(f"/admin/gadget/timeline/?id={kettle}"))
    found = [words(client.get(each)) for each in ways if "as_of" in asked(each)]
    numbers = [each.partition(" of 4")[0].rpartition("Version ")[2] for each in found]
    assert numbers == ["3", "2", "1"]


def test_the_page_of_now_offers_the_control(client: Any, kettle: int) -> None:
    form = client.get(f"/admin/gadget/details/?id={kettle}").text.partition("moment-form")[2]
    assert f'name="id" value="{kettle}"' in form and 'name="as_of"' in form
    empty = page(client, "gadget/details/", "", id=kettle)
    assert empty.status_code == 200 and "No moment was given" in words(empty)


def test_a_page_of_the_present_refuses_a_moment_and_writes_nothing(
    client: Any, shop: Shop, kettle: int
) -> None:
    form = form_of(client.get(f"/admin/gadget/edit/?id={kettle}"))
    then = "as_of=2026-11-14"
    for path in ("edit", "delete", "action", "new", "restore", "undo"):
        answer = client.post(
            f"/admin/gadget/{path}/?id={kettle}&version=1&{then}",
            data=form | {"name": "Changed", "id": kettle, "action": "delete", "rowid": kettle},
        )
        assert answer.status_code == 400 and "the present alone" in words(answer), path
    inside = client.post(f"/admin/gadget/edit/?id={kettle}", data=form | {"as_of": "2026-11-14"})
    assert inside.status_code == 400
    assert client.get(f"/admin/gadget/edit/?id={kettle}&{then}").status_code == 400
    assert len(shop.versions(Gadget, kettle)) == 3


def test_nothing_changes_by_looking(client: Any, shop: Shop, kettle: int) -> None:
    before = [(row.version_id, row.name, row.version_to) for row in shop.versions(Gadget, kettle)]
    for version in (1, 2, 3):
        at = made(shop, Gadget, kettle, version)
        page(client, "gadget/", at)
        page(client, "gadget/details/", at, id=kettle)
    after = [(row.version_id, row.name, row.version_to) for row in shop.versions(Gadget, kettle)]
    assert before == after
