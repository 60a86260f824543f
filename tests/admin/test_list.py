"""The list page."""
from tests.admin.shop.models import Gadget, Maker


def test_the_list_shows_a_record(client, shop):
    shop.add(Gadget, name="Kettle")
    page = client.get("/admin/gadget/")
    assert page.status_code == 200 and "Kettle" in page.text
