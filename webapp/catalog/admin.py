"""How the catalogue looks in the admin: a few lines a model, every one of them optional."""

from __future__ import annotations

from webapp.admin import VersionedModelView, register
from webapp.admin.policies import Every, Fields, Operations, Over, Records, Share

from .models import Category, Contract, Order, OrderLine, Product, Supplier, Terms

CATALOGUE, SALES, PURCHASE = "Catalogue", "Sales", "Purchase"


@register(Supplier, name="Suppliers", category=CATALOGUE)
class SupplierAdmin(VersionedModelView):
    column_list = ["name", "country", "lead_days", "preferred", "version_id", "version_from"]
    column_default_sort = "name"
    column_searchable_list = ["name", "contact", "notes"]
    column_filters = ["country", "preferred", "lead_days"]
    column_labels = {"lead_days": "Lead time"}
    column_descriptions = {"lead_days": "Days from the order to the delivery, as agreed."}
    can_export = True
    review_policy = Fields("name", "preferred", "lead_days")


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
    column_labels = {"sku": "SKU", "counted_at": "Last counted"}
    column_descriptions = {
        "sku": "The number on the label, unique among the products that are not deleted.",
        "price": "Per piece, in euros with tax.",
        "attributes": "Anything else worth knowing, as JSON.",
    }
    timeline_plot = "price"
    can_export = True
    review_policy = [Over("price", 20), Operations("delete", "restore"), Records(50)]


@register(Category, name="Categories", category=CATALOGUE)
class CategoryAdmin(VersionedModelView):
    column_list = ["name", "parent", "version_id", "version_from"]
    column_default_sort = "name"
    column_searchable_list = ["name"]
    column_labels = {"parent": "Below"}


@register(Order, name="Orders", category=SALES)
class OrderAdmin(VersionedModelView):
    column_list = ["number", "customer", "ordered_on", "status", "version_id", "version_from"]
    column_default_sort = ("number", True)
    column_searchable_list = ["number", "customer"]
    column_filters = ["status", "ordered_on"]
    inline_models = [OrderLine]  # an order is entered with its lines
    review_policy = Share(0.1)


@register(OrderLine, name="Order lines", category=SALES)
class OrderLineAdmin(VersionedModelView):
    column_list = ["order", "product", "quantity", "price", "version_id", "version_from"]
    column_descriptions = {
        "product": "As it was when it was sold: later edits of the product do not alter this line."
    }


@register(Contract, name="Contracts", category=PURCHASE)
class ContractAdmin(VersionedModelView):
    column_list = ["number", "supplier", "terms", "signed_on", "version_id", "version_from"]
    column_default_sort = "number"
    column_searchable_list = ["number"]
    column_descriptions = {
        "terms": "In force as they are now: when the terms change, the contract gets a version."
    }


@register(Terms, name="Terms", category=PURCHASE)
class TermsAdmin(VersionedModelView):
    column_list = ["name", "payment_days", "version_id", "version_from"]
    column_default_sort = "name"
    column_searchable_list = ["name", "text"]
    column_labels = {"payment_days": "Days to pay"}
    review_policy = Every()
