"""How the catalogue looks in the admin: a few lines a model, every one of them optional."""

from __future__ import annotations

from webapp.admin import VersionedModelView, register

from .models import Product, Supplier

CATALOGUE = "Catalogue"


@register(Supplier, name="Suppliers", category=CATALOGUE)
class SupplierAdmin(VersionedModelView):
    column_list = ["name", "country", "lead_days", "preferred", "version_id", "version_from"]
    column_default_sort = "name"
    column_searchable_list = ["name", "contact", "notes"]
    column_filters = ["country", "preferred", "lead_days"]
    column_labels = {"lead_days": "Lead time"}
    column_descriptions = {"lead_days": "Days from the order to the delivery, as agreed."}
    can_export = True


@register(Product, name="Products", category=CATALOGUE)
class ProductAdmin(VersionedModelView):
    column_list = [
        "name",
        "sku",
        "price",
        "stock",
        "status",
        "supplier",
        "version_id",
        "version_from",
    ]
    column_default_sort = "name"
    column_sortable_list = ["name", "sku", "price", "stock"]
    column_searchable_list = ["name", "sku", "description"]
    column_filters = ["status", "price", "stock", "fragile", "on_sale_since"]
    column_labels = {"sku": "SKU", "supplier_id": "Supplier", "counted_at": "Last counted"}
    column_descriptions = {
        "sku": "The number on the label, unique among the products that are not deleted.",
        "price": "Per piece, in euros with tax.",
        "attributes": "Anything else worth knowing, as JSON.",
    }
    form_references = {"supplier_id": Supplier}
    timeline_plot = "price"
    can_export = True
