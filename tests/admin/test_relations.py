"""Many-to-one relations in forms: the living to choose from, the one in use kept."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.conftest import Shop, form_of, save
from tests.admin.shop.models import Maker, Room, Shelf
from webapp.extensions import db


@pytest.fixture
def shelf(app: Any, shop: Shop) -> int:
    """A shelf of Acme at version 1, in the cellar."""
    acme = shop.add(Maker, name="Acme")
    shop.add(Maker, name="Bolt")
    with app.app_context():
        db.session.add_all([Room(number=1, name="Cellar"), Room(number=2, name="Attic")])
        shelf = Shelf(name="Top", maker=db.session.get(Maker, (acme, 1)), room_number=1)
        db.session.add(shelf)
        db.session.commit()
        id: int = shelf.id
        return id


def test_its_choices_are_ids_and_names(client: Any, shelf: int) -> None:
    page = client.get(f"/admin/shelf/edit/?id={shelf}")
    fields = form_of(page)
    assert (fields["maker"], fields["room"]) == ("1", "1")
    assert 'value="2">Bolt</option>' in page.text and 'value="2">Attic</option>' in page.text
    assert "maker_version_id" not in fields


def test_a_choice_is_saved(client: Any, shop: Shop, shelf: int) -> None:
    assert save(client, f"/admin/shelf/edit/?id={shelf}", maker="2", room="2").status_code == 302
    one, two = shop.versions(Shelf, shelf)
    assert (one.maker_id, one.room_number) == (1, 1)
    assert (two.maker_id, two.maker_version_id, two.room_number) == (2, 1, 2)


def test_an_untouched_reference_stays_at_its_version(client: Any, shop: Shop, shelf: int) -> None:
    shop.edit(Maker, 1, name="Acme & Co")
    assert save(client, f"/admin/shelf/edit/?id={shelf}").status_code == 302
    assert [row.maker_version_id for row in shop.versions(Shelf, shelf)] == [1]


def test_a_nullable_one_may_be_emptied_and_another_not(client: Any, shop: Shop, shelf: int) -> None:
    assert save(client, f"/admin/shelf/edit/?id={shelf}", maker="").status_code == 422
    assert save(client, f"/admin/shelf/edit/?id={shelf}", room="").status_code == 302
    assert shop.versions(Shelf, shelf)[-1].room_number is None


def test_a_forged_choice_is_refused(client: Any, shelf: int) -> None:
    for forged in ("3", "1,1", "x", "9" * 5000, "-1", "__None"):
        page = save(client, f"/admin/shelf/edit/?id={shelf}", maker=forged)
        assert page.status_code == 422, forged


def test_the_list_takes_two_statements(client: Any, shelf: int, statements: list[str]) -> None:
    statements.clear()
    page = client.get("/admin/shelf/")
    assert "Acme" in page.text and "Cellar" in page.text
    assert len(statements) == 2
