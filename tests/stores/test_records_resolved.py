"""The signer's rule as SQL gives the same bytes as the one in Python."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from lib import keys
from lib.stores.records_resolved import resolved_expression
from tests.parts.postgres import Postgres

STORED = [
    "", "/", "//", "a", "prescriptions/pdfs/CON153/ab12.pdf", "/prescriptions/a.pdf", "//a", "a//b", "a/../b", "../a",
    "./a", "a\\b", "\\", "a.pdf ", " a.pdf", "a\tb", "a\r\nb", "%", "%25", "a%20b", "a+b", "a?b#c&d=e", "'", '"', "$$",
    "edrcontainer1", "edrcontainer1/", "edrcontainer1/a", "edrcontainer1//a", "edrcontainer10/a", "edrcontainer1\\a",
    "Edrcontainer1/a", "EDRCONTAINER1/a", "edrcontainer1/edrcontainer1/a", "/edrcontainer1/a", "media/a", "edrspace/a",
    "https://edrspace.sgp1.digitaloceanspaces.com/edrcontainer1/a.pdf", "https:/edrspace/a", "s3://edrspace/a",
    "a_b/c", "axb/c", "a%b/c", "a%b%/c", "aXXb/c", "lo\\c/a", "loc/a", "é/a", "e\u0301/a", "É/a", "日本/a", "日/a", "👩‍⚕️/a", "👩/a",
    "\u202eloc/a", "\ufeffa", "\u00a0a", "\u200b", "ß/a", "ss/a", "ı/a", "i/a", "x" * 100, "é" * 100, "loc//", "NULL", "None",
]  # fmt: skip
LOCATIONS = [
    "", "/", "edrcontainer1", "edrcontainer1/", "/edrcontainer1/", "a_b", "a%b", "a%b%", "%", "_", "lo\\c", "loc", "a/b", "'",
    "é", "e\u0301", "日本", "👩‍⚕️", "ß", "I", "i", "edrcontainer1/edrcontainer1", " ",
]  # fmt: skip


def rows(connection: sa.Connection, location: str) -> list[tuple[str, str]]:
    table = sa.table("stored_keys", sa.column("pdf_file", sa.String))
    column = table.c.pdf_file if connection.dialect.name == "sqlite" else sa.collate(table.c.pdf_file, "C")
    statement = sa.select(table.c.pdf_file, resolved_expression(column, location=location))
    return [(stored, resolved) for stored, resolved in connection.execute(statement)]


@pytest.fixture(params=["sqlite", "postgresql"])
def connection(request: pytest.FixtureRequest) -> Iterator[sa.Connection]:
    if request.param == "sqlite":
        url = "sqlite://"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.url(server.new_database())
    engine = sa.create_engine(url)
    opened = engine.connect()
    opened.execute(sa.text("CREATE TABLE stored_keys (pdf_file varchar(100) NOT NULL)"))
    opened.execute(sa.text("INSERT INTO stored_keys VALUES (:key)"), [{"key": key} for key in STORED])
    yield opened
    opened.close()
    engine.dispose()


def test_every_stored_key_resolves_alike_in_sql_and_in_python(connection: sa.Connection) -> None:
    for location in LOCATIONS:
        found = rows(connection, location)
        assert sorted(stored for stored, _ in found) == sorted(STORED)
        for stored, resolved in found:
            assert resolved.encode() == keys.resolve(stored, location=location).encode(), (stored, location)
