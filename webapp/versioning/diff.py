"""What differs between two versions of a record, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from .differences import Difference
from .explain import compare, kind_of
from .linked_ids import links_between, links_made
from .links import link_properties
from .masking import MASKED, kept_out, masked_columns, shown_columns
from .shape import same


@dataclass(frozen=True)
class FieldChange:
    """One attribute's value before and after; None where there was none, MASKED if not shown.

    `kind` says what sort of column it is: it chooses the comparison that `detail` gives.
    """

    name: str
    old: Any
    new: Any
    kind: str = field(default="value", compare=False, repr=False)

    @cached_property
    def detail(self) -> Difference:
        """The difference by its kind: words, paths, members, a number. Computed when asked for."""
        return compare(self.kind, self.old, self.new)


def diff(
    older: Any | None, newer: Any | None, *, links: Iterable[FieldChange] | None = None
) -> tuple[FieldChange, ...]:
    """The data attributes whose values differ between two rows of one model, in mapping order.

    Then the links that went (`old`) and came (`new`), as ids, where the rows are of one record; one
    statement for each kind of links, unless `links` tells them (`link_changes`). A side that is
    None stands for "no such row": every attribute with a value is then a change. Columns in
    ``__excluded__`` are left out; those in ``__masked__`` show no value.
    """
    some = newer if newer is not None else older
    if some is None:
        return ()
    model = type(some)
    mapper = inspect(model)
    hidden = masked_columns(model)
    changes = []
    for name in shown_columns(model):
        old = None if older is None else getattr(older, name)
        new = None if newer is None else getattr(newer, name)
        if same(mapper, name, old, new):
            continue
        if name in hidden:
            old = None if older is None else MASKED
            new = None if newer is None else MASKED
        changes.append(FieldChange(name, old, new, kind_of(mapper, name)))
    return (*changes, *(_links(older, newer) if links is None else links))


def link_changes(
    session: Session, model: type[Any], rows: Iterable[Any]
) -> Callable[[Any], Sequence[FieldChange]]:
    """What these versions did to links, to be asked for by row: a statement for each kind."""
    made = links_made(session, model, [(row.id, row.version_id) for row in rows])
    hidden = kept_out(model) | masked_columns(model)
    return lambda row: [
        FieldChange(name, went, came, "links")
        for name, went, came in made.get((row.id, row.version_id), ())
        if name not in hidden
    ]


def _links(older: Any | None, newer: Any | None) -> Iterator[FieldChange]:
    """Links that went and came, where the rows are of one record: a statement for each kind."""
    some: Any = newer if newer is not None else older
    state = inspect(some)
    hidden = kept_out(type(some)) | masked_columns(type(some))
    for property in link_properties(state.mapper):
        if state.session is None or state.key is None or property.key in hidden:
            continue
        versions = [0 if row is None else row.version_id for row in (older, newer)]
        went, came = links_between(state.session, property, some.id, versions[0], versions[1])
        if went or came:
            yield FieldChange(property.key, went, came, "links")
