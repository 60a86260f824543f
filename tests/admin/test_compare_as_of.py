"""Two moments of a record compared, or one with now."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker
from tests.admin.then import MICROSECOND, links, made, page, words
from webapp.admin import moments


@pytest.fixture
def kettle(shop: Shop) -> int:
    """A gadget of three versions that changed its maker."""
    first, second = shop.add(Maker, name="Acme"), shop.add(Maker, name="Bolt")
    id: int = shop.add(Gadget, name="Kettle", price=1, maker_id=first)
    shop.edit(Gadget, id, price=2, maker_id=second)
    shop.edit(Gadget, id, price=4)
    return id


def compare(client: Any, id: int, **sides: Any) -> Any:
    args = {
        name.rstrip("_"): at if isinstance(at, str) else moments.write(at)
        for name, at in sides.items()
    }
    return client.get("/admin/gadget/compare/", query_string={"id": id, **args})


def test_a_moment_is_compared_with_now(client: Any, shop: Shop, kettle: int) -> None:
    at = made(shop, Gadget, kettle, 1)
    for answer in (compare(client, kettle, as_of=at), compare(client, kettle, from_=at)):
        said = words(answer)
        assert answer.status_code == 200 and "versions 1 and 3" in said
        assert "compared with now" in said and "You are looking at the past" in said


def test_two_moments_are_compared_the_older_first(client: Any, shop: Shop, kettle: int) -> None:
    first, second = made(shop, Gadget, kettle, 2), made(shop, Gadget, kettle, 3)
    said = words(compare(client, kettle, from_=first, to=second - MICROSECOND))
    assert "Nothing changed between the two moments" in said
    assert "versions 2 and 3" in words(compare(client, kettle, from_=first, to=second))
    swapped = words(compare(client, kettle, from_=second, to=first))
    assert "versions 2 and 3" in swapped and "You asked for the later moment first" in swapped


def test_each_side_calls_its_references_as_they_were(client: Any, shop: Shop, kettle: int) -> None:
    shop.edit(Maker, 1, name="Acme renamed")
    shop.edit(Maker, 2, name="Bolt renamed")
    first, last = made(shop, Gadget, kettle, 1), made(shop, Maker, 1, 2)
    said = words(compare(client, kettle, from_=first, to=last))
    assert "was Acme now Bolt " in said and "renamed" not in said
    assert "was Acme now Bolt renamed" in words(compare(client, kettle, from_=first))


def test_it_keeps_its_moments_and_offers_no_edit(client: Any, shop: Shop, kettle: int) -> None:
    at = made(shop, Gadget, kettle, 1)
    answer = compare(client, kettle, as_of=at)
    assert not [each for each in links(answer) if "/edit/" in each]
    every = next(each for each in links(answer) if "all=1" in each)
    assert "compared with now" in words(client.get(every)) and "Name" in words(client.get(every))


def test_a_deleted_record_is_compared_too(client: Any, shop: Shop, kettle: int) -> None:
    at = made(shop, Gadget, kettle, 1)
    shop.delete(Gadget, kettle)
    answer = compare(client, kettle, as_of=at)
    assert answer.status_code == 200 and "versions 1 and 4" in words(answer)


def test_a_moment_before_the_record_is_a_404_that_says_so(
    client: Any, shop: Shop, kettle: int
) -> None:
    answer = compare(client, kettle, as_of=made(shop, Gadget, kettle, 1) - MICROSECOND)
    assert answer.status_code == 404 and "did not exist yet" in words(answer)


def test_what_the_address_cannot_mean_is_refused(client: Any, kettle: int) -> None:
    for sides, said in (
        ({"from_": "2026-11-14", "a": "1", "b": "2"}, "Compare two of one kind"),
        ({"to": "2026-11-14"}, "names no moment to begin with"),
        ({"from_": "2026-11-14", "to": "soon"}, "“soon” is not a date"),
        ({"from_": "2026-11-14T10:00+25:00"}, "There is no offset +25:00"),
        ({"as_of": ""}, "names no two versions"),
    ):
        answer = compare(client, kettle, **sides)
        assert answer.status_code == 400 and said in words(answer), sides


def test_it_takes_a_fixed_number_of_statements(
    client: Any, shop: Shop, kettle: int, statements: list[str]
) -> None:
    at = made(shop, Gadget, kettle, 1)
    for _ in range(2):
        statements.clear()
        assert compare(client, kettle, from_=at).status_code == 200
        # newest, version of then, both versions, their changes, names on each side (2)
        assert len(statements) == 6
        for price in range(5, 15):
            shop.edit(Gadget, kettle, price=price)


def test_the_page_of_versions_offers_moments(client: Any, kettle: int) -> None:
    answer = page(client, "gadget/compare/", id=kettle, a=1, b=2)
    form = answer.text.partition('<form class="compare-bar moments"')[2].partition("</form>")[0]
    assert 'type="datetime-local" name="from"' in form
    assert 'type="datetime-local" name="to"' in form
