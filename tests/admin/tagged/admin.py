"""The books' view shows their topics, a hall's its books; the others get the default one."""

from __future__ import annotations

from tests.admin.tagged.models import Book, Hall
from webapp.admin import VersionedModelView, register


@register(Book)
class BookAdmin(VersionedModelView):
    column_list = ["title", "topics"]
    column_searchable_list = ["title"]
    column_default_sort = "title"
    can_export = True


@register(Hall)
class HallAdmin(VersionedModelView):
    inline_models = [Book]
