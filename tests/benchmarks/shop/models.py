"""The product of the other benchmarks, listed by its name."""

from __future__ import annotations

from tests.benchmarks.models import ProductColumns
from webapp.extensions import db
from webapp.versioning import Versioned, as_of_index, current_index, current_unique


class Product(Versioned, ProductColumns, db.Model):
    __tablename__ = "web_product"
    __table_args__ = (current_index("name"), current_unique("sku"), as_of_index("name"))

    def __str__(self) -> str:
        return self.name
