"""The demo's other chapters: the range as a tree, contracts with suppliers, and what was ordered.

They draw from a chance of their own, so that the goods fare as they would without them.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from webapp.versioning import current

from .diary import DAYS, SEED, Shop
from .models import (
    Category,
    Contract,
    Order,
    OrderLine,
    OrderStatus,
    Product,
    Supplier,
    Terms,
)

#: Categories with the one above, and the beginnings of the SKUs that belong there.
RANGE: tuple[tuple[str, str | None, tuple[str, ...]], ...] = (
    ("House and kitchen", None, ()),
    ("Workshop and garden", None, ()),
    ("Knives", "House and kitchen", ("SAN", "PAR", "BRE", "CLE")),
    ("Enamel and steel", "House and kitchen", ("EN", "COC", "SAM", "BRI")),
    ("Glass and light", "House and kitchen", ("BEE", "WAX", "LAN", "LAM", "CAR")),
    ("Brushes", "House and kitchen", ("BBR", "BOT", "BRU", "DUS")),
    ("Hand tools", "Workshop and garden", ("HAM", "AXE", "PLA", "VIC", "CHI")),
    ("Garden", "Workshop and garden", ("TRO", "SEC", "POD", "HOE", "RAK")),
)
TERMS: tuple[tuple[str, int, str], ...] = (
    ("Standard terms", 30, "Goods are checked within eight days. The price is that of the list."),
    ("Terms for overseas", 60, "Free on board. Breakage is credited on photographs."),
)
CUSTOMERS = (
    "Gasthof Zur Linde",
    "Café Nordlys",
    "Ferme des Tilleuls",
    "Wheelwright & Daughter",
    "Albergo Tre Pini",
    "Kindergarten Sonnenhang",
    "Atelier Okafor",
    "Bryggeriet på Hjørnet",
)


def range_and_trade(shop: Shop) -> None:
    """Note all of it down in the diary."""
    chance = random.Random(SEED)
    shop.at(40, 9 * 60, "Alice", "The range as a tree", _enter_range)
    shop.at(366, 9 * 60, "Alice", "Lamps are looked for under light", _rename_shelf)
    shop.at(50, 10 * 60, "Carol", "Terms as agreed with the association", _enter_terms)
    for number in range(9):
        day = 55 + 6 * number
        shop.at(day, 11 * 60 + number, "Carol", "Signed on paper, in the file", _sign, number)
    shop.at(300, 9 * 60 + 5, "Carol", "New terms of the association", _revise_terms, 0, 21, "")
    more = " Late deliveries cost one per cent a week."
    shop.at(560, 9 * 60 + 5, "Carol", "Penalty for late delivery", _revise_terms, 0, 21, more)
    shop.at(601, 14 * 60, "Carol", "Longer to pay, as the others do", _revise_terms, 1, 75, "")
    for number in range(24):
        day = 90 + number * 26 + chance.randrange(12)
        minute = chance.randrange(8 * 60, 17 * 60)
        seed = chance.getrandbits(32)
        shop.at(day, minute, "Alice", "Ordered by telephone", _order, number, seed)
        shop.at(day + 1, minute, "Bob", None, _move_on, number, OrderStatus.PACKED)
        if day + 2 < DAYS - 8:
            shop.at(day + 2, minute, "Bob", "Picked up", _move_on, number, OrderStatus.SENT)
    shop.at(505, 15 * 60, "Alice", "Cancelled before it was packed", _cancel, 15)


def _enter_range(shop: Shop) -> None:
    known: dict[str, Category] = {}
    for name, above, _ in RANGE:
        known[name] = Category(name=name, parent=known[above] if above else None)
        shop.add(known[name])
    for product in shop.session.scalars(current(Product).order_by(Product.id)):
        place = next((name for name, _, skus in RANGE if product.sku.startswith(skus)), None)
        if place is not None:  # an empty tuple of beginnings fits no SKU
            product.category = known[place]


def _rename_shelf(shop: Shop) -> None:
    shelf = shop.session.scalars(current(Category).where(Category.name == "Glass and light")).one()
    shelf.name = "Light and glass"


def _enter_terms(shop: Shop) -> None:
    for name, days, text in TERMS:
        shop.add(Terms(name=name, payment_days=days, text=text))


def _revise_terms(shop: Shop, number: int, days: int, more: str) -> None:
    terms = shop.session.scalars(current(Terms).where(Terms.name == TERMS[number][0])).one()
    terms.payment_days = days
    terms.text += more


def _sign(shop: Shop, number: int) -> None:
    suppliers = shop.session.scalars(current(Supplier).order_by(Supplier.id)).all()
    supplier = suppliers[number]
    overseas = supplier.lead_days >= 40
    terms = current(Terms).where(Terms.name == TERMS[1 if overseas else 0][0])
    contract = Contract(
        number=f"V-{number + 1:03}",
        signed_on=shop.date(53 + 6 * number).date(),
        supplier=supplier,
        terms=shop.session.scalars(terms).one(),
    )
    shop.add(contract)


def _order(shop: Shop, number: int, seed: int) -> None:
    chance = random.Random(seed)
    order = Order(
        number=_number(number),
        customer=chance.choice(CUSTOMERS),
        ordered_on=shop.date(90 + number * 26).date(),
    )
    shop.add(order)
    shelf = shop.on_shelf()
    for product in chance.sample(shelf, chance.randrange(1, 5)):
        quantity = chance.choice((1, 1, 2, 4, 6, 12))
        price = product.price * Decimal("0.95") if quantity >= 6 else product.price
        line = OrderLine(
            order=order,
            product=product,
            quantity=quantity,
            price=price.quantize(Decimal("0.01")),
        )
        shop.add(line)


def _number(number: int) -> str:
    return f"B-{1001 + number}"


def _placed(shop: Shop, number: int) -> Any:
    query = current(Order).where(Order.number == _number(number))
    return shop.session.scalars(query).one_or_none()


def _move_on(shop: Shop, number: int, status: OrderStatus) -> None:
    order = _placed(shop, number)
    if order is not None:
        order.status = status


def _cancel(shop: Shop, number: int) -> None:
    """Deletes the order's lines with it."""
    shop.session.delete(_placed(shop, number))
