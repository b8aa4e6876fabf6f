"""The demo clinic of one instant: the same instant gives the same rows and the same bytes.

Whatever the day and the hour, the same records are there and the same things are wrong with them: only the times differ.
(In the first moment after midnight those of today have one time, and then another order.)
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import count as count_from
from itertools import islice
from zoneinfo import ZoneInfo

from dashboard.demo import damage, pdfs, people
from dashboard.demo.damage import Damage, Intact
from dashboard.demo.seeds import Seed
from dashboard.demo.tables import Consultation, Pdf, Prescription, Tables, User

PUBLIC_EVERY = 16  # healthy PDFs: one was uploaded as public-read, about three of a sample of 50
SEED = 20261241  # of many, one whose first records are as plain as most
ZONE = ZoneInfo("Asia/Kolkata")
PDFS = 1500
WORKING_DAYS = 360  # before today
SUNDAY = 6
TODAY = 6  # prescriptions of today
LATER = timedelta(hours=2)  # at most, is a PDF made after the one before: the third one still on that day
WITHOUT_PDF = 24
WITHOUT_CONSULTATION = 18
WITHOUT_CLINIC = 18
DRAFTS = 45
NONE_CURRENT = 4
TWO_CURRENT = 4
DIAGNOSIS = "DEMO DIAGNOSIS, which no screen may show"
COLOURS = ((34, 120, 90), (40, 90, 150), (150, 90, 40))
NEWEST_DAMAGES = (Damage.UPLOAD_DIED, Damage.BUCKET_FIRST, Damage.OLD_LOCATION_MOVED)
MEDICINES = ("Demovit", "Samplomol", "Placeborin", "Examplex", "Fictamine", "Testacillin-D")
ADVICE = ("one tablet after breakfast", "one tablet at night", "two spoons after meals", "half a tablet with water")


@dataclass(frozen=True, slots=True)
class Clinic:
    """All rows, all objects, and what happened to which record (by record id)."""

    tables: Tables
    seeds: tuple[Seed, ...]
    damages: Mapping[int, Damage]


@dataclass(frozen=True, slots=True)
class _Version:
    """A PDF before it has an id and a key."""

    prescription: Prescription
    number: int
    is_current: bool
    at: datetime


def build(*, now: datetime) -> Clinic:
    """Return the clinic as it stands at an aware instant.

    1. people;  2. a visit for each prescription, oldest first, as a clinic numbers them;
    3. versions, numbered by their time;  4. their PDFs;  5. damage to some of them;  6. files that no row names.
    """
    rng = random.Random(SEED)  # noqa: S311 -- made-up records, no secrets
    staff = people.staff(rng)
    patients = people.patients(rng)
    doctors = [person for person in staff if person.role == "doctor"]
    counts = _version_counts(rng)
    consultations, prescriptions = _visits(rng, patients=patients, doctors=doctors, counts=counts, now=now)
    versions = sorted(_versions(rng, prescriptions, counts, now=now), key=lambda version: version.at)
    clinic_of = {consultation.id: consultation.clinic_id for consultation in consultations}
    bodies = _bodies(rng, versions, {user.id: user.name for user in (*staff, *patients)}, clinic_of)
    intact = [
        Intact(version.prescription.consultation_id or "no-consultation", f"{rng.randbytes(16).hex()}.pdf", body)
        for version, body in zip(versions, bodies, strict=True)
    ]
    plan = _plan(rng, versions, plain={user.id for user in patients if user.name.startswith(people.GIVEN_NAMES)})
    rows: list[Pdf] = []
    seeds: list[Seed] = []
    for index, (version, row) in enumerate(zip(versions, intact, strict=True)):
        if index in plan:
            what, other = plan[index]
            outcome = damage.damaged(what, row, other=intact[other])
        else:
            outcome = damage.healthy(row, is_public=index % PUBLIC_EVERY == 0)
        seeds += outcome.seeds
        rows.append(
            Pdf(
                index + 1,
                version.prescription.id,
                outcome.stored_key,
                version.number,
                version.is_current,
                version.prescription.doctor_id,
                version.at,
                rng.random() < 0.2,
                outcome.size_bytes,
                outcome.checksum,
            )
        )
    seeds += _unreferenced(rng, body=bodies[0])
    tables = Tables((*staff, *patients), people.clinics(), tuple(consultations), tuple(prescriptions), tuple(rows))
    return Clinic(tables, tuple(seeds), {index + 1: what for index, (what, _) in plan.items()})


def _version_counts(rng: random.Random) -> list[int]:
    """Return how many PDFs each prescription has; they add up to 1,500."""
    counts = [0] * WITHOUT_PDF
    while (left := PDFS - sum(counts)) > 0:
        counts.append(min(left, rng.choices((1, 2, 3), (66, 22, 12))[0]))
    rng.shuffle(counts)
    return counts


def _moments(rng: random.Random, count: int, *, now: datetime) -> list[datetime]:
    """Return when the prescriptions were written, oldest first: in opening hours, the last ones today."""
    today = now.astimezone(ZONE).date()
    midnight = datetime.combine(today, time(), ZONE)
    moments = [midnight + (now - midnight) * ((n + 1) / (TODAY + 1)) for n in range(TODAY)]
    before = (today - timedelta(days=back) for back in count_from(1))
    working = list(islice((day for day in before if day.weekday() != SUNDAY), WORKING_DAYS))
    for _ in range(count - TODAY):
        opening = datetime.combine(rng.choice(working), time(9, 0), ZONE)
        moments.append(opening + timedelta(seconds=rng.randrange(9 * 3600)))
    return sorted(moments)


def _visits(
    rng: random.Random, *, patients: tuple[User, ...], doctors: list[User], counts: list[int], now: datetime
) -> tuple[list[Consultation], list[Prescription]]:
    """Return one consultation for nearly every prescription. Every patient has at least one PDF."""
    count = len(counts)
    who = rng.choices(patients, k=count)
    for index, patient in zip(rng.sample([n for n in range(count) if counts[n]], len(patients)), patients, strict=True):
        who[index] = patient
    odd = rng.sample(range(count), WITHOUT_CONSULTATION + WITHOUT_CLINIC)
    without_consultation, without_clinic = set(odd[:WITHOUT_CONSULTATION]), set(odd[WITHOUT_CONSULTATION:])
    drafts = set(rng.sample(range(count // 2), DRAFTS // 3)) | set(
        rng.sample(range(count // 2, count), DRAFTS - DRAFTS // 3)
    )
    consultations: list[Consultation] = []
    prescriptions: list[Prescription] = []
    for index, moment in enumerate(_moments(rng, count, now=now)):
        doctor = rng.randrange(len(doctors))
        day = moment.date()
        consultation_id = None
        if index not in without_consultation:
            consultation_id = f"CON{len(consultations) + 1:03}"
            clinic_id = None if index in without_clinic else f"CLN{doctor % len(people.CLINICS) + 1:03}"
            consultations.append(
                Consultation(consultation_id, who[index].id, doctors[doctor].id, clinic_id, day, "completed")
            )
        prescriptions.append(
            Prescription(
                index + 1,
                consultation_id,
                doctors[doctor].id,
                who[index].id,
                day,
                DIAGNOSIS,
                index in drafts,
                index not in drafts,
                moment,
                moment,
            )
        )
    return consultations, prescriptions


def _versions(
    rng: random.Random, prescriptions: list[Prescription], counts: list[int], *, now: datetime
) -> Iterator[_Version]:
    """Yield every PDF. The highest version is current, but for a few prescriptions with none or two."""
    several = [index for index, count in enumerate(counts) if count > 1]
    odd = rng.sample(several, NONE_CURRENT + TWO_CURRENT)
    none_current, two_current = set(odd[:NONE_CURRENT]), set(odd[NONE_CURRENT:])
    today = now.astimezone(ZONE).date()
    for index, (prescription, count) in enumerate(zip(prescriptions, counts, strict=True)):
        current = set() if index in none_current else {count, count - 1} if index in two_current else {count}
        at = prescription.created_at
        for number in range(1, count + 1):
            later = rng.uniform(0.01, 1)
            at += later * ((now - at) / 3 if prescription.issued_date == today else LATER)  # never after now
            yield _Version(prescription, number, number in current, at)


def _bodies(
    rng: random.Random, versions: list[_Version], names: Mapping[str, str], clinic_of: Mapping[str, str | None]
) -> list[bytes]:
    pages = {
        clinic.id: pdfs.template(clinic.name, colour=colour)
        for clinic, colour in zip(people.clinics(), COLOURS, strict=True)
    }
    pages_of = {None: pdfs.template("Demo home visit", colour=(90, 90, 90))} | pages
    bodies = []
    for version in versions:
        about = version.prescription
        facts = pdfs.Facts(
            doctor=names[about.doctor_id],
            patient=names[about.patient_id],
            patient_id=about.patient_id,
            prescription_id=about.id,
            version=version.number,
            issued=about.issued_date,
            made_at=version.at,
            medicine=f"{rng.choice(MEDICINES)} {rng.choice((5, 10, 50, 250))} mg",
            advice=f"{rng.choice(ADVICE)}, for {rng.choice((3, 5, 7, 14))} days",
            status="DRAFT" if about.is_draft else "Final",
        )
        clinic_id = clinic_of[about.consultation_id] if about.consultation_id else None
        bodies.append(pdfs.fill(pages_of[clinic_id], facts))
    return bodies


def _plan(rng: random.Random, versions: list[_Version], *, plain: set[str]) -> dict[int, tuple[Damage, int]]:
    """Return the damage of some rows, each with a healthy row of another patient.

    Only plain cases are damaged, so that one thing is wrong at a time: a current, final, first version, with a
    consultation, of a patient with a plain name. A few are among the newest, where a visitor looks first.
    """
    candidates = [
        index
        for index, version in enumerate(versions)
        if version.number == 1
        and version.is_current
        and not version.prescription.is_draft
        and version.prescription.consultation_id
        and version.prescription.patient_id in plain
    ]
    rest = Counter(damage.HOW_MANY) - Counter(NEWEST_DAMAGES)
    kinds = [*NEWEST_DAMAGES, *rest.elements()]
    newest, older = candidates[-12:], candidates[:-12]
    hit = rng.sample(newest, len(NEWEST_DAMAGES)) + rng.sample(older, rest.total())
    spared = [index for index in older if index not in hit]
    plan = {}
    for index, kind in zip(hit, kinds, strict=True):
        other = rng.choice(spared)
        while versions[other].prescription.patient_id == versions[index].prescription.patient_id:
            other = rng.choice(spared)
        plan[index] = (kind, other)
    return plan


def _unreferenced(rng: random.Random, *, body: bytes) -> Iterator[Seed]:
    """Yield what lies in the bucket without any row: forgotten PDFs, and files of others."""
    for number in (3, 57, 211, 404):
        yield Seed(
            f"{damage.LOCATION}/prescriptions/pdfs/CON{number:03}/{rng.randbytes(16).hex()}.pdf",
            body.replace(b"Rx", b"R%d" % (number % 10)),
        )
    yield Seed(f"{damage.LOCATION}/avatars/demo-doctor.png", b"\x89PNG\r\n\x1a\n", content_type="image/png")
    yield Seed("somebody-else/readme.txt", b"A bucket belongs to everybody.", content_type="text/plain")
