"""Patients, of whom each look is kept, and wards, of whom none is."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import db
from webapp.files import FileType, StoredFile
from webapp.versioning import Versioned


class Patient(Versioned, db.Model):
    __tablename__ = "clinic_patient"
    __log_reads__ = True

    name: Mapped[str] = mapped_column(sa.String(100))
    notes: Mapped[str | None] = mapped_column(sa.Text)
    letter: Mapped[StoredFile | None] = mapped_column(FileType())

    def __str__(self) -> str:
        return self.name


class Ward(Versioned, db.Model):
    __tablename__ = "clinic_ward"
    name: Mapped[str] = mapped_column(sa.String(100))


class Bed(db.Model):
    """Without versions."""

    __tablename__ = "clinic_bed"
    number: Mapped[int] = mapped_column(primary_key=True)
