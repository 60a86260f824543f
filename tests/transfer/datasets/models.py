"""A model for each of the real histories: their columns as `schema.json` tells them."""

from __future__ import annotations

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import db
from webapp.versioning import Versioned, current_unique


class Constituent(Versioned, db.Model):
    symbol: Mapped[str] = mapped_column(String(30))
    security: Mapped[str]
    gics_sector: Mapped[str]
    gics_sub_industry: Mapped[str | None]
    headquarters_location: Mapped[str | None]
    date_added: Mapped[str | None]
    cik: Mapped[int | None] = mapped_column(BigInteger)
    founded: Mapped[str | None]

    __table_args__ = (current_unique("symbol"),)


class Zone(Versioned, db.Model):
    key: Mapped[str]
    country_code: Mapped[str] = mapped_column(String(2))
    coordinates: Mapped[str]
    tz: Mapped[str]
    comments: Mapped[str | None]

    __table_args__ = (current_unique("key"),)


class Vulnerability(Versioned, db.Model):
    cve_id: Mapped[str]
    vendor_project: Mapped[str]
    product: Mapped[str]
    vulnerability_name: Mapped[str]
    date_added: Mapped[str]
    short_description: Mapped[str] = mapped_column(Text)
    required_action: Mapped[str] = mapped_column(Text)
    due_date: Mapped[str]
    known_ransomware_campaign_use: Mapped[str]
    notes: Mapped[str] = mapped_column(Text)
    cwes: Mapped[str | None]

    __table_args__ = (current_unique("cve_id"),)


class Runway(Versioned, db.Model):
    airport_ref: Mapped[int]
    airport_ident: Mapped[str]
    length_ft: Mapped[int | None]
    width_ft: Mapped[int | None]
    surface: Mapped[str | None]
    lighted: Mapped[int]
    closed: Mapped[int]
    le_ident: Mapped[str | None]
    le_latitude_deg: Mapped[float | None]
    le_longitude_deg: Mapped[float | None]
    le_elevation_ft: Mapped[int | None]
    le_heading_deg_t: Mapped[float | None]
    le_displaced_threshold_ft: Mapped[int | None]
    he_ident: Mapped[str | None]
    he_latitude_deg: Mapped[float | None]
    he_longitude_deg: Mapped[float | None]
    he_elevation_ft: Mapped[int | None]
    he_heading_deg_t: Mapped[float | None]
    he_displaced_threshold_ft: Mapped[int | None]
