"""Restore: an older version's values, or some of them, as a new version; a deleted record too."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_admin import expose

from webapp.versioning import Restoration, plan_restore, restore

from .rewinding import RewindView

NOTHING_CHOSEN = "No field is chosen: choose what to bring back."


class RestoreView(RewindView):
    """The page `restore/?id=7&version=3`."""

    restore_template = "history/restore.html"

    @expose("/restore/", methods=("GET", "POST"))
    def restore_view(self) -> Any:
        self.permit(self.can_restore)
        record, number = self.asked_version()
        form = self.get_rewind_form()
        plan: Restoration = self.plan_or_404(plan_restore, record, number)
        if request.method == "GET":
            return self._restore_page(plan, form, 200)
        base = self.base_version(form, record)
        if plan.identical:
            return self.to_timeline(
                record,
                f"The record holds the values of version {number} already: no new version"
                " was made.",
                "info",
            )
        if base != record.version_id:
            return self._restore_page(plan, form, 409)
        picked = self._picked(plan)
        if not picked and not plan.revives:
            form.form_errors.append(NOTHING_CHOSEN)
        if not form.validate() or form.form_errors:
            return self._restore_page(plan, form, 422)
        # All that is shown means all: a column that no page shows comes back as well, unless it is
        # kept from this very person.
        is_all = len(picked) == len(plan.changes) and not self.kept_fields()
        fields = None if is_all else picked
        done, clashes = self.rewind(
            form, base, lambda session: restore(session, self.model, record.id, number, fields)
        )
        if done == "done":
            return self.to_timeline(
                record, f"Version {number} was restored as version {record.version_id}.", "success"
            )
        record = self.newest(self.asked_id())
        plan = self.plan_or_404(plan_restore, record, number)
        return self._restore_page(plan, form, 409 if done == "stale" else 422, clashes)

    def _picked(self, plan: Restoration) -> tuple[str, ...]:
        asked = set(request.form.getlist("field"))
        return tuple(name for name in self._offered(plan) if name in asked)

    def _offered(self, plan: Restoration) -> tuple[str, ...]:
        """The fields that would change and that the person may write."""
        kept = self.kept_fields()
        return tuple(change.name for change in plan.changes if change.name not in kept)

    def _restore_page(
        self, plan: Restoration, form: Any, status: int, clashes: tuple[Any, ...] | None = None
    ) -> Any:
        every = self._offered(plan)
        return self.rewind_page(
            self.restore_template,
            plan.record,
            status,
            form,
            plan=plan,
            changes=self.shown_changes(plan.changes),
            source=plan.source.version_id,
            source_at=plan.source.version_from,
            offered=every,
            picked=every if request.method == "GET" else self._picked(plan),
            clashes=self.clash_lines(plan.clashes if clashes is None else clashes),
        )
