"""Relations as of a moment: what a record referred to, as that was then.

A relation that refers to a record by its id alone shows the record as it is now. As of a moment it
is joined and loaded by the version of then. One that refers to a version (`id` and `version_id`)
needs nothing of that: it names the same version for ever. Plain tables have no past to show.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, inspect, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from webapp.versioning import alive_at, is_versioned

#: Keys in one statement: SQLite takes 32,766 parameters.
MOST_KEYS = 10_000


def pair(relation: Any) -> tuple[str, str] | None:
    """The attributes by which a relation finds versioned records: its own, and theirs.

    None for a relation that is left as it is.
    """
    pairs: list[Any] = relation.local_remote_pairs or []
    if relation.secondary is not None or len(pairs) != 1:
        return None
    if not is_versioned(relation.mapper.class_):
        return None
    local, remote = pairs[0]
    if local not in relation.parent.columns.values() or remote not in relation.mapper.c.values():
        return None
    own = relation.parent.get_property_by_column(local).key
    return own, relation.mapper.get_property_by_column(remote).key


def join(query: Any, joins: dict[Any, Any], path: Iterable[Any], inner: bool, at: datetime) -> Any:
    """Flask-Admin's `_apply_path_joins`, to the versions of that moment."""
    last = None
    for item in path:
        key = (inner, item)
        if key not in joins:
            is_table = isinstance(item, Table)
            alias = None if is_table else aliased(item.property.mapper.class_)
            add = query.join if inner else query.outerjoin
            query = add(item) if is_table else add(alias, _on(last, alias, item, at))
            joins[key] = alias
        last = joins[key]
    return query, joins, last


def _on(source: Any, target: Any, relation: Any, at: datetime) -> Any:
    found = pair(relation.property)
    source = relation.class_ if source is None else source
    if found is None:
        return getattr(source, relation.key)
    own, theirs = found
    return and_(getattr(source, own) == getattr(target, theirs), alive_at(target, at))


def load(session: Session, rows: Sequence[Any], paths: Iterable[str], at: datetime) -> None:
    """Load the relations among the dotted paths (`maker`, `maker.name`) into the rows, as of then.

    One statement a relation. What was deleted then is None, as it is in a list of the present.
    """
    further: dict[str, list[str]] = {}
    for path in paths:
        name, _, rest = path.partition(".")
        further.setdefault(name, []).extend([rest] if rest else [])
    relations = inspect(type(rows[0])).relationships if rows else {}
    for name in further.keys() & relations.keys():
        relation = relations[name]
        found = pair(relation)
        if found is not None:
            _load(session, rows, relation, found, at)
        reached = [getattr(row, name) for row in rows] if further[name] else []
        several = [each if relation.uselist else [each] for each in reached]
        load(
            session, [one for many in several for one in many if one is not None], further[name], at
        )


def _load(session: Session, rows: Sequence[Any], relation: Any, names: Any, at: datetime) -> None:
    (own, theirs), target = names, relation.mapper.class_
    keys = list({getattr(row, own) for row in rows} - {None})
    by_key: dict[Any, list[Any]] = {}
    for begin in range(0, len(keys), MOST_KEYS):
        wanted = getattr(target, theirs).in_(keys[begin : begin + MOST_KEYS])
        for row in session.scalars(select(target).where(alive_at(target, at), wanted)):
            by_key.setdefault(getattr(row, theirs), []).append(row)
    for row in rows:
        many = sorted(by_key.get(getattr(row, own), ()), key=lambda each: each.id)
        value = many if relation.uselist else next(iter(many), None)
        set_committed_value(row, relation.key, value)
