"""Its view, with the columns that the stock view shows as well."""

from __future__ import annotations

from tests.benchmarks.shop.models import Product
from webapp.admin import VersionedModelView, register
from webapp.admin.policies import Over


@register(Product)
class ProductAdmin(VersionedModelView):
    column_list = ["name", "sku", "price", "stock", "active"]
    column_default_sort = "name"
    column_searchable_list = ["name", "sku"]
    review_policy = [Over("price", 100)]
