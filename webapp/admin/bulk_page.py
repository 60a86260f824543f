"""The pages of the bulk actions: which field to set, and what will happen to which records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import g, has_request_context, request
from sqlalchemy import inspect
from wtforms.fields import HiddenField

from webapp.versioning import MASKED, Clash, ManyPlan, Skipped

from . import bulk_fields, presentation, selection
from .forms import reason_field
from .listing import ListView
from .references import Target
from .rewinding import ClashLine

#: The actions that are asked on these pages; others are a view's own.
ACTIONS = frozenset({"delete", "restore", "set"})
#: Records of a kind that the page names.
NAMED = 20


@dataclass(frozen=True)
class Left:
    """Records that are left as they are for one reason, as in `Skipped`: how many, and the first of
    them, each with its address and what it clashes with."""

    why: str
    count: int
    rows: tuple[tuple[str, str | None, ClashLine | None], ...]


class BulkPageView(ListView):
    """What the pages are given, and the forms on them."""

    bulk_template = "admin/model/bulk.html"
    #: Of how many records the list offers to act on all that match.
    most_matching = selection.MOST_MATCHING

    def get_action_form(self) -> type[Any]:
        """Hook: adds the reason, for actions of a view's own."""

        class ActionForm(self.form_base_class):
            action = HiddenField()
            url = HiddenField()
            reason = reason_field(self.reason_required)

        return ActionForm

    @property
    def shows_deleted(self) -> bool:
        """Hook: a bulk restore is about the deleted as well."""
        is_action = has_request_context() and request.endpoint == f"{self.endpoint}.action_view"
        return (is_action and request.form.get("action") == "restore") or super().shows_deleted

    @property
    def settable_fields(self) -> dict[str, str]:
        """Name and label of the fields that whoever asks can set on many records at once."""
        known: dict[Any, dict[str, str]] = self.__dict__.setdefault("_settable_fields", {})
        form_class = self._edit_form_class  # another for whoever may not write some of the fields
        if form_class not in known:
            known[form_class] = bulk_fields.settable(self)
        return known[form_class]

    @property
    def own_actions(self) -> list[str]:
        """The actions that the view itself has declared."""
        return [name for name, _ in self._actions if name not in ACTIONS]

    def _bulk_form(self) -> Any:
        class BulkForm(self.form_base_class):
            reason = reason_field(self.reason_required)

        return BulkForm(request.form if "digest" in request.form else None)

    def _field_page(self, form: Any, status: int) -> Any:
        """Which field to set, and to what."""
        page = self.render(
            self.bulk_template,
            action="set",
            asks_value=True,
            form=form,
            field=form and form[request.form["field"]],
            fields=self.settable_fields,
            **self._carried(),
        )
        return page, status

    def _bulk_page(self, plan: ManyPlan, form: Any, field: Any, status: int) -> Any:
        """What will happen, to which records, and what is left out; 409: not as it was shown."""
        page = self.render(
            self.bulk_template,
            action=plan.action,
            asks_value=False,
            form=form,
            stale=status == 409,
            count=len(plan.versions),
            rows=[self._row(plan.records[id]) for id in list(plan.versions)[:NAMED]],
            left=self._left(plan),
            digest=selection.digest(plan),
            sets=self._sets(field),
            sent=[] if field is None else bulk_fields.sent(field, request.form),
            **self._carried(plan),
        )
        return page, status

    def _carried(self, plan: ManyPlan | None = None) -> dict[str, Any]:
        """What the form of the page sends on: the choice of records, as it came."""
        every = request.form.get("all") == "1"
        name = request.form.get("field") if request.form["action"] == "set" else None
        if plan is None:
            pairs = [("rowid", each) for each in request.form.getlist("rowid")]
            pairs += [("rowversion", each) for each in request.form.getlist("rowversion")]
        else:
            pairs = [("rowid", str(id)) for id in plan.versions]
            pairs += [("rowversion", f"{id}:{at}") for id, at in plan.versions.items()]
        return {
            "carried": [("all", "1")] if every else pairs,
            "every": every,
            "ticked": sum(part == "rowid" for part, _ in pairs),
            "return_url": self.back(request.form.get("url")),
            "field_name": name if name in self.settable_fields else None,
        }

    def _sets(self, field: Any) -> tuple[str, str] | None:
        """Label and text of what will be set."""
        if field is None:
            return None
        name = request.form["field"]
        data = field[name].data
        attribute = field.columns_by_field()[name]
        label = self.settable_fields[name]
        if attribute in inspect(self.model).relationships:
            return label, "" if data is None else presentation.name_of(data)
        return label, self.show_value(attribute, data)

    def _row(self, row: Any) -> tuple[str, str]:
        return presentation.shortened(presentation.name_of(row)), self.row_url("timeline", row)

    def _left(self, plan: ManyPlan) -> list[Left]:
        """What is left out, reason by reason."""
        found: dict[str, list[Any]] = {}
        for each in plan.skipped:
            found.setdefault(each.why, []).append(each)
        self._look_up_clashes(
            each.clash for skipped in found.values() for each in skipped[:NAMED] if each.clash
        )
        return [
            Left(why, len(skipped), tuple(self._skipped(each) for each in skipped[:NAMED]))
            for why, skipped in found.items()
        ]

    def _look_up_clashes(self, clashes: Iterable[Clash]) -> None:
        """Look up what the clashes name: a statement a model, and one a column of references."""
        holders: dict[type[Any], set[Any]] = {}
        values: dict[str, set[Any]] = {}
        for clash in clashes:
            if clash.holder_model and clash.holder and not isinstance(clash.holder, tuple):
                holders.setdefault(clash.holder_model, set()).add(clash.holder)
            for name, value in zip(clash.fields, clash.values, strict=True):
                if name in self.form_references and value is not MASKED:
                    values.setdefault(name, set()).add(value)
        g.clash_holders = {
            (model, id): name
            for model, ids in holders.items()
            for id, name in Target(self.session, model).names(ids).items()
        }
        for name, ids in values.items():
            self.look_up(name, ids)

    def _holder(self, clash: Clash) -> str:
        """Hook: those of the page are looked up together."""
        known: dict[Any, str] = g.get("clash_holders", {})
        return known.get((clash.holder_model, clash.holder)) or super()._holder(clash)

    def _skipped(self, each: Skipped) -> tuple[str, str | None, ClashLine | None]:
        lines = self.clash_lines((each.clash,)) if each.clash and each.clash.holder else []
        line = lines[0] if lines else None
        if each.record is None:
            return "" if each.id is None else f"#{each.id}", None, line
        return (*self._row(each.record), line)
