"""The page of the log of reads: who looked at which record, newest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import abort, current_app, request
from flask_admin import expose
from sqlalchemy import Select, select

from webapp.admin import identity, looks, moments, times
from webapp.admin.across import AcrossModels
from webapp.admin.subjects import Subject
from webapp.auth import who
from webapp.auth.models import LONGEST_NAME
from webapp.auth.policy import SEE_READERS
from webapp.auth.safe_next import is_local_path
from webapp.extensions import db

from . import asked
from .reads import ReadAccess

NUMBER = re.compile(r"[1-9]\d{0,17}", re.ASCII)
FILTERS = ("model", "actor", "from", "to")
#: Records of one look that a line names.
NAMED = 20
#: Rows of the log for each line of a page, since a list is one row for each record and one line.
ROWS = 5


@dataclass(frozen=True)
class Look:
    """What one page showed one person of one model: rows of the log that belong together."""

    first: ReadAccess
    subject: Subject
    records: tuple[str, ...]

    @property
    def then_url(self) -> str | None:
        """The same list or record as it was at that time; None for other pages, and where the
        address names a moment itself."""
        address = self.first.address
        if self.first.page not in ("list", "record") or f"{moments.NAME}=" in address:
            return None
        mark = "&" if "?" in address else "?"
        then = f"{address}{mark}{moments.NAME}={moments.write(self.first.at)}"
        return then if is_local_path(then) else None


class ReadsView(AcrossModels):
    """`/admin/reads/`, with its filters and its place in the address. One statement."""

    account_menu = True
    view_permissions = {"index_view": SEE_READERS}

    def is_accessible(self) -> bool:
        return who.person().may_site(SEE_READERS)

    def is_visible(self) -> bool:
        """Hook: it stands in the menu of the person, not among the models."""
        return False

    @expose("/")
    def index_view(self) -> Any:
        shown = self._asked()
        before = self._before()
        size = ROWS * current_app.config["PAGE_SIZE"]
        rows: list[ReadAccess] = []
        if not shown.errors:
            query = self._query(shown.filters, before).limit(size + 1)
            rows = list(db.session.scalars(query))
        older = rows[size - 1].id if len(rows) > size else None
        page = self.render(
            "audit/reads.html",
            looks=list(self._looks(rows[:size])),
            named=NAMED,
            asked=shown,
            subjects={key: each for key, each in self.subjects.shown.items() if _asks(each)},
            zone=times.display_zone(),
            first_url=self.get_url(".index_view", **shown.typed) if before else None,
            older_url=self.get_url(".index_view", **shown.typed, before=older) if older else None,
        )
        return (page, 400) if shown.errors else page

    def _asked(self) -> asked.Asked:
        """The filters of the address: those of the feed, and one record of the model."""
        args, subjects = request.args, self.subjects.shown
        found = asked.read({name: args[name] for name in FILTERS if name in args}, subjects)
        if len(found.typed.get("actor", "")) > LONGEST_NAME:
            found.errors["actor"] = f"A name has at most {LONGEST_NAME} characters."
        record = args.get("record", "").strip()
        if record:
            found.typed["record"] = record
            model = found.filters.get("model")
            if model is None:
                found.errors["record"] = "Choose the model that the record is of."
            elif identity.parse(model, record) is None:
                found.errors["record"] = "This is no id of such a record."
            else:
                found.filters["record"] = record
        return found

    def _query(self, filters: Mapping[str, Any], before: int | None) -> Select[tuple[ReadAccess]]:
        row = ReadAccess
        models = [looks.key_of(subject.model) for subject in self.subjects.shown.values()]
        if "model" in filters:
            models = [looks.key_of(filters["model"])]
        query = select(row).where(row.model.in_(models)).order_by(row.id.desc())
        if before:
            query = query.where(row.id < before)
        conditions = {
            "record": lambda value: row.record == value,
            "actor": lambda value: row.person == value,
            "since": lambda value: row.at >= value,
            "until": lambda value: row.at < value,
        }
        return query.where(
            *(conditions[name](filters[name]) for name in filters.keys() & conditions)
        )

    def _looks(self, rows: Iterable[ReadAccess]) -> Iterable[Look]:
        """The rows, those of one page that one person was shown as one line."""
        by_key = {looks.key_of(each.model): each for each in self.subjects.shown.values()}
        for _, group in groupby(rows, lambda row: (row.request_id, row.model)):
            one = list(group)
            records = tuple(row.record for row in reversed(one))  # in the order of the page
            yield Look(one[0], by_key[one[0].model], records)

    @staticmethod
    def _before() -> int | None:
        text = request.args.get("before")
        if not text:
            return None
        if not NUMBER.fullmatch(text):
            abort(400, "“before” is no number of an entry.")
        return int(text)


def _asks(subject: Subject) -> bool:
    return looks.asks(subject.model)
