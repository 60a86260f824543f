"""A depot with its racks in its form; vouchers by rules of a form, in a group and alone."""

from __future__ import annotations

from flask_admin.form import rules

from tests.admin.keyed.models import Depot, Rack, Trip, Voucher
from webapp.admin import VersionedModelView, register


@register(Depot)
class DepotAdmin(VersionedModelView):
    can_export = True
    column_list = ["country", "code", "name"]
    column_searchable_list = ["code", "name"]
    column_filters = ["country"]
    inline_models = [Rack]


@register(Rack)
class RackAdmin(VersionedModelView):
    form_rules = ["depot", "number", "label"]


@register(Voucher)
class VoucherAdmin(VersionedModelView):
    form_rules = [rules.FieldSet(["size", "day"], "Key"), "lot", "number", "note"]


@register(Trip)
class TripAdmin(VersionedModelView):
    form_ajax_refs = {"at": {"fields": ["name"]}}
