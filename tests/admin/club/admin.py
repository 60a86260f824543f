"""Owners with their children inline; the members' own view says how members are edited."""

from __future__ import annotations

from tests.admin.club.models import Clause, Letter, Match, Member, Seal, Task, Team, Treaty
from webapp.admin import VersionedModelView, register


@register(Team)
class TeamAdmin(VersionedModelView):
    inline_models = [
        Member,
        (Letter, {"form_label": "Letters", "extra": 1, "most": 2}),
    ]


@register(Member, name="Players")
class MemberAdmin(VersionedModelView):
    column_labels = {"shirt": "Number on the shirt"}
    column_descriptions = {"fee": "Each month, in euros."}


@register(Treaty)
class TreatyAdmin(VersionedModelView):
    inline_models = [
        (Clause, {"form_columns": ["text", "treaty"]}),
        (Seal, {"form_ajax_refs": {"place": {"fields": ["name"], "page_size": 2}}}),
    ]


@register(Match)
class MatchAdmin(VersionedModelView):
    form_ajax_refs = {
        "place": {"fields": ["name"], "page_size": 2, "placeholder": "Where they play"}
    }


@register(Task)
class TaskAdmin(VersionedModelView):
    inline_models = [(Task, {"form_label": "Steps", "reference": "parent"})]
