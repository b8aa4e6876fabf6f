"""Every kind of search over many rows in a real PostgreSQL, beside what bare SQL takes in the same run.

python -m tests.bench.records --rows 1000000
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2

from lib.access import Scope
from lib.records import (
    ConsultationIs,
    Cursor,
    Everything,
    Filters,
    IndexKind,
    KeyContains,
    KeyIs,
    NameContains,
    PatientIs,
    PhoneEnds,
    PhoneIs,
    PrescriptionIs,
    RecordIs,
    Term,
)
from lib.stores import records_db
from tests.parts import postgres

SEED = 20261124
ALL = Scope()
ROWS_A_PRESCRIPTION = 1.6
FIRST = (
    "Aarav Aditi Advait Ananya Arjun Bhavna Chandra Deepa Dev Divya Esha Farhan Gauri Harish Indira Ishaan Jaya Kabir"
)
LAST = "Agarwal Banerjee Chauhan Desai Fernandes Ghosh Iyer Joshi Kulkarni Mehta Nair Patel Qureshi Rao Sharma Verma"
START = datetime(2023, 11, 24, tzinfo=UTC)

# Everything follows from row numbers and the seed, so that two runs measure the same rows.
FILL = """
CREATE FUNCTION pick(words text, salt text, i bigint) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT (string_to_array(words, ' '))[1 + abs(hashtextextended(salt, i)) %% cardinality(string_to_array(words, ' '))]
$$;
INSERT INTO users SELECT 'ADM' || i, '+9170000' || lpad(i::text, 5, '0'), NULL, 'Admin ' || i, 'admin', true
    FROM generate_series(1, 20) i;
INSERT INTO users SELECT 'DOC' || i, '+9171000' || lpad(i::text, 5, '0'), NULL, 'Dr. ' || i, 'doctor', true
    FROM generate_series(1, 200) i;
INSERT INTO users SELECT 'PAT' || lpad(i::text, 7, '0'), '+91' || (9000000000 + (i * 7919) %% 1000000000), NULL,
        pick(%(first)s, 'first', i) || ' ' || initcap(substr(md5(%(seed)s || i), 1, 3)) || ' ' ||
        pick(%(last)s, 'last', i), 'patient', true
    FROM generate_series(1, %(patients)s) i;
INSERT INTO clinics SELECT 'CLN' || i, 'Clinic ' || i, 'ADM' || i, true FROM generate_series(1, 20) i;
INSERT INTO consultations SELECT 'CON' || lpad(i::text, 7, '0'),
        'PAT' || lpad((1 + abs(hashtextextended('patient', i)) %% %(patients)s)::text, 7, '0'), 'DOC' || 1 + i %% 200,
        CASE WHEN i %% 37 > 0 THEN 'CLN' || 1 + floor(20 * pow((i * 7 %% 1000) / 1000.0, 3)) END,
        date '2023-11-24', 'completed'
    FROM generate_series(1, %(prescriptions)s) i;
INSERT INTO prescriptions SELECT i, c.id, c.doctor_id, c.patient_id, date '2023-11-24', repeat('x', 40), i %% 50 = 0,
        i %% 50 > 0, timestamptz '2023-11-24 00:00Z' + i * interval '1096 days' / %(prescriptions)s, now()
    FROM generate_series(1, %(prescriptions)s) i JOIN consultations c ON c.id = 'CON' || lpad(i::text, 7, '0');
INSERT INTO prescription_pdfs
    SELECT row_number() OVER (ORDER BY p.created_at + v * interval '5 hours', p.id), p.id,
        'prescriptions/pdfs/' || p.consultation_id || '/' || md5(%(seed)s || '.' || p.id || '.' || v) || '.pdf', v,
        v = n, p.doctor_id, p.created_at + v * interval '5 hours', false, 100000 + p.id %% 90000, md5(p.id || '.' || v)
    FROM prescriptions p
    CROSS JOIN LATERAL (SELECT CASE WHEN p.id %% 331 = 0 THEN 0 WHEN p.id %% 10 < 6 THEN 1
                                    WHEN p.id %% 10 < 9 THEN 2 ELSE 4 END) counted (n)
    CROSS JOIN LATERAL generate_series(1, n) v;
"""
BY_TIME = "CREATE INDEX by_time ON prescription_pdfs (generated_at, id)"


@contextmanager
def clinic(rows: int) -> Iterator[tuple[postgres.Postgres, str]]:
    """A server with about ``rows`` PDF rows and the indexes of the schema alone: the server and the database."""
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        server = postgres.start(Path(folder) / "data")
        try:
            # As an operator of such a table would have it; the default of 128 MB does not hold the tables.
            server.execute("ALTER SYSTEM SET shared_buffers = '1GB'")
            server.stop()
            server.start()
            database = server.new_database(schema=postgres.SCHEMA.read_text())
            numbers = {"patients": max(50, rows // 5), "prescriptions": int(rows / ROWS_A_PRESCRIPTION)}
            values = {"first": FIRST, "last": LAST, "seed": str(SEED), **numbers}
            connection = psycopg2.connect(host=server.socket_dir, user="postgres", dbname=database)
            with connection, connection.cursor() as cursor:
                cursor.execute(FILL, values)
            connection.close()
            server.execute("VACUUM ANALYZE", database=database)
            yield server, database
        finally:
            server.close()


class Samples:
    """Values that exist, drawn with the seed."""

    def __init__(self, server: postgres.Postgres, database: str, *, count: int) -> None:
        self.random = random.Random(SEED)
        connection = psycopg2.connect(host=server.socket_dir, user="postgres", dbname=database)
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT max(id) FROM prescription_pdfs")
            self.pdfs: int = cursor.fetchone()[0]
            cursor.execute(
                "SELECT f.id, f.prescription_id, f.pdf_file, f.generated_at, r.consultation_id, r.patient_id, u.phone, "
                "u.name FROM prescription_pdfs f JOIN prescriptions r ON r.id = f.prescription_id "
                "JOIN users u ON u.id = r.patient_id WHERE f.id = ANY (%s)",
                ([self.random.randint(1, self.pdfs) for _ in range(count)],),
            )
            self.rows = cursor.fetchall()
        connection.close()

    def one(self) -> Any:
        return self.random.choice(self.rows)


def cases(samples: Samples) -> dict[str, Callable[[], tuple[Term, Filters, Cursor | None]]]:
    everything, default, older = Everything(), Filters(), Filters(older_versions=True)

    def middle() -> Cursor:
        row = samples.one()
        return Cursor(row[3], row[0], row[1])

    def day() -> Filters:
        since = START + timedelta(days=samples.random.randint(1, 1000))
        return Filters(since=since, before=since + timedelta(days=1))

    return {
        "first page": lambda: (everything, default, None),
        "first page, older versions too": lambda: (everything, older, None),
        "page in the middle": lambda: (everything, default, middle()),
        "page in the middle, older versions too": lambda: (everything, older, middle()),
        "one day": lambda: (everything, day(), None),
        "large clinic": lambda: (everything, Filters(clinic_id="CLN1"), None),
        "small clinic": lambda: (everything, Filters(clinic_id="CLN20"), None),
        "only without PDF": lambda: (everything, Filters(only_without_pdf=True), None),
        "patient": lambda: (PatientIs((samples.one()[5],)), default, None),
        "consultation": lambda: (ConsultationIs((samples.one()[4],)), default, None),
        "prescription": lambda: (PrescriptionIs(samples.one()[1]), default, None),
        "record": lambda: (RecordIs(samples.one()[0]), default, None),
        "phone": lambda: (PhoneIs(samples.one()[6]), default, None),
        "phone end, 4 digits": lambda: (PhoneEnds(samples.one()[6][-4:]), default, None),
        "phone end, 6 digits": lambda: (PhoneEnds(samples.one()[6][-6:]), default, None),
        "name, common (a surname)": lambda: (NameContains(samples.one()[7].split()[2].lower()), default, None),
        "name, rare (all of it)": lambda: (NameContains(samples.one()[7].lower()), default, None),
        "name, nobody's": lambda: (NameContains("zzyzx"), default, None),
        "whole key": lambda: (KeyIs((samples.one()[2],)), default, None),
        "key part, CON…/": lambda: (KeyContains(samples.one()[4] + "/"), older, None),
        "key part, 8 hex": lambda: (KeyContains(samples.one()[2][-20:-12]), older, None),
    }


BARE = (
    "SELECT f.id, f.pdf_file, f.generated_at, u.name, u.phone FROM prescription_pdfs f "
    "JOIN prescriptions r ON r.id = f.prescription_id JOIN users u ON u.id = r.patient_id "
    "ORDER BY f.generated_at DESC, f.id DESC LIMIT 25"
)


def timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


def line(name: str, times: list[float], *, bare: float | None) -> None:
    p50, p95 = statistics.median(times), statistics.quantiles(times, n=20, method="inclusive")[-1]
    ratio = f"{p50 / bare:8.1f}" if bare else ""
    print(f"{name:42} {p50:9.1f} {p95:9.1f} {max(times):9.1f} {ratio}", flush=True)


def measure(
    title: str, store: records_db.RecordsDb, samples: Samples, *, bare: Any, rounds: int, only: str = ""
) -> None:
    """One table. Rounds are interleaved: each asks every question once, and the bare SQL between them."""
    questions = {name: ask for name, ask in cases(samples).items() if only in name}
    times: dict[str, list[float]] = {name: [] for name in [*questions, "bare"]}

    def bare_page() -> None:
        with bare.cursor() as cursor:
            cursor.execute(BARE)
            cursor.fetchall()
        bare.rollback()

    for turn in range(rounds + 1):
        for name, ask in questions.items():
            term, filters, after = ask()
            taken = timed(lambda t=term, f=filters, a=after: store.search(t, f, scope=ALL, limit=25, after=a))
            if turn:  # the first round warms connections and caches
                times[name].append(taken)
        times["bare"].append(timed(bare_page))
    print(f"\n{title}\n{'':42} {'p50 ms':>9} {'p95 ms':>9} {'max ms':>9} {'x bare':>8}")
    typical = statistics.median(times["bare"])
    line("bare psycopg2: newest 25, joined", times.pop("bare"), bare=typical)
    for name, taken_ms in times.items():
        line(name, taken_ms, bare=typical)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=30)
    options = arguments.parse_args()
    began = time.monotonic()
    with clinic(options.rows) as (server, database):
        samples = Samples(server, database, count=500)
        built = time.monotonic() - began
        print(f"{samples.pdfs:,} PDF rows, seed {SEED}, shared_buffers 1 GB, built in {built:.0f} s")
        bare = psycopg2.connect(host=server.socket_dir, user="postgres", dbname=database)
        store = records_db.connect(server.url(database))
        print("missing indexes:", *(f"\n  {each.table} {each.columns} {each.kind}" for each in store.missing_indexes()))
        measure("Without an index on (generated_at, id)", store, samples, bare=bare, rounds=5, only="page")
        page = store.search(Everything(), Filters(), scope=ALL, limit=25)
        print("a slow page names:", [f"{each.table}{each.columns}" for each in page.missing_indexes])
        server.execute(BY_TIME, "VACUUM ANALYZE prescription_pdfs", database=database)
        measure("With (generated_at, id)", store, samples, bare=bare, rounds=options.rounds)
        with bare.cursor() as cursor:
            offset = [timed(lambda: cursor.execute(f"{BARE} OFFSET {samples.pdfs // 2}")) for _ in range(3)]
        bare.rollback()
        line("bare psycopg2: OFFSET in the middle", offset, bare=None)
        counting = [timed(lambda: store.total(Everything(), Filters(), scope=ALL)) for _ in range(5)]
        line(f"total: {store.total(Everything(), Filters(), scope=ALL)}", counting, bare=None)
        server.execute("CREATE EXTENSION pg_trgm", database=database)
        for number, each in enumerate(store.missing_indexes()):
            trigram = each.kind is IndexKind.TRIGRAM
            columns = f"USING gin ({each.columns[0]} gin_trgm_ops)" if trigram else f"({', '.join(each.columns)})"
            server.execute(f"CREATE INDEX helpful{number} ON {each.table} {columns}", database=database)
        server.execute("VACUUM ANALYZE", database=database)
        measure("With every index that is named", store, samples, bare=bare, rounds=options.rounds)
        print("missing indexes:", store.missing_indexes())
        store.close()
        bare.close()


if __name__ == "__main__":
    main()
