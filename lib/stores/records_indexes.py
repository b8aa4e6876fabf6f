"""Which index would help a search. It is only named; making it is for whoever owns the database."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from lib.records import (
    ConsultationIs,
    Everything,
    IndexKind,
    KeyContains,
    KeyIs,
    MissingIndex,
    NameContains,
    PatientIs,
    PhoneEnds,
    PhoneIs,
    PrescriptionIs,
    RecordIs,
    Term,
)
from lib.stores.records_tables import Tables

NEWEST = (
    MissingIndex("prescription_pdfs", ("generated_at", "id")),
    MissingIndex("prescriptions", ("created_at", "id")),
)
VERSIONS = (MissingIndex("prescription_pdfs", ("prescription_id",)),)
PATIENT = (MissingIndex("prescriptions", ("patient_id",)),)
PHONE = (MissingIndex("users", ("phone",)),)
CONSULTATION = (MissingIndex("prescriptions", ("consultation_id",)),)
KEY = (MissingIndex("prescription_pdfs", ("pdf_file",)),)
KEY_PART = (MissingIndex("prescription_pdfs", ("pdf_file",), IndexKind.TRIGRAM),)
NAME = (MissingIndex("users", ("name",), IndexKind.TRIGRAM),)
PHONE_END = (MissingIndex("users", ("phone",), IndexKind.TRIGRAM),)

HELPFUL: dict[type[Term], tuple[MissingIndex, ...]] = {
    Everything: (*NEWEST, *VERSIONS),
    PhoneIs: (*PHONE, *PATIENT, *VERSIONS),
    PhoneEnds: (*PHONE_END, *PATIENT, *VERSIONS, *NEWEST),
    PatientIs: (*PATIENT, *VERSIONS),
    ConsultationIs: (*CONSULTATION, *VERSIONS),
    PrescriptionIs: VERSIONS,
    RecordIs: VERSIONS,
    KeyIs: (*KEY, *VERSIONS),
    KeyContains: (*KEY_PART, *VERSIONS),
    NameContains: (*NAME, *PATIENT, *VERSIONS, *NEWEST),
}


def missing(connection: sa.Connection, tables: Tables, term: Term | None = None) -> tuple[MissingIndex, ...]:
    """Return the indexes that are not there and would help with this term, or with any; their names, not ours.

    None for SQLite: its instants are text in two spellings, and the list is sorted by neither.
    """
    if connection.dialect.name == "sqlite":
        return ()
    wanted = (
        dict.fromkeys(each for needs in HELPFUL.values() for each in needs) if term is None else HELPFUL[type(term)]
    )
    ours = {
        "users": tables.users,
        "prescriptions": tables.prescriptions,
        "prescription_pdfs": tables.pdfs,
    }
    present = {name: _present(connection, table) for name, table in ours.items() if name in {w.table for w in wanted}}
    return tuple(_theirs(each, ours[each.table]) for each in wanted if not _helps(each, ours, present[each.table]))


Present = list[tuple[IndexKind, tuple[str | None, ...]]]


def _helps(
    wanted: MissingIndex, ours: dict[str, sa.Table], present: Iterable[tuple[IndexKind, tuple[str | None, ...]]]
) -> bool:
    columns = _theirs(wanted, ours[wanted.table]).columns
    return any(kind is wanted.kind and there[: len(columns)] == columns for kind, there in present)


def _theirs(wanted: MissingIndex, table: sa.Table) -> MissingIndex:
    return MissingIndex(table.fullname, tuple(table.c[column].name for column in wanted.columns), wanted.kind)


# Access methods and operator classes are in the catalogue only; SQLAlchemy's inspector leaves both out of a trigram
# index, and asks four questions for one. A column sorted against the others cannot be walked with them.
_CATALOGUE = sa.text("""
    SELECT am.amname AS method,
           array_agg(attribute.attname::text ORDER BY place) AS columns,
           array_agg(opclass.opcname::text ORDER BY place) AS classes,
           count(DISTINCT index.indoption[place - 1] & 1) AS directions
    FROM pg_catalog.pg_index AS index
    JOIN pg_catalog.pg_class AS class ON class.oid = index.indexrelid
    JOIN pg_catalog.pg_am AS am ON am.oid = class.relam
    CROSS JOIN LATERAL generate_series(1, index.indnkeyatts::integer) AS place
    LEFT JOIN pg_catalog.pg_attribute AS attribute
        ON attribute.attrelid = index.indrelid AND attribute.attnum = index.indkey[place - 1]
    LEFT JOIN pg_catalog.pg_opclass AS opclass ON opclass.oid = index.indclass[place - 1]
    WHERE index.indrelid = pg_catalog.to_regclass(:table) AND index.indisvalid AND index.indpred IS NULL
    GROUP BY index.indexrelid, am.amname
""")


def _present(connection: sa.Connection, table: sa.Table) -> Present:
    name = connection.dialect.identifier_preparer.format_table(table)
    found: Present = []
    for row in connection.execute(_CATALOGUE, {"table": name}):
        if row.method == "btree" and (row.directions == 1 or len(row.columns) == 1):
            found.append((IndexKind.BTREE, tuple(row.columns)))
        if any(each in {"gin_trgm_ops", "gist_trgm_ops"} for each in row.classes):
            found.append((IndexKind.TRIGRAM, tuple(row.columns)))
    return found
