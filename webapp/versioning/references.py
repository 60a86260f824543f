"""References between records, each a declared choice: pinned, following or floating.

A helper makes the relationship (`relationships`); the columns are declared beside it, as any
others. `references_of` and `references_to` tell what was declared.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Relationship

from .relationships import (
    CollectedProperty,
    OnDelete,
    Reference,
    ReferenceProperty,
    reference_properties,
    referring,
)


def pinned(*columns: str, target: Any = None, **options: Any) -> Relationship[Any]:
    """A reference to one version of a record, which stays on it whatever becomes of the record.

    For what was agreed, sold or signed: an order's line shows the product as it was sold. ::

        class Line(Versioned, Base):
            __tablename__ = "line"
            product_id: Mapped[int]
            product_version_id: Mapped[int]
            product: Mapped[Product] = pinned("product_id", "product_version_id")

    `columns` name the attributes that hold the target's key, then the one for its version number. A
    foreign key leads to the target's ``(id, version_id)``, so the version must exist; since
    versions never go, it can never dangle. Setting ``line.product = product`` pins the version
    that the object is once it is flushed: of an object that is edited in the same flush, the new
    one.

    The pin survives every later version of either side. Deleting the product is no matter to it:
    the pinned version is kept. A later version of the line pins the same version, until somebody
    sets another; restoring an older line brings its pin back. ``line.product`` reads the pinned
    version, also when it is superseded, and such an object is read-only like any old version.

    Costs nothing when the product is edited.

    `target` is the class or its name where the annotation does not say it; `options` are those of
    ``relationship()``. The class that refers need not be versioned. Raises VersioningError when the
    class is mapped, if it lacks one of the columns.
    """
    return ReferenceProperty("pinned", columns, "refuse", target, options)


def following(
    *columns: str, target: Any = None, on_delete: OnDelete = "refuse", **options: Any
) -> Relationship[Any]:
    """A reference to a record's newest version: when the record gets one, it is re-pointed to it.

    For what must be in force as a whole: a contract follows its terms, and each version of the
    contract says which version of the terms it was under. ::

        class Contract(Versioned, Base):
            __tablename__ = "contract"
            terms_id: Mapped[int]
            terms_version_id: Mapped[int]
            terms: Mapped[Terms] = following("terms_id", "terms_version_id")

    `columns` name the attributes that hold the target's key, then the one for its version number. A
    foreign key leads to the target's ``(id, version_id)``, and a second one demands that the target
    lives as long as this record does (see `floating`).

    Whoever makes the terms' next version, an object or an ``update()``, re-points all contracts in
    the same change, loaded or not: one statement over the table where contracts are unversioned;
    where they are versioned, one that closes their rows and one that inserts their next versions,
    whatever the number of contracts. Those that this transaction wrote already are amended. What
    follows the contracts follows in turn. A cycle ends where it comes back to a record that this
    transaction gave its version. Objects in memory move along.

    A contract that is set to terms that were superseded meanwhile is pointed to the newest. Bulk
    re-pointing calls no ``new_version()`` hook, as no ``update()`` statement does.

    Deleting the terms is refused while a living contract follows them (`StillReferenced`); with
    ``on_delete="cascade"`` the contracts are deleted in the same change, with ``"set null"`` their
    reference is taken away, as versions of theirs.

    `target` and `options` as for `pinned`. The class that refers need not be versioned: then its
    rows are updated in place.
    """
    return ReferenceProperty("following", columns, on_delete, target, options)


def floating(
    *columns: str, target: Any = None, on_delete: OnDelete = "refuse", **options: Any
) -> Relationship[Any]:
    """A reference to a record, not to any version: it reads the one that is current.

    For most of what refers: a product has a supplier, whatever is known of the supplier today. ::

        class Product(Versioned, Base):
            __tablename__ = "product"
            supplier_id: Mapped[int | None]
            supplier: Mapped[Supplier | None] = floating("supplier_id")

    `columns` name the attributes that hold the target's key. ``product.supplier`` loads the
    supplier's current version; None where it is deleted, as it can be under an old version of the
    product. `load_as_of` makes it the version as of a moment, for many products at once.

    The key alone is not unique in a table of versions, so the target gets a table of records beside
    it (`anchors`), one row a record, kept by triggers. This record's living version has a foreign
    key to the row of a living record: the database itself refuses a reference to what is not there
    or is deleted, and the deletion of what living records refer to, also when two sessions do both
    at once. It is checked when the transaction commits, so the order of statements is free. An
    edit of the supplier writes nothing for it.

    Deleting the supplier is refused while living products refer to it (`StillReferenced`); with
    ``on_delete="cascade"`` they are deleted in the same change, with ``"set null"`` their reference
    is taken away, as versions of theirs.

    `target` and `options` as for `pinned`. The class that refers need not be versioned.
    """
    return ReferenceProperty("floating", columns, on_delete, target, options)


def collected(by: str, *, target: Any = None, **options: Any) -> Relationship[Any]:
    """The other side of a following or floating reference: the living records that refer here. ::

        class Supplier(Versioned, Base):
            __tablename__ = "supplier"
            products: Mapped[list[Product]] = collected("supplier")

        class Product(Versioned, Base):
            ...
            supplier: Mapped[Supplier] = floating("supplier_id", back_populates="products")

    `by` is the key of the reference in the other class. Members survive every new version of
    either side. Adding and removing members edits them: each gets a version, the owner none.
    """
    return CollectedProperty(by, target, options)


def references_of(model: type[Any]) -> tuple[Reference, ...]:
    """The references that a mapped class declares, its superclasses' included, in mapping order."""
    return tuple(p.reference for p in reference_properties(inspect(model)))


def references_to(model: type[Any]) -> tuple[Reference, ...]:
    """The references of any mapped class that lead to the model's records."""
    return tuple(p.reference for p in referring(inspect(model)))
