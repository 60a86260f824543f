"""Every page with something on it: addresses, and a server whose text columns hold a script."""

from __future__ import annotations

from datetime import date

import pytest

from tests.e2e.conftest import LiveServer
from webapp.audit.acting import Seen, act
from webapp.audit.models import Act
from webapp.catalog.models import Order, OrderLine, Product, Supplier, Tag
from webapp.extensions import db
from webapp.versioning import change, change_digest, current

MARKER = "<img src=x onerror=\"document.title='stolen'\"><script>document.title='stolen'</script>"
#: What an administrator opens.
PAGES = [
    "/admin/",
    "/admin/product/",
    "/admin/product/?search=img&flt0_name_contains=img",
    "/admin/product/?deleted=1",
    "/admin/product/?as_of=2100-01-01",
    "/admin/product/new/",
    "/admin/product/edit/?id=1",
    "/admin/product/edit/?id=1&undo=2",
    "/admin/product/details/?id=1",
    "/admin/product/details/?id=1&as_of=2100-01-01",
    "/admin/product/timeline/?id=1",
    "/admin/product/timeline/?id=2",
    "/admin/product/compare/?id=1&a=1&b=2&all=1",
    "/admin/product/compare/?id=1&from=2100-01-01&to=2100-01-02",
    "/admin/product/restore/?id=1&version=1",
    "/admin/product/undo/?id=1&version=2",
    "/admin/tag/",
    "/admin/tag/timeline/?id=1",
    "/admin/supplier/",
    "/admin/supplier/edit/?id=1",
    "/admin/supplier/details/?id=1",
    "/admin/order/new/",
    "/admin/order/edit/?id=1",
    "/admin/order/details/?id=1",
    "/admin/order/timeline/?id=1",
    "/admin/search/?q=img",
    "/admin/integrity/",
    "/admin/integrity/product/",
    "/admin/integrity/product/repair/",
    "/admin/changes/",
    "/admin/changes/?reason=img&actor=Eve",
    "/admin/changes/1/",
    "/admin/changes/2/",
    "/admin/changes/2/undo/",
    "/admin/review/",
    "/admin/review/?state=query&actor=Eve&reason=img&field=product.name",
    "/admin/review/1/",
    "/admin/review/2/",
    "/admin/review/all/",
    "/admin/review/mine/",
    "/admin/review/report/?from=2020-01-01",
    "/admin/contract/?search=<img>",
    "/admin/contract/new/",
    "/admin/reads/",
    "/admin/accounts/",
    "/admin/accounts/new/",
    "/admin/accounts/1/",
    "/admin/events/",
    "/password",
    "/confirm",
    "/second-step",
    "/passkeys",
    "/admin/nowhere",
    "/admin/product/details/?id=77",
    "/admin/product/compare/?id=1",
]


#: What nobody needs to sign in for.
OPEN_PAGES = ["/sign-in", "/forgotten", "/new-password", "/set-up", "/sign-in/code"]


@pytest.fixture
def marked(live_server: LiveServer) -> LiveServer:
    with live_server.app.app_context():
        with change(db.session, actor=MARKER, reason=MARKER):
            db.session.add(Supplier(id=1, name=MARKER, country="x", contact=MARKER, notes=MARKER))
            values = {"name": MARKER, "description": MARKER, "attributes": {MARKER: MARKER}}
            tagged = {"supplier_id": 1, "tags": [Tag(name=MARKER[:40], meaning=MARKER)]}
            db.session.add(Product(id=1, sku="A", price=1, **tagged, **values))
            db.session.add(Product(id=2, sku=MARKER[:40], price=1, **values))
            db.session.add(Order(id=1, number="B-1", customer=MARKER, ordered_on=date(2026, 1, 2)))
            sold = {"product_id": 1, "product_version_id": 1, "price": 1}
            db.session.add(OrderLine(order_id=1, **sold))  # called by its product: the marker
            db.session.commit()
        with change(db.session, actor=MARKER, reason=MARKER):
            row = db.session.scalars(current(Product).where(Product.id == 1)).one()
            row.description = f"{MARKER} {MARKER}"
            row.attributes = {MARKER: [MARKER]}
            db.session.delete(db.session.scalars(current(Product).where(Product.id == 2)).one())
            db.session.commit()
        seen = Seen(0, change_digest(db.session(), 1) or "")
        act(db.session(), 1, Act.QUERY, person="Eve", seen=seen, comment=MARKER)
        db.session.commit()
    return live_server
