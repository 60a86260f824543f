"""The list shows what is derived beside what it is derived from."""

from __future__ import annotations

from tests.admin.kinds.models import Kind
from webapp.admin import VersionedModelView, register

DERIVED = ("doubled", "tripled", "caption", "shouted")


@register(Kind)
class KindAdmin(VersionedModelView):
    column_list = ["quantity", "a_lowered", *DERIVED]
