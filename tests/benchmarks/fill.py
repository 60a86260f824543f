"""Fills a contender's tables with a history, by one statement a table."""

from __future__ import annotations

from sqlalchemy import Connection, text

from tests.benchmarks.models import Contender

BATCH = (
    "WITH RECURSIVE records(i) AS (SELECT CAST(:first AS INTEGER) UNION ALL"
    " SELECT i + 1 FROM records WHERE i < :last), versions(v) AS (SELECT 1 UNION ALL"
    " SELECT v + 1 FROM versions WHERE v < :versions)"
)
PRODUCT = {
    "name": "'Product ' || (i * 7919 % 1000003)",
    "sku": "'SKU-' || i",
    "description": (
        "'Solid, quiet and easy to clean; made for daily use at home and at work, batch '"
        " || i || '-' || v"
    ),
    "price": "i % 10000 / 100.0 + v",
    "stock": "(i * 31 + v) % 1000",
    "active": "(i % 10 <> 0)",
    "attributes": """{as_json}'{{"colour": "blue", "weight": 12.5, "sizes": [38, 39, 40]}}'""",
    "released": "{as_date}'2024-05-17'",
}
#: Each hour a version of every record, one a microsecond.
START = {
    "sqlite": "1577836800000000 + v * 3600000000 + i",
    "postgresql": (
        "timestamptz '2020-01-01 00:00:00+00' + v * interval '1 hour' + i * interval '1 us'"
    ),
}
CASTS = {
    "sqlite": {"as_json": "", "as_date": ""},
    "postgresql": {"as_json": "json ", "as_date": "date "},
}


def fill(
    connection: Connection,
    contender: Contender,
    first: int,
    last: int,
    versions: int = 1,
    deleted_every: int | None = None,
) -> None:
    """Insert records `first` to `last`, each with that many versions, in the order of time.

    Every `deleted_every`-th record ends in a tombstone.
    """
    dialect = connection.dialect.name
    product = {name: value.format(**CASTS[dialect]) for name, value in PRODUCT.items()}
    product = {"id": "i", **product}
    if contender.kind == "versioned":
        product |= _versions(START[dialect], deleted_every)
    elif contender.kind == "recipe":
        product |= {"version_id": "v", "is_current_version": "v = :versions"}
    table = contender.model.__tablename__
    given = {"first": first, "last": last, "versions": versions}
    if contender.kind in ("plain", "continuum"):
        _insert(connection, table, product, given, "v = :versions")
    else:
        _insert(connection, table, product, given)
    if contender.kind == "continuum":
        _fill_continuum(connection, product, given)


def _versions(start: str, deleted_every: int | None) -> dict[str, str]:
    deleted = f"v = :versions AND i % {deleted_every} = 0" if deleted_every else "1 = 0"
    operation = f"CASE WHEN v = 1 THEN 'create' WHEN {deleted} THEN 'delete' ELSE 'update' END"
    return {
        "version_id": "v",
        "is_current_version": "v = :versions",
        "version_from": start,
        "version_to": f"CASE WHEN v < :versions THEN {start.replace('v *', '(v + 1) *')} END",
        "version_op": operation,
        "change_id": "CAST(v AS BIGINT) * 1000000 + i",
    }


def _fill_continuum(connection: Connection, product: dict[str, str], given: dict[str, int]) -> None:
    """Its history table, with a transaction for every version of every record."""
    number = "(i * 100000 + v)"
    history = {
        **product,
        "transaction_id": number,
        "end_transaction_id": f"CASE WHEN v < :versions THEN {number} + 1 END",
        "operation_type": "CASE WHEN v = 1 THEN 0 ELSE 1 END",
    }
    _insert(connection, '"transaction"', {"id": number}, given)
    _insert(connection, "continuum_product_version", history, given)
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(
                "SELECT setval(pg_get_serial_sequence('\"transaction\"', 'id'),"
                ' (SELECT max(id) FROM "transaction"))'
            )
        )


def _insert(
    connection: Connection,
    table: str,
    values: dict[str, str],
    given: dict[str, int],
    condition: str = "1 = 1",
) -> None:
    connection.execute(
        text(
            f"{BATCH} INSERT INTO {table} ({', '.join(values)})"
            f" SELECT {', '.join(values.values())} FROM records, versions"
            f" WHERE {condition} ORDER BY v, i"
        ),
        {**given, "versions": given["versions"]},
    )
