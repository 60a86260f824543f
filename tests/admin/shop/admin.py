"""The shop's own views; the rest get the default one."""

from __future__ import annotations

from tests.admin.shop.models import Gadget, Maker, Truck
from webapp.admin import VersionedModelView, register


@register(Maker, category="Shop")
class MakerAdmin(VersionedModelView):
    reason_required = True


@register(Gadget, category="Shop")
class GadgetAdmin(VersionedModelView):
    column_list = ["name", "sku", "price", "color", "maker.name", "maker"]
    column_default_sort = "name"
    column_sortable_list = ["name", "sku", "price", "color", "maker.name"]
    column_filters = ["name", "sku", "price", "color", "maker.name", "calc_is_current_version"]
    column_labels = {"sku": "Артикул", "price": "価格"}
    form_references = {"maker_id": Maker}
    timeline_plot = "price"


@register(Truck)
class TruckAdmin(VersionedModelView):
    pass
